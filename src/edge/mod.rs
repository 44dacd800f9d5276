//! The edge of the server: what is decided around a request. Each decision has its own file; they act in this order:
//!
//! 1. `answer`: gives the request its id and its deadline, and every answer its headers; turns every failure into a
//!    problem document, and counts and logs the request;
//! 2. compression, which the framework does;
//! 3. `identify`: finds who is calling;
//! 4. `admit`: refuses callers who ask too often, requests that are too long or have a header twice that may stand once,
//!    and callers who do not accept JSON;
//! 5. `receive`: receives the body;
//! 6. `load`: admits only as many requests at once as can be answered in time;
//! 7. `refusals`: records what a caller was refused.
//!
//! Every request is counted against its caller before it can be refused for overload, and its body is there before it
//! takes a place that others wait for.

pub mod admit;
pub mod answer;
pub mod connections;
pub mod cors;
pub mod headers;
pub mod identify;
pub mod load;
pub mod rate;
pub mod receive;
pub mod refusals;
pub mod settings;
mod single;
mod size;
pub mod tls;
pub mod unread;

use std::time::Duration;

use crate::http::Proxies;

/// The edge's settings, checked.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Which pages of other origins may read answers.
    pub cors: cors::Cors,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub proxies: Proxies,
    /// Whether Swagger UI and the document are served.
    pub docs: bool,
    /// How long a request may take, from its headers to its answer.
    pub deadline: Duration,
    /// How long a caller may take to send the headers of a request, and again to send its body.
    pub read_timeout: Duration,
    /// The most connections of each worker; further ones wait to be accepted.
    pub connections: usize,
    /// How long a server that was told to stop goes on serving.
    pub drain_delay: Duration,
    /// How many requests a minute are allowed.
    pub quotas: rate::Quotas,
    /// The certificate; without one the server speaks plain HTTP.
    pub tls: Option<tls::Files>,
}

impl Default for Edge {
    fn default() -> Self {
        Self {
            cors: cors::Cors::default(),
            proxies: Proxies::default(),
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
