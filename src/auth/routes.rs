//! `/v1/auth` and `/v1/me`.

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, dev::Payload, get, post, web::Data};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    sessions::{self, Session},
    throttle::Attempt,
};
use crate::{
    access::{caller::Caller, token::LIFETIME},
    app::State,
    db::Db,
    error::{Error, ProblemType, Result},
    rest::{
        address, body,
        etag::Tagged,
        fields::Fields,
        list::{NoParams, Query},
    },
    users::{self, UserView},
};

/// The operations of signing in and out.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_token).service(revoke_token).service(get_me);
}

/// A sign-in form (RFC 6749). Fields that are not known are ignored, as the standard asks.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"grant_type": "password", "username": "anna@example.com", "password": "correct horse battery staple"}))]
pub struct TokenRequest {
    /// `password` or `refresh_token`.
    #[schema(example = "password", max_length = 50)]
    grant_type: String,
    /// The e-mail address, for `password`.
    #[schema(max_length = 254)]
    username: Option<String>,
    /// The password, for `password`.
    #[schema(max_length = 1024, format = Password)]
    password: Option<String>,
    /// The refresh token, for `refresh_token`.
    #[schema(max_length = 200)]
    refresh_token: Option<String>,
    /// The name of the program that signs in, for the record only: one of more than 100 characters is not recorded.
    client_id: Option<String>,
}

/// An access token and what continues it (RFC 6749, section 5.1).
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.e30.c2ln", "token_type": "Bearer", "expires_in": 900,
    "refresh_token": "Jt9x0a3mB6v1yq5c8w2e4r7u0i3o6p9a1s4d7f0g3h8"}))]
pub struct TokenResponse {
    /// For `Authorization: Bearer`; a JWT by RFC 9068.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(minimum = 1)]
    expires_in: u64,
    /// For the next token; it can be used once.
    refresh_token: String,
}

/// A token to be revoked (RFC 7009).
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"token": "Jt9x0a3mB6v1yq5c8w2e4r7u0i3o6p9a1s4d7f0g3h8"}))]
pub struct RevokeRequest {
    /// A refresh token or an access token.
    token: String,
    /// What the token is; a hint that is not needed.
    #[serde(rename = "token_type_hint")]
    _token_type_hint: Option<String>,
}

/// Sign in or refresh
///
/// Gives an access token for an e-mail address and a password, or for a refresh token. A refresh token can be used once:
/// when it comes a second time, its whole session ends. Failed sign-ins are throttled, 10 for an account and 100 for a
/// network within five minutes.
#[utoipa::path(
    tag = "auth",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Signed in.", body = TokenResponse)),
    security(())
)]
#[post("/v1/auth/token")]
async fn create_token(
    request: HttpRequest,
    state: Data<State>,
    db: Db,
    form: Form<TokenRequest>,
) -> Result<HttpResponse> {
    let Form(form) = form;
    let session = match (form.grant_type.as_str(), form.username, form.password, form.refresh_token) {
        ("password", Some(username), Some(password), None) => {
            sign_in(&request, &state, &db, username, password).await?
        }
        ("refresh_token", None, None, Some(token)) => refresh(&state, &db, &token).await?,
        ("password" | "refresh_token", ..) => {
            return Err(Error::new(ProblemType::InvalidRequest).with("error", "invalid_request"));
        }
        _ => return Err(Error::new(ProblemType::UnsupportedGrantType).with("error", "unsupported_grant_type")),
    };
    let client = form.client_id.filter(|id| !id.is_empty() && id.len() <= 100);
    let client = client.as_deref().unwrap_or("first-party");
    let access_token = state.tokens.issue(&state.keys, session.user_id, session.id, client, state.clock.now())?;
    Ok(HttpResponse::Ok().json(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: LIFETIME.as_secs(),
        refresh_token: session.refresh_token,
    }))
}

async fn sign_in(request: &HttpRequest, state: &State, db: &Db, username: String, password: String) -> Result<Session> {
    let email = username.trim().to_lowercase();
    if email.len() > 254 || password.len() > super::hashing::MAX_BYTES || email.contains('\0') {
        return Err(sessions::refused());
    }
    let now = state.clock.now();
    let address = address::of(request);
    let mut connection = db.connect().await?;
    let attempt = Attempt::begin(&mut connection, &email, address, state.sign_in_limits, now).await?;
    let user = sessions::find_user(&mut connection, &email).await?;
    // A hash takes long: others may have the connection meanwhile.
    drop(connection);
    let (user, stored) = user.unzip();
    let right = state.hashing.verify(password, stored).await?;
    let (true, Some(user)) = (right, user) else { return Err(sessions::refused()) };
    let mut connection = db.connect().await?;
    attempt.succeed(&mut connection).await?;
    sessions::begin(&mut connection, user, now).await
}

async fn refresh(state: &State, db: &Db, token: &str) -> Result<Session> {
    let mut db = db.connect().await?;
    let refreshed = sessions::refresh(&mut db, token, state.clock.now()).await;
    if refreshed.is_err() {
        state.callers.forget();
    }
    refreshed
}

/// Sign out
///
/// Ends the session that the token belongs to, on every server within a second. An unknown token is no error (RFC 7009).
#[utoipa::path(
    tag = "auth",
    request_body(content = RevokeRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The session is over, or there was none.")),
    security(())
)]
#[post("/v1/auth/revoke")]
async fn revoke_token(state: Data<State>, db: Db, form: Form<RevokeRequest>) -> Result<HttpResponse> {
    let Form(form) = form;
    let now = state.clock.now();
    let verified = state.verify(&db, &form.token).await?;
    let mut db = db.connect().await?;
    match verified {
        Some(verified) => sessions::end(&mut db, verified, now).await?,
        None => sessions::end_family(&mut db, &sessions::digest_of(&form.token), now).await?,
    }
    state.callers.forget();
    Ok(HttpResponse::Ok().finish())
}

/// Get the caller's own account
///
/// For every user who is signed in.
#[utoipa::path(tag = "auth", responses((status = 200, description = "The caller.", body = UserView)))]
#[get("/v1/me")]
async fn get_me(caller: Me, _: Query<NoParams>, db: Db) -> Result<Tagged<UserView>> {
    let mut db = db.connect().await?;
    let user = users::find_own(&mut db, &caller.0).await?;
    Ok(Tagged::new(UserView::of(user, Some(&caller.0)), Fields::default()))
}

/// Whoever is signed in.
struct Me(Arc<Caller>);

impl FromRequest for Me {
    type Error = Error;
    type Future = std::future::Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Caller::of(request).map(Self))
    }
}

/// A form of an OAuth request.
struct Form<T>(T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            if request.content_type() != "application/x-www-form-urlencoded" {
                return Err(Error::new(ProblemType::UnsupportedMediaType));
            }
            let bytes = body::read(&request, payload).await?;
            serde_html_form::from_bytes(&bytes)
                .map(Self)
                .map_err(|_incomplete| Error::new(ProblemType::InvalidRequest).with("error", "invalid_request"))
        })
    }
}
