//! `/v1/auth/leaked-keys`: who finds a key can make it worthless.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use serde::Deserialize;
use utoipa::ToSchema;

use super::keys;
use crate::{
    access::api_key::Presented,
    app::State,
    auth::throttle,
    db::Db,
    error::Result,
    rest::{address, body::Body, change, list::NoParams, text::Line},
};

/// A key that was found where it should not be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"key": "lsn_02vNTTFhX7wYUqBc8rGy3z_ThisIsAnExampleAndNoSecretAtAll000000000000AbCdEf"}))]
pub struct FoundKey {
    /// The whole key.
    pub key: Line,
}

/// Report a leaked key
///
/// For whoever finds an API key, scanners of published code among them: the key itself is all that is needed. When it is
/// one of this server's, it is revoked at once, and the audit log says why. The answer is the same for every key, also for
/// one that is unknown. Reports are throttled, 100 from a network within five minutes.
#[utoipa::path(
    tag = "auth",
    request_body = FoundKey,
    responses((status = 202, description = "Thank you. The key is worthless now, if it was ever good.")),
    security(())
)]
#[post("/v1/auth/leaked-keys")]
pub async fn report_leaked_key(
    request: HttpRequest,
    state: Data<State>,
    db: Db,
    found: Body<FoundKey>,
) -> Result<HttpResponse> {
    NoParams::check(&request)?;
    let Body(FoundKey { key }) = found;
    if let Some(found) = Presented::parse(key.as_str()) {
        let now = state.clock.now();
        let mut db = db.connect().await?;
        let from = address::of(&request);
        throttle::count_request(&mut db, "leaked-keys", None, from, state.sign_in_limits, now).await?;
        if change::by_system(&mut db, &state.secrets, now, async |tx| keys::delete_found(tx, &found).await).await? {
            state.callers.forget();
            tracing::warn!(key = %found.id, "an API key was reported as leaked, and revoked");
        }
    }
    Ok(HttpResponse::Accepted().finish())
}
