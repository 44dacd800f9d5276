//! One app: its state, its middleware, every slice's routes and their document.

use std::sync::Arc;

use actix_web::{
    App, Error as ActixError, HttpMessage, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{HttpServiceFactory, ServiceFactory, ServiceRequest, ServiceResponse},
    guard,
    http::header,
    middleware::{Compress, Next, from_fn},
    web::{self, Data},
};
use utoipa_actix_web::{AppExt, OpenApiFactory, scope, service_config::ServiceConfig};

use crate::{
    access::{
        api_key::{self, Presented},
        caller::{Caller, Callers, Identified},
        key::Occasion,
        keys::KeyRing,
        token::{Subject, Tokens, Verified},
    },
    account_teams,
    audit::{self, Budget},
    auth::{self, hashing::Hashing, throttle::Limits},
    clients,
    clock::Clock,
    contacts, contracts,
    db::Db,
    departments, docs,
    edge::{
        self, Edge,
        load::{self, Gates},
        rate::{Rates, UNLIMITED},
    },
    error::{Error, ProblemType, Result},
    interactions,
    lifecycle::Lifecycle,
    mail::Mail,
    openapi, orders, problems, products,
    readiness::Readiness,
    rest, roles,
    secrets::Secrets,
    service, service_accounts, sessions, teams,
    telemetry::{Telemetry, request::Sender},
    timeline, users,
};

/// What all workers share.
pub struct State {
    /// The time.
    pub clock: Clock,
    /// Derived from the master secret.
    pub secrets: Secrets,
    /// The keys of access tokens.
    pub keys: KeyRing,
    /// Makes and checks access tokens.
    pub tokens: Tokens,
    /// Who is behind a session.
    pub callers: Callers,
    /// Hashes passwords, as many at once as there are cores.
    pub hashing: Hashing,
    /// How many sign-ins may fail.
    pub sign_in_limits: Limits,
    /// How mail is sent, if it is.
    pub mail: Mail,
    /// How many refusals are recorded.
    pub refusals: Budget,
    /// The API's document, as served.
    pub document: Arc<openapi::Document>,
    /// What is decided before a request is looked at.
    pub edge: Edge,
    /// How many requests callers have left.
    pub rates: Rates,
    /// Metrics, traces and the log of requests.
    pub telemetry: Arc<Telemetry>,
    /// Whether the server can serve.
    pub readiness: Readiness,
    /// Whether it is about to end.
    pub lifecycle: Lifecycle,
}

impl State {
    /// The same state behind another edge.
    #[must_use]
    pub fn behind(self, edge: Edge) -> Self {
        Self { rates: Rates::new(edge.quotas, &self.clock), edge, ..self }
    }

    /// The state of the app that serves `request`.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn of(request: &HttpRequest) -> Result<Data<Self>> {
        request.app_data::<Data<Self>>().cloned().ok_or_else(|| Error::internal("the app has no state"))
    }

    /// What `token` says, when it is an access token of ours and still good. One that names a key made a moment ago is
    /// known as well.
    ///
    /// # Errors
    /// When the database cannot be asked for a key that is not known.
    pub async fn verify(&self, db: &Db, token: &str) -> Result<Option<Verified>> {
        let now = self.clock.now();
        if let Some(verified) = self.tokens.verify(&self.keys, token, now) {
            return Ok(Some(verified));
        }
        if !self.tokens.names_unknown_key(&self.keys, token) {
            return Ok(None);
        }
        // Boxed, as what is asked for callers.
        Box::pin(self.keys.ask(db, &self.secrets, now)).await?;
        Ok(self.tokens.verify(&self.keys, token, now))
    }
}

/// The operations of several slices, by where all their addresses begin.
type Group = (&'static [&'static str], &'static [fn(&mut ServiceConfig<'_>)]);

/// Every slice's operations, those that are asked for most first.
const GROUPS: [Group; 8] = [
    (&["/v1/clients"], &[clients::routes, account_teams::routes, timeline::routes]),
    (&["/v1/interactions"], &[interactions::routes]),
    (&["/v1/orders", "/v1/departments"], &[orders::routes, departments::routes]),
    (&["/v1/contracts"], &[contracts::routes]),
    (&["/v1/contacts"], &[contacts::routes]),
    (&["/v1/products"], &[products::routes]),
    (
        &["/v1/audit", "/v1/auth", "/v1/me", "/v1/roles", "/v1/service-accounts", "/v1/teams", "/v1/users"],
        &[
            audit::routes,
            auth::routes,
            sessions::routes,
            users::routes,
            teams::routes,
            roles::routes,
            service_accounts::routes,
        ],
    ),
    (&["/.well-known", "/livez", "/openapi.json", "/problems", "/readyz"], &[problems::routes, service::routes]),
];

/// Every slice's operations. What is registered here is served and documented.
pub fn routes(config: &mut ServiceConfig<'_>) {
    for group in GROUPS {
        config.service(grouped(group));
    }
}

/// The operations of `group`, all passed over by one look at where the address of a request begins: the framework holds it
/// against the regular expression of each operation in turn, which would cost more than the rest of a small request. An
/// address that has letters of its beginning percent-encoded is none of ours.
fn grouped((beginnings, routes): Group) -> impl HttpServiceFactory + OpenApiFactory {
    let guard = guard::fn_guard(|request| {
        let path = request.head().uri.path();
        beginnings.iter().any(|beginning| path.starts_with(beginning))
    });
    routes.iter().fold(scope::scope("").guard(guard), |group, routes| group.configure(routes))
}

/// The app of one worker.
pub fn app(
    state: Data<State>,
    db: Db,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = ActixError,
        InitError = (),
    >,
> {
    let (app, _) = App::new().into_utoipa_app().configure(routes).split_for_parts();
    let pages = state.edge.docs;
    let gates = Gates::new(&state.telemetry.metrics);
    app.app_data(state)
        .app_data(Data::new(db))
        .app_data(Data::new(gates))
        .app_data(web::PathConfig::default().error_handler(|_, request| no_such_operation(request).into()))
        .configure(|config| {
            if pages {
                docs::routes(config);
            }
        })
        .default_service(web::to(async |request: HttpRequest| Err::<HttpResponse, _>(no_such_operation(&request))))
        .wrap(from_fn(audit::record_refusals))
        .wrap(from_fn(edge::admit))
        .wrap(from_fn(identify))
        .wrap(from_fn(load::bound))
        .wrap(Compress::default())
        .wrap(from_fn(rest::answer::complete))
}

/// 404, or 405 with `Allow` when the address exists for other methods.
fn no_such_operation(request: &HttpRequest) -> Error {
    let Ok(state) = State::of(request) else { return Error::not_found() };
    let methods = state.document.methods_at(request.path());
    if methods.is_empty() || methods.contains(&request.method().as_str()) {
        return Error::not_found();
    }
    Error::new(ProblemType::MethodNotAllowed).allow(&methods.join(", "))
}

/// Finds who is calling, before any extractor asks. Who probes is nobody, also with a token: a probe must not wait for the
/// database.
async fn identify<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, ActixError> {
    if UNLIMITED.contains(&request.path()) {
        return next.call(request).await;
    }
    if let Some(identified) = identified(&request).await {
        if matches!(identified, Identified::Refused) {
            // Not into the audit log: whoever has no token at all could fill it.
            let address = rest::address::of(request.request());
            tracing::info!(request_id = rest::answer::request_id(request.request()), ?address, "a token was refused");
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
    let (Some(state), Some(db)) = (request.app_data::<Data<State>>(), request.app_data::<Data<Db>>()) else {
        return Some(Identified::Unavailable("the app has no state".to_owned()));
    };
    let Some(token) = bearer(header) else { return Some(Identified::Refused) };
    let on = Occasion { address: rest::address::of(request.request()), now: state.clock.now() };
    Some(match caller(state, db, token, on).await {
        Ok(Some(caller)) => Identified::Caller(caller),
        Ok(None) => Identified::Refused,
        Err(error) => Identified::Unavailable(error.to_string()),
    })
}

/// Who has `token`, an access token or an API key. One that is mangled costs no question to the database.
async fn caller(state: &State, db: &Db, token: &str, on: Occasion) -> Result<Option<Arc<Caller>>> {
    if token.starts_with(api_key::PREFIX) {
        let Some(key) = Presented::parse(token) else { return Ok(None) };
        return state.callers.of_key(db, &key, on).await;
    }
    let Some(Verified { subject, user }) = state.verify(db, token).await? else { return Ok(None) };
    let caller = match subject {
        Subject::Session(session) => state.callers.find(db, session, on.now).await?,
        Subject::Key { id, scopes } => state.callers.of_key_token(db, id, scopes.as_deref(), on).await?,
    };
    Ok(caller.filter(|caller| caller.user_id == user))
}

/// The token of `Authorization: Bearer …` (RFC 6750, section 2.1).
fn bearer(header: &header::HeaderValue) -> Option<&str> {
    // Not `to_str`, which looks at each byte by itself: no token of ours has one beyond ASCII, and any other is refused.
    let (scheme, token) = std::str::from_utf8(header.as_bytes()).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
