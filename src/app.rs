//! One app: the parts that its workers share, every slice's operations, and their document.

use std::sync::Arc;

use actix_web::{
    App, Error as ActixError,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::{Compress, from_fn},
    web::{self, Data},
};

use crate::{
    access::{
        Callers, Identification,
        token::Tokens,
        token_keys::{KeyRing, Keys},
    },
    access_requests, account_teams,
    audit::{Budget, Watch},
    audit_entries,
    auth::{self, hashing::Hashing, throttle::Limits},
    background_jobs,
    change::Unsealed,
    client_duplicates, client_merges, client_pages, clients,
    clock::Clock,
    competitor_offers, competitors, contacts, contracts, custom_fields,
    db::Db,
    departments, departures, deputies, docs,
    edge::{
        self, Edge,
        load::{self, Gates},
        rate::Rates,
        receive::Receiving,
    },
    erasures, exchange_rates, exports,
    files::Files,
    http::{Operations, ReadTimeout, Routes, not_served},
    imports, interactions,
    lifecycle::Lifecycle,
    lost_reasons,
    mail::Mail,
    openapi::{self, Document},
    orders, organization, own_account, personal_data, problem_types, products, roles, saved_views, schema, search,
    secrets::Secrets,
    service, service_accounts, teams,
    telemetry::{Readiness, Telemetry},
    timeline, transfers, users,
};

/// What all workers share, part by part. Each part is registered on its own: a module asks for those that it uses.
#[derive(Clone)]
pub struct Parts {
    /// The time.
    pub clock: Data<Clock>,
    /// Derived from the master secret.
    pub secrets: Data<Secrets>,
    /// The keys of access tokens.
    pub keys: Data<KeyRing>,
    /// Makes and checks access tokens.
    pub tokens: Data<Tokens>,
    /// Who is behind a session.
    pub callers: Data<Callers>,
    /// Hashes passwords, as many at once as there are cores.
    pub hashing: Data<Hashing>,
    /// How many sign-ins may fail.
    pub sign_in_limits: Data<Limits>,
    /// How mail is sent, if it is.
    pub mail: Data<Mail>,
    /// Where files are kept.
    pub files: Data<Files>,
    /// How many refusals are recorded.
    pub refusals: Data<Budget>,
    /// The events that were written lately.
    pub unsealed: Data<Unsealed>,
    /// What this server knows of the audit log.
    pub watch: Data<Watch>,
    /// The API's document, as served.
    pub document: Data<Document>,
    /// What the server serves.
    pub operations: Data<Operations>,
    /// What is decided before a request is looked at.
    pub edge: Data<Edge>,
    /// How many requests callers have left.
    pub rates: Data<Rates>,
    /// The bodies that have not arrived as a whole.
    pub receiving: Data<Receiving>,
    /// Metrics, traces and the log of requests.
    pub telemetry: Data<Telemetry>,
    /// Whether the server can serve.
    pub readiness: Data<Readiness>,
    /// Whether it is about to end.
    pub lifecycle: Data<Lifecycle>,
}

impl Parts {
    /// Those of a server without mail, behind an edge with the settings that are usual, from what was prepared.
    pub fn new(
        issuer: &str,
        secrets: Secrets,
        hashing: Hashing,
        keys: Keys,
        clock: Clock,
        sign_in_limits: Limits,
        document: Arc<Document>,
    ) -> Self {
        let edge = Edge::default();
        let (rates, clock) = (Data::new(Rates::new(edge.quotas, &clock)), Data::new(clock));
        let operations = Data::new(Operations::of(document.operations().iter().cloned()));
        let (keys, lifecycle) = (Data::new(KeyRing::new(keys)), Data::new(Lifecycle::default()));
        let telemetry = Data::new(Telemetry::new(operations.clone().into_inner()));
        Self {
            readiness: Data::new(Readiness::new(clock.clone(), keys.clone(), lifecycle.clone(), telemetry.clone())),
            secrets: Data::new(secrets),
            keys,
            tokens: Data::new(Tokens::new(issuer.to_owned())),
            callers: Data::new(Callers::default()),
            hashing: Data::new(hashing),
            sign_in_limits: Data::new(sign_in_limits),
            mail: Data::new(Mail::default()),
            files: Data::new(Files::default()),
            refusals: Data::new(Budget::default()),
            unsealed: Data::new(Unsealed::default()),
            watch: Data::new(Watch::default()),
            document: Data::from(document),
            operations,
            edge: Data::new(edge),
            rates,
            receiving: Data::new(Receiving::default()),
            telemetry,
            lifecycle,
            clock,
        }
    }

    /// The same behind another edge.
    #[must_use]
    pub fn behind(self, edge: Edge) -> Self {
        Self { rates: Data::new(Rates::new(edge.quotas, &self.clock)), edge: Data::new(edge), ..self }
    }

    /// The same with other telemetry.
    #[must_use]
    pub fn watched(self, telemetry: Telemetry) -> Self {
        let telemetry = Data::new(telemetry);
        let (clock, keys, lifecycle) = (self.clock.clone(), self.keys.clone(), self.lifecycle.clone());
        let readiness = Data::new(Readiness::new(clock, keys, lifecycle, telemetry.clone()));
        Self { telemetry, readiness, ..self }
    }

    /// Who has a token.
    fn identification(&self) -> Identification {
        Identification {
            clock: self.clock.clone(),
            secrets: self.secrets.clone(),
            keys: self.keys.clone(),
            tokens: self.tokens.clone(),
            callers: self.callers.clone(),
        }
    }

    fn register(&self, config: &mut web::ServiceConfig) {
        config
            .app_data(self.clock.clone())
            .app_data(self.secrets.clone())
            .app_data(self.keys.clone())
            .app_data(self.tokens.clone())
            .app_data(self.callers.clone())
            .app_data(Data::new(self.identification()))
            .app_data(self.hashing.clone())
            .app_data(self.sign_in_limits.clone())
            .app_data(self.mail.clone())
            .app_data(self.files.clone())
            .app_data(self.refusals.clone())
            .app_data(self.unsealed.clone())
            .app_data(self.watch.clone())
            .app_data(self.document.clone())
            .app_data(self.operations.clone())
            .app_data(self.edge.clone())
            .app_data(Data::new(self.edge.proxies.clone()))
            .app_data(Data::new(ReadTimeout(self.edge.read_timeout)))
            .app_data(self.rates.clone())
            .app_data(self.receiving.clone())
            .app_data(self.telemetry.clone())
            .app_data(self.readiness.clone())
            .app_data(self.lifecycle.clone());
    }
}

/// The document of all operations.
///
/// # Errors
/// None that routes of ours can cause.
pub fn document() -> serde_json::Result<Document> {
    Document::of(&routes().describe(openapi::about()))
}

/// Every slice's operations. What is registered here is served and documented.
fn routes() -> Routes {
    let mut api = Routes::default();
    for add in [
        account_teams::routes,
        audit_entries::routes,
        auth::routes,
        background_jobs::routes,
        clients::routes,
        contacts::routes,
        contracts::routes,
        custom_fields::routes,
        departments::routes,
        departures::routes,
        deputies::routes,
        erasures::routes,
        exports::routes,
        imports::routes,
        interactions::routes,
        competitor_offers::routes,
        competitors::routes,
        exchange_rates::routes,
        lost_reasons::routes,
        orders::routes,
        organization::routes,
        own_account::routes,
        personal_data::routes,
        problem_types::routes,
        products::routes,
        roles::routes,
        saved_views::routes,
        schema::routes,
        search::routes,
        access_requests::routes,
        client_duplicates::routes,
        client_merges::routes,
        client_pages::routes,
        service::routes,
        service_accounts::routes,
        teams::routes,
        timeline::routes,
        transfers::routes,
        users::routes,
    ] {
        add(&mut api);
    }
    api
}

/// The app of one worker.
pub fn app(
    parts: &Parts,
    db: Db,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = ActixError,
        InitError = (),
    > + use<>,
> {
    let app = App::new()
        .configure(|config| parts.register(config))
        .app_data(Data::new(db))
        .app_data(Data::new(Gates::new(&parts.telemetry.metrics)))
        .app_data(web::PathConfig::default().error_handler(|_, request| not_served(request).into()))
        .configure(|config| {
            if parts.edge.docs {
                docs::routes(config);
            }
        })
        .default_service(routes().into_router(parts.operations.clone()));
    // The last one acts first: `edge` tells the order.
    app.wrap(from_fn(edge::refusals::record_refusals))
        .wrap(from_fn(load::bound))
        .wrap(from_fn(edge::receive::receive))
        .wrap(from_fn(edge::admit::admit))
        .wrap(from_fn(edge::identify::identify))
        .wrap(Compress::default())
        .wrap(from_fn(edge::answer::complete))
}
