//! `/v1/auth/leaked-keys`: anyone who finds a key can revoke it.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Deserialize;
use utoipa::ToSchema;

use super::api_keys;
use crate::{
    access::api_key::Presented,
    auth::throttle::{self, Limits},
    change::AnonymousChange,
    clock::Clock,
    db::Db,
    error::Result,
    http::{Body, NoParams, Routes, address, endpoint},
    values::Line,
};

/// A key that was found where it should not be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"key": "lsn_02vNTTFhX7wYUqBc8rGy3z_ThisIsAnExampleAndNoSecretAtAll000000000000AbCdEf"}))]
pub struct FoundKey {
    /// The whole key.
    pub key: Line,
}

/// The operation on found keys.
pub fn routes(api: &mut Routes) {
    api.add("auth", [endpoint!(report_leaked_key)]);
}

/// Report a leaked key
///
/// Use it as soon as a key turns up where it should not be.
///
/// For anyone who finds an API key, such as a scanner of published code: the key itself is all that is needed. When it
/// is one of this server's, it is revoked at once, and the audit log says why. The answer is the same for every key,
/// also for one that is unknown. Reports are throttled, 100 from a network within five minutes.
#[utoipa::path(
    post,
    path = "/v1/auth/leaked-keys",
    responses((status = 202, description = "Thank you. The key is worthless now, if it was ever good."))
)]
async fn report_leaked_key(
    request: HttpRequest,
    clock: Data<Clock>,
    limits: Data<Limits>,
    db: Db,
    change: AnonymousChange,
    found: Body<FoundKey>,
) -> Result<HttpResponse> {
    NoParams::check(&request)?;
    let Body(FoundKey { key }) = found;
    if let Some(found) = Presented::parse(key.as_str()) {
        let from = address::of(&request);
        let mut db = db.connect().await?;
        throttle::count_request(&mut db, "leaked-keys", None, from, **limits, clock.now()).await?;
        drop(db);
        if change.run(async |tx| api_keys::delete_found(tx, &found).await).await? {
            tracing::warn!(key = %found.id, "an API key was reported as leaked, and revoked");
        }
    }
    Ok(HttpResponse::Accepted().finish())
}
