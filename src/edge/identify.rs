//! Finds who is calling, before any extractor asks.

use actix_web::{
    Error as ActixError, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};

use super::{answer::CallersLanguage, rate::UNLIMITED};
use crate::{
    access::Identified,
    error::Result,
    http::{address, caller, request_id},
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
    store_caller(&request).await;
    next.call(request).await
}

/// Looks up who is calling, and stores it with `request`.
pub async fn store_caller(request: &ServiceRequest) {
    let Some(identified) = caller::identify(request.request()).await else { return };
    if matches!(identified, Identified::Refused) {
        // This does not go into the audit log: anyone could fill it, even without a valid token.
        let address = address::of(request.request());
        tracing::info!(request_id = request_id(request.request()), ?address, "a token was refused");
    }
    if let (Identified::Caller(caller), Some(sender)) = (&identified, request.extensions().get::<Sender>()) {
        sender.is(caller.user_id);
    }
    if let (Identified::Caller(caller), Some(language)) = (&identified, request.extensions().get::<CallersLanguage>()) {
        language.is(caller.locale.language);
    }
    request.extensions_mut().insert(identified);
}
