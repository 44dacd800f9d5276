//! Finds who is calling, before any extractor asks.

use actix_web::{
    Error as ActixError, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderValue},
    middleware::Next,
    web::Data,
};

use super::rate::UNLIMITED;
use crate::{
    access::{Identification, Identified},
    db::Db,
    error::Result,
    http::{address, part, request_id},
    telemetry::request::Sender,
};

/// Stores the caller with the request. A probe has no caller, even with a token, because it must not wait for the
/// database.
///
/// # Errors
/// The errors of `next`.
pub async fn identify<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, ActixError> {
    if UNLIMITED.contains(&request.path()) {
        return next.call(request).await;
    }
    if let Some(identified) = identified(&request).await {
        if matches!(identified, Identified::Refused) {
            // This does not go into the audit log: anyone could fill it, even without a valid token.
            let address = address::of(request.request());
            tracing::info!(request_id = request_id(request.request()), ?address, "a token was refused");
        }
        if let (Identified::Caller(caller), Some(sender)) = (&identified, request.extensions().get::<Sender>()) {
            sender.is(caller.user_id);
        }
        request.extensions_mut().insert(identified);
    }
    next.call(request).await
}

async fn identified(request: &ServiceRequest) -> Option<Identified> {
    let header = request.headers().get(header::AUTHORIZATION)?;
    let Some(token) = bearer(header) else { return Some(Identified::Refused) };
    let parts = part(request.request()).and_then(|known| Ok((known, Db::of(request.request())?)));
    let (known, db): (Data<Identification>, Db) = match parts {
        Ok(parts) => parts,
        Err(error) => return Some(Identified::Unavailable(error.to_string())),
    };
    Some(match known.caller(&db, token, address::of(request.request())).await {
        Ok(Some(caller)) => Identified::Caller(caller),
        Ok(None) => Identified::Refused,
        Err(error) => Identified::Unavailable(error.to_string()),
    })
}

/// The token of `Authorization: Bearer …` (RFC 6750, section 2.1).
fn bearer(header: &HeaderValue) -> Option<&str> {
    // `to_str` would check each byte on its own. That is not needed: our tokens are ASCII, and any other token is
    // refused.
    let (scheme, token) = std::str::from_utf8(header.as_bytes()).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
