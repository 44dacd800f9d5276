//! `/v1/auth` and `/v1/me`.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse,
    dev::Payload,
    http::StatusCode,
    web::{Data, Json},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{
    ToSchema,
    openapi::{Object, ObjectBuilder, Type},
};

use super::{
    change_password,
    client_credentials::{self, ClientForm},
    confirm, credentials_routes,
    metadata::{__path_get_server_metadata, get_server_metadata},
    reset_routes, second_factor, sessions, sessions_routes,
    sign_in::Credentials,
};
use crate::{
    access::{
        Identification,
        token::{LIFETIME, Subject, Verified},
    },
    audit::Journal,
    auth::verifier::Verifier,
    change::AnonymousChange,
    db::Db,
    error::{Error, ProblemType, Result},
    http::{Description, Routes, Takes, body, encoding, endpoint},
    sessions::DeviceInfo,
    telemetry::Telemetry,
};

/// The operations of signing in and out, and on how users sign in.
pub fn routes(api: &mut Routes) {
    api.add("auth", [endpoint!(create_token), endpoint!(revoke_token), endpoint!(get_server_metadata)]);
    confirm::routes(api);
    change_password::routes(api);
    reset_routes::routes(api);
    second_factor::routes(api);
    sessions_routes::routes(api);
    credentials_routes::routes(api);
}

/// A sign-in form (RFC 6749). Fields that are not known are ignored, as the standard asks.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"grant_type": "password", "username": "anna@example.com", "password": "correct horse battery staple"}))]
pub struct TokenRequest {
    /// `password`, `refresh_token` or `client_credentials`.
    #[schema(schema_with = grant_types)]
    grant_type: String,
    /// The e-mail address, for `password`.
    #[schema(max_length = 254)]
    username: Option<String>,
    /// The password, for `password`.
    #[schema(max_length = 1024, format = Password)]
    password: Option<String>,
    /// A code of the second factor or a recovery code, for `password`, of a user who has a second factor.
    #[schema(max_length = 50)]
    otp: Option<String>,
    /// The `device_token` of an earlier sign-in. For `password`, attempts with it are throttled apart from those of others.
    /// For `refresh_token`, it proves that the sender is the user's program, when an answer was lost. One that is not good
    /// is ignored.
    #[schema(max_length = 300)]
    device_token: Option<String>,
    /// The refresh token, for `refresh_token`.
    #[schema(max_length = 200)]
    refresh_token: Option<String>,
    /// The name of the program that signs in, for the record only: one of more than 100 characters is not recorded. For
    /// `client_credentials`, the key's `client_id` or the service account's id, unless HTTP Basic says it.
    client_id: Option<String>,
    /// What the user calls the device, to be told apart in the list of sessions: one of more than 100 characters is not
    /// recorded.
    #[schema(example = "Anna's laptop")]
    device: Option<String>,
    /// The API key, for `client_credentials`, unless HTTP Basic says it.
    #[schema(format = Password)]
    client_secret: Option<String>,
    /// What the token is to be narrowed to, for `client_credentials`: permissions separated by spaces, each of which the
    /// key has. All that the key has when left out.
    #[schema(example = "clients:read contacts:read")]
    scope: Option<String>,
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
    /// For the next token; it can be used once. Not given for `client_credentials`.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// After a sign-in with a password: the token that this device may send with its next sign-in, within a year. It
    /// does not sign in by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
    /// What the token may be used for, for `client_credentials`: permissions separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

impl TokenResponse {
    /// An access token and nothing else.
    fn of(access_token: String) -> Self {
        let expires_in = LIFETIME.as_secs();
        Self { access_token, token_type: "Bearer", expires_in, refresh_token: None, device_token: None, scope: None }
    }
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
/// Use it first: the access token goes with every other request, and the refresh token gets the next one.
///
/// Gives an access token for an e-mail address and a password, or for a refresh token. A session ends after 7 days
/// without a refresh, and after 30 days in any case. A refresh token can be used once: when it comes a second time, its
/// whole session ends. There is one exception, for an answer that was lost: within 10 seconds, the same program gets
/// the same new token again, if it sends the `device_token` of its sign-in and nobody has used the new token. Failed sign-ins are throttled, 10 for an account and 100 for a
/// network within five minutes; a device that has signed in before and sends its `device_token` has 10 of its own, so
/// that nobody else's guesses lock it out. After 100 failures in a row an account accepts passwords from known devices
/// only.
///
/// A right password of a user with a second factor is answered `second_factor_required` until `otp` comes with it.
///
/// A program gives an API key of its service account instead (`client_credentials`, RFC 6749, section 4.4), in the form
/// or by HTTP Basic, and gets no refresh token: it asks again. When the key ends, the token ends, too.
#[utoipa::path(
    post,
    path = "/v1/auth/token",
    responses(
        (status = 200, description = "Signed in."),
        (status = 401, description = "A program with a wrong id or key.")
    )
)]
async fn create_token(
    verifier: Verifier,
    change: AnonymousChange,
    known: Data<Identification>,
    telemetry: Data<Telemetry>,
    form: Form<TokenRequest>,
) -> Result<Json<TokenResponse>> {
    let Form(form) = form;
    let grant_type = form.grant_type.clone();
    let granted = grant(verifier, change, &known, form).await;
    let status = granted.as_ref().map_or_else(|error| error.problem().status(), |_| StatusCode::OK);
    telemetry.metrics.asked_for_token(&grant_type, status);
    granted.map(Json)
}

async fn grant(
    verifier: Verifier,
    change: AnonymousChange,
    known: &Identification,
    form: TokenRequest,
) -> Result<TokenResponse> {
    if form.grant_type == "client_credentials" {
        let form = ClientForm { id: form.client_id, secret: form.client_secret, scope: form.scope };
        let granted = client_credentials::grant(&verifier, known, form).await?;
        return Ok(TokenResponse { scope: Some(granted.scope), ..TokenResponse::of(granted.token) });
    }
    let client = form.client_id.and_then(label).unwrap_or_else(|| "first-party".to_owned());
    let origin = DeviceInfo::of(&verifier.request, client.clone(), form.device.and_then(label));
    let (session, device_token) = match (form.grant_type.as_str(), form.username, form.password, form.refresh_token) {
        ("password", Some(username), Some(password), None) => {
            let credentials = Credentials { username, password, otp: form.otp, device_token: form.device_token };
            let (session, device) = verifier.sign_in(change, credentials, origin).await?;
            (session, Some(device))
        }
        ("refresh_token", None, None, Some(token)) => {
            (verifier.refresh(&token, form.device_token.as_deref(), &origin).await?, None)
        }
        ("password" | "refresh_token", ..) => {
            return Err(Error::new(ProblemType::InvalidRequest).with("error", "invalid_request"));
        }
        _ => return Err(Error::new(ProblemType::UnsupportedGrantType).with("error", "unsupported_grant_type")),
    };
    let access_token = known.tokens.issue(&known.keys, session.user_id, session.id, &client, known.clock.now())?;
    let refresh_token = Some(session.refresh_token);
    Ok(TokenResponse { refresh_token, device_token, ..TokenResponse::of(access_token) })
}

/// A text to be recorded. `None` when it is empty, too long or has control characters.
fn label(text: String) -> Option<String> {
    let sound = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    sound.then_some(text)
}

/// Sign out
///
/// Use it when the user signs out, with the refresh token.
///
/// Ends the session that the token belongs to, on every server within a second. An unknown token is no error (RFC
/// 7009). A service account has no session: its token is refused here with `unsupported_token_type`. The token ends
/// when the key is revoked at `/v1/service-accounts`.
#[utoipa::path(
    post,
    path = "/v1/auth/revoke",
    responses((status = 200, description = "The session is over, or there was none."))
)]
async fn revoke_token(
    request: HttpRequest,
    change: AnonymousChange,
    known: Data<Identification>,
    db: Db,
    form: Form<RevokeRequest>,
) -> Result<HttpResponse> {
    let Form(form) = form;
    let journal = Journal::of(&request)?;
    let signed = known.verify(&db, &form.token).await?;
    let revoked = change.run(async |tx| {
        let ended = match &signed {
            Some(Verified { subject: Subject::Session(session), user }) => sessions::end(tx, *session, *user).await?,
            Some(Verified { subject: Subject::Key { .. }, .. }) => return Err(not_revocable()),
            None => {
                let now = tx.now();
                let ended = sessions::end_family(tx, &sessions::digest_of(&form.token), now).await?;
                // Not for a token that ends nothing: anyone can send one, and would empty the cache for everybody.
                if ended.is_some() {
                    tx.callers_changed();
                }
                ended
            }
        };
        let Some((session, user)) = ended else { return Ok(()) };
        tx.callers_changed();
        journal.signed_out(tx, user, session).await
    });
    revoked.await?;
    Ok(HttpResponse::Ok().finish())
}

/// RFC 7009, section 2.2.1.
fn not_revocable() -> Error {
    Error::new(ProblemType::InvalidRequest).with("error", "unsupported_token_type").detail(
        "The token of a service account ends with its key, which is revoked at /v1/service-accounts.",
        "Токен служебной учётной записи кончается вместе с её ключом, который отзывают в `/v1/service-accounts`.",
    )
}

/// The ways to a token.
fn grant_types() -> Object {
    let ways = ["password", "refresh_token", "client_credentials"];
    let about = "`password`, `refresh_token` or `client_credentials`.";
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(ways)).description(Some(about)).build()
}

/// A form of an OAuth request.
struct Form<T>(T);

const FORM: &str = "application/x-www-form-urlencoded";

impl<T: ToSchema> Takes for Form<T> {
    fn describe(description: &mut Description) {
        description.body::<T>(FORM);
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            if request.content_type() != FORM {
                return Err(Error::new(ProblemType::UnsupportedMediaType));
            }
            encoding::check(&request)?;
            let bytes = body::read(&request, payload).await?;
            serde_html_form::from_bytes(&bytes)
                .map(Self)
                .map_err(|_incomplete| Error::new(ProblemType::InvalidRequest).with("error", "invalid_request"))
        })
    }
}
