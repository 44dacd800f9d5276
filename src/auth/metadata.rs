//! `/.well-known/oauth-authorization-server` (RFC 8414): where and how programs get tokens.

use actix_web::{
    CustomizeResponder, Responder,
    web::{Data, Json},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{
    permission::{PERMISSIONS, is_for_persons_only},
    token::Tokens,
    token_keys::life::CACHED_SECONDS,
};

/// What a program must know to get tokens from this server (RFC 8414).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"issuer": "https://crm.example", "token_endpoint": "https://crm.example/v1/auth/token",
    "revocation_endpoint": "https://crm.example/v1/auth/revoke", "jwks_uri": "https://crm.example/.well-known/jwks.json",
    "grant_types_supported": ["password", "refresh_token", "client_credentials"], "response_types_supported": [],
    "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
    "scopes_supported": ["clients:read"], "ui_locales_supported": ["en", "ru"]}))]
pub struct ServerMetadata {
    /// Who issues the tokens: the `iss` of every access token.
    #[schema(format = "uri")]
    issuer: String,
    /// Where tokens are given.
    #[schema(format = "uri")]
    token_endpoint: String,
    /// Where tokens are revoked (RFC 7009).
    #[schema(format = "uri")]
    revocation_endpoint: String,
    /// Where the keys of access tokens are.
    #[schema(format = "uri")]
    jwks_uri: String,
    /// By what a token can be had.
    grant_types_supported: [&'static str; 3],
    /// None: there is no authorization endpoint.
    #[schema(max_items = 0)]
    response_types_supported: [&'static str; 0],
    /// How a program says who it is. `none` is for `password` and `refresh_token`.
    token_endpoint_auth_methods_supported: [&'static str; 3],
    /// The scopes that a service account can have.
    scopes_supported: Vec<&'static str>,
    /// The languages of all texts.
    ui_locales_supported: [&'static str; 2],
}

/// Tell where and how to get tokens
///
/// Use it in a program that finds out by itself how to sign in.
///
/// The metadata of the authorization server (RFC 8414), for programs that find out by themselves.
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server",
    responses((status = 200, description = "The metadata."))
)]
pub async fn get_server_metadata(tokens: Data<Tokens>) -> CustomizeResponder<Json<ServerMetadata>> {
    let issuer = tokens.issuer();
    let at = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
    let scopes = PERMISSIONS.iter().map(|(name, _)| *name).filter(|name| !is_for_persons_only(name));
    let metadata = ServerMetadata {
        issuer: issuer.to_owned(),
        token_endpoint: at("/v1/auth/token"),
        revocation_endpoint: at("/v1/auth/revoke"),
        jwks_uri: at("/.well-known/jwks.json"),
        grant_types_supported: ["password", "refresh_token", "client_credentials"],
        response_types_supported: [],
        token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
        scopes_supported: scopes.collect(),
        ui_locales_supported: ["en", "ru"],
    };
    Json(metadata).customize().insert_header(("cache-control", format!("public, max-age={CACHED_SECONDS}")))
}
