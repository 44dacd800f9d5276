//! The service itself: its liveness, its readiness, the API document and the keys of access tokens.

use actix_web::{
    CustomizeResponder, Responder,
    web::{self, Data},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::token_keys::{JwkSet, KeyRing, life::CACHED_SECONDS},
    clock::Clock,
    db::Db,
    edge::Edge,
    error::{Error, Result},
    http::{Routes, Unchanging, endpoint},
    openapi::Document,
    telemetry::Readiness,
};

/// The operations on the service.
pub fn routes(api: &mut Routes) {
    api.add(
        "service",
        [endpoint!(get_liveness), endpoint!(get_readiness), endpoint!(get_openapi), endpoint!(get_jwks)],
    );
}

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub struct Health {
    /// `ok`; anything else is a problem document.
    #[schema(example = "ok")]
    pub status: &'static str,
}

/// Tell whether the process lives
///
/// Use it as the liveness probe of a supervisor or an orchestrator.
///
/// Depends on nothing: a failure here is cured by a restart.
#[utoipa::path(
    get,
    path = "/livez",
    responses((status = 200, description = "It lives."))
)]
async fn get_liveness() -> web::Json<Health> {
    web::Json(Health { status: "ok" })
}

/// Tell whether requests can be served
///
/// Use it as the readiness probe of a load balancer.
///
/// A failure here is cured by waiting. It is a problem `not_ready` whose `reasons` are one or more of:
///
/// - `draining`: the server is about to end;
/// - `database_unreachable`: the database cannot be reached;
/// - `database_slow`: it does not answer within a second;
/// - `migrations_pending`: a migration that this server needs has not run;
/// - `signing_key_missing`: there is no key to sign access tokens with.
///
/// The database is asked once a second at most, however often this is called.
#[utoipa::path(
    get,
    path = "/readyz",
    responses((status = 200, description = "It can serve."))
)]
async fn get_readiness(readiness: Data<Readiness>, db: Db) -> Result<web::Json<Health>> {
    readiness.check(&db).await.into_result()?;
    Ok(web::Json(Health { status: "ok" }))
}

/// Get the OpenAPI document
///
/// Use it to generate a client, or to import the API into a tool.
///
/// This document: OpenAPI 3.1. A server may be set to keep it to itself.
#[utoipa::path(
    get,
    path = "/openapi.json",
    responses(
        (status = 200, description = "The document.", body = Object, content_type = "application/json"),
        (status = 404, description = "It is kept from callers.")
    )
)]
async fn get_openapi(edge: Data<Edge>, document: Data<Document>) -> Result<Unchanging> {
    if !edge.docs {
        return Err(Error::not_found());
    }
    Ok(document.answer())
}

/// Get the keys of access tokens
///
/// Use it in a service that checks access tokens itself; ask again when a token names an unknown `kid`.
///
/// The public keys that access tokens are signed with (RFC 7517), for services that check tokens themselves.
/// A new key is published before it signs, and an old one for as long as tokens of it are good.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    responses((status = 200, description = "The keys."))
)]
async fn get_jwks(keys: Data<KeyRing>, clock: Data<Clock>) -> CustomizeResponder<web::Json<JwkSet>> {
    let keys = web::Json(keys.current().published(clock.now()));
    keys.customize().insert_header(("cache-control", format!("public, max-age={CACHED_SECONDS}")))
}
