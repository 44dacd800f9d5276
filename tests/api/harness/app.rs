//! The app under test, in this process, over a database of its own.

use std::{cell::Cell, future::Future, num::NonZeroU32, pin::Pin, rc::Rc};

use actix_http::Request;
use actix_web::{dev::Service, test, web::Data};
use chrono::Duration;
use diesel::QueryableByName;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use liaison::{
    access::Role,
    app::{self, Parts},
    audit,
    auth::{self, hashing::Hashing, throttle::Limits},
    background, background_jobs,
    change::idempotency,
    clock::Clock,
    db::{self, Db, Login, PoolSettings},
    edge::{Edge, rate::Quotas},
    exports, imports,
    jobs::Jobs,
    mail::{self, Mail},
    secrets::Secrets,
    setup::Urls,
    signing_keys,
    telemetry::{self, Telemetry},
};
use serde_json::Value;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use super::{
    Answer, TestUser, contract,
    database::{self, Database},
    trace, user,
};

/// An edge with rate limits that no test reaches by chance while the clock stands.
fn generous() -> Edge {
    let quotas = Quotas { caller: NonZeroU32::new(6_000_000), anonymous: NonZeroU32::new(6_000_000) };
    Edge { quotas, ..Edge::default() }
}

fn watched(parts: Parts, settings: &telemetry::settings::Settings) -> Parts {
    let telemetry = Telemetry::by(settings, parts.operations.clone().into_inner()).unwrap();
    parts.watched(telemetry)
}

type Answered = Pin<Box<dyn Future<Output = Answer>>>;

/// An app over a fresh database. Clones are the same app.
#[derive(Clone)]
pub struct TestApp(Rc<Inner>);

struct Inner {
    call: Box<dyn Fn(Request) -> Answered>,
    parts: Parts,
    database: Rc<Database>,
    /// The owner's connection, for what a test reads and writes without the API.
    owner: Mutex<Option<AsyncPgConnection>>,
    users: Cell<usize>,
}

impl TestApp {
    /// Starts an app.
    pub async fn start() -> Self {
        Self::with_limits(Limits::default()).await
    }

    /// Starts an app with other limits of failed sign-ins.
    pub async fn with_limits(limits: Limits) -> Self {
        Box::pin(Self::with(limits, Mail::default(), generous())).await
    }

    /// Starts an app that sends mail.
    pub async fn with_mail(settings: &mail::Settings) -> Self {
        Box::pin(Self::with(Limits::default(), Mail::new(settings).unwrap(), generous())).await
    }

    /// Starts an app behind another edge.
    pub async fn behind(edge: Edge) -> Self {
        Box::pin(Self::with(Limits::default(), Mail::default(), edge)).await
    }

    async fn with(limits: Limits, mail: Mail, edge: Edge) -> Self {
        let (database, hashing) = database::fresh().await;
        let secrets = Secrets::derive(&database::MASTER).unwrap();
        let clock = Clock::standing(database::start_of_time());
        let mut connection = db::connect(&database.url).await.unwrap();
        let keys = signing_keys::load(&mut connection, &secrets, clock.now()).await.unwrap();
        let parts = Parts::new("http://127.0.0.1:8080", secrets, hashing, keys, clock, limits, contract::served());
        Self::over(Rc::new(database), Parts { mail: Data::new(mail), ..parts.behind(edge) }).await
    }

    /// A second server over the same database, with caches of its own.
    pub async fn second_server(&self) -> Self {
        self.beside(|parts| parts).await
    }

    /// A server with `secrets` over the same database.
    pub async fn server_with(&self, secrets: Secrets) -> Self {
        Box::pin(self.beside_with(secrets, |parts| parts)).await
    }

    /// A server over the same database that logs every request.
    pub async fn logging_all(&self) -> Self {
        let settings = telemetry::settings::Settings { logs_all_requests: true, ..Default::default() };
        self.beside(|parts| watched(parts, &settings)).await
    }

    /// A server over the same database that sends its traces to `collector`.
    pub async fn traced(&self, collector: &str) -> Self {
        let traces = Some(telemetry::traces::Endpoint::under(collector).unwrap());
        let settings = telemetry::settings::Settings { traces, ..Default::default() };
        self.beside(|parts| watched(parts, &settings)).await
    }

    /// A server over the same database that hashes passwords with the effort of production.
    pub async fn hashing_as_in_production(&self) -> Self {
        self.beside(|parts| Parts { hashing: Data::new(Hashing::new().unwrap()), ..parts }).await
    }

    async fn beside(&self, change: impl FnOnce(Parts) -> Parts) -> Self {
        self.beside_with(Secrets::derive(&database::MASTER).unwrap(), change).await
    }

    async fn beside_with(&self, secrets: Secrets, change: impl FnOnce(Parts) -> Parts) -> Self {
        let known = self.parts();
        let mut connection = self.db().await;
        let keys = signing_keys::load(&mut connection, &secrets, known.clock.now()).await.unwrap();
        let (clock, limits) = ((**known.clock).clone(), **known.sign_in_limits);
        let parts = Parts::new(
            "http://127.0.0.1:8080",
            secrets,
            (**known.hashing).clone(),
            keys,
            clock,
            limits,
            contract::served(),
        );
        let parts = Parts { files: known.files.clone(), ..parts.behind((**known.edge).clone()) };
        let parts = change(parts);
        Self::over(Rc::clone(&self.0.database), parts).await
    }

    /// An app whose database cannot be reached, for requests that must be answered without it.
    pub async fn without_database() -> Self {
        let app = Self::start().await;
        let parts = app.0.parts.clone();
        Self::over(Rc::new(Database::absent()), parts).await
    }

    async fn over(database: Rc<Database>, parts: Parts) -> Self {
        let settings = PoolSettings { max_size: 4, ..PoolSettings::default() };
        let service = test::init_service(app::app(
            &parts,
            Db::new(&Login::restricted(database::as_server(&database.url)), settings),
        ))
        .await;
        let service = Rc::new(service);
        let quotas = parts.edge.quotas;
        let unlimited = quotas.caller.is_none() || quotas.anonymous.is_none();
        let call = move |request: Request| -> Answered {
            let service = Rc::clone(&service);
            let (method, uri) = (request.method().to_string(), request.uri().clone());
            Box::pin(async move {
                let response = match service.call(request).await {
                    Ok(answered) => answered.into_parts().1.map_into_boxed_body(),
                    // The server does the same with an error from a middleware.
                    Err(error) => error.error_response(),
                };
                let (head, body) = response.into_parts();
                let body = actix_web::body::to_bytes(body).await.unwrap();
                Answer::new(&method, &uri, head.status().as_u16(), head.headers(), body, unlimited)
            })
        };
        Self(Rc::new(Inner { call: Box::new(call), parts, database, owner: Mutex::default(), users: Cell::new(0) }))
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: test::TestRequest) -> Answer {
        let mut request = request.to_request();
        trace::request(&mut request).await;
        (self.0.call)(request).await
    }

    /// A copy of what the app's workers share, for another worker.
    pub fn shared(&self) -> Parts {
        self.0.parts.clone()
    }

    /// What the app's workers share.
    pub fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// The owner's connection that a whole test shares, for single statements.
    pub(super) async fn owner(&self) -> MappedMutexGuard<'_, AsyncPgConnection> {
        let mut kept = self.0.owner.lock().await;
        if kept.is_none() {
            *kept = Some(self.db().await);
        }
        MutexGuard::map(kept, |kept| kept.as_mut().unwrap())
    }

    /// A connection of its own to the app's database, as its owner.
    pub async fn db(&self) -> AsyncPgConnection {
        db::connect(self.url()).await.unwrap()
    }

    /// The URL of the app's database, for its owner.
    pub fn url(&self) -> &str {
        &self.0.database.url
    }

    /// The URLs of the app's database, for its owner and for the server.
    pub fn urls(&self) -> Urls {
        Urls { owner: self.url().to_owned(), server: database::as_server(self.url()) }
    }

    /// The login that serves requests.
    pub fn login(&self) -> Login {
        Login::restricted(database::as_server(self.url()))
    }

    /// Records the refusals that were too many to be recorded one by one, as upkeep does.
    pub async fn settle(&self) {
        let Parts { clock, secrets, refusals, .. } = self.parts();
        audit::settle(&mut self.db().await, secrets, refusals, clock.now()).await.unwrap();
    }

    /// Does the jobs that wait, as a server does in the background, and returns how many were begun.
    pub async fn work(&self) -> usize {
        let db = Db::new(&self.login(), PoolSettings::default());
        background::worker(&db, self.parts()).work().await.unwrap()
    }

    /// Deletes expired data, as upkeep does.
    pub async fn sweep(&self) {
        let (mut db, now) = (self.db().await, self.parts().clock.now());
        idempotency::sweep(&mut db, now).await.unwrap();
        auth::sweep(&mut db, now).await.unwrap();
        background_jobs::sweep(&mut db, now).await.unwrap();
        exports::sweep(&mut db, &self.parts().files, now).await.unwrap();
        imports::sweep(&mut db, &self.parts().files, now).await.unwrap();
        mail::sweep(&mut db, now).await.unwrap();
    }

    /// All jobs of a server, including the one that reads the database's metrics.
    pub fn jobs(&self) -> Jobs {
        let db = Db::new(&self.login(), PoolSettings::default());
        let mut jobs = background::start(&db, self.parts(), None);
        background::sample(&mut jobs, db, self.shared());
        jobs
    }

    /// Moves the app's clock on.
    pub fn advance(&self, by: Duration) {
        self.0.parts.clock.advance(by);
    }

    /// The rows of `sql`, a query of one text column named `value`.
    pub async fn text(&self, sql: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            value: String,
        }
        let rows: Vec<Row> = diesel::sql_query(sql).load(&mut *self.owner().await).await.unwrap();
        rows.into_iter().map(|row| row.value).collect()
    }

    /// Executes `sql`.
    pub async fn sql(&self, sql: &str) {
        diesel::sql_query(sql).execute(&mut *self.owner().await).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Gives `user` the password of all tests, without the link that sets a first one.
    pub async fn give_password(&self, user: &Value) {
        let (id, hash) = (user["id"].as_str().unwrap(), database::password_hash().await);
        self.sql(&format!("UPDATE users SET password_hash = '{hash}' WHERE id = '{id}'")).await;
    }

    /// How many rows `table` has.
    pub async fn count(&self, table: &str) -> i64 {
        let counted = self.text(&format!("SELECT count(*)::text AS value FROM {table}")).await;
        counted[0].parse().unwrap()
    }

    /// A number that no other user of this app has.
    pub(super) fn next_user(&self) -> usize {
        self.0.users.replace(self.0.users.get() + 1)
    }

    /// A manager, in a team of their own.
    pub async fn manager(&self, name: &str) -> TestUser {
        user::create(self, name, Role::Manager, None).await
    }

    /// A key-account manager, in a team of their own.
    pub async fn key_account_manager(&self, name: &str) -> TestUser {
        user::create(self, name, Role::KeyAccountManager, None).await
    }

    /// A supervisor, in a team of their own.
    pub async fn supervisor(&self) -> TestUser {
        user::create(self, "sue", Role::Supervisor, None).await
    }

    /// A manager in the team of `other`.
    pub async fn colleague_of(&self, other: &TestUser, name: &str) -> TestUser {
        user::create(self, name, Role::Manager, Some(other.team_id)).await
    }

    /// A key-account manager in the team of `other`.
    pub async fn key_account_manager_of(&self, other: &TestUser, name: &str) -> TestUser {
        user::create(self, name, Role::KeyAccountManager, Some(other.team_id)).await
    }

    /// A service account of `role` with these scopes, in a team of its own, with its key as the token.
    pub async fn service_account(&self, role: Role, scopes: &[&str]) -> TestUser {
        user::create_service(self, role, scopes).await
    }

    /// A caller who is not signed in.
    pub fn anonymous(&self) -> TestUser {
        TestUser::anonymous(self.clone())
    }

    /// The changes recorded for a resource, oldest first: action and changed fields. Signing in and out is left out.
    pub async fn audit(&self, id: &Value) -> Vec<(String, Value)> {
        let id = id.as_str().unwrap();
        let sql = format!(
            "SELECT json_build_array(action, changes || coalesce(personal, '{{}}'))::text AS value FROM audit_events \
             WHERE resource_id = '{id}' AND outcome = 'done' AND action NOT IN ('signed_in', 'signed_out') \
             ORDER BY id"
        );
        let rows = self.text(&sql).await;
        rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
    }

    /// The types of the events in the outbox for a resource, in order.
    pub async fn events(&self, id: &Value) -> Vec<String> {
        let id = id.as_str().unwrap();
        self.text(&format!("SELECT type AS value FROM outbox_events WHERE resource_id = '{id}' ORDER BY position"))
            .await
    }
}
