//! The edge of the server: what is decided of a request before anything of it is looked at.

pub mod cors;
pub mod headers;
pub mod load;
pub mod proxies;
pub mod rate;
pub mod settings;
pub mod size;
pub mod tls;
pub mod unread;

use std::time::Duration;

use actix_web::{
    Error as ActixError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};

use crate::{error::Result, rest::answer};

/// The edge's settings, checked.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Which pages of other origins may read answers.
    pub cors: cors::Cors,
    /// Whose `X-Forwarded-For` counts.
    pub proxies: proxies::Proxies,
    /// Whether Swagger UI and the document are served.
    pub docs: bool,
    /// How long a request may take, from its headers to its answer.
    pub deadline: Duration,
    /// How long a caller may take to send the headers of a request, and again to send its body.
    pub read_timeout: Duration,
    /// Most connections of each worker; more wait to be accepted.
    pub connections: usize,
    /// How long a server that is to end goes on serving.
    pub drain_delay: Duration,
    /// How many requests a minute.
    pub quotas: rate::Quotas,
    /// The certificate; without one the server speaks plain HTTP.
    pub tls: Option<tls::Files>,
}

impl Default for Edge {
    fn default() -> Self {
        Self {
            cors: cors::Cors::default(),
            proxies: proxies::Proxies::default(),
            docs: true,
            deadline: Duration::from_secs(30),
            read_timeout: Duration::from_secs(10),
            connections: 5000,
            drain_delay: Duration::ZERO,
            quotas: rate::Quotas::default(),
            tls: None,
        }
    }
}

/// Refuses a request of a caller who asks too often, one that is too long, and one that takes no answer of ours. The rate
/// comes first, so that every answer tells it.
///
/// # Errors
/// Those of the framework itself, which no handler of ours causes.
pub async fn admit<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, ActixError> {
    match admitted(&request) {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_left_body),
        Err(refused) => Ok(request.error_response(refused).map_into_right_body()),
    }
}

fn admitted(request: &ServiceRequest) -> Result<()> {
    rate::take(request.request())?;
    size::check(request.head())?;
    answer::check_acceptable(request.request())
}
