//! The app under test, in this process, over a database of its own.

use std::{cell::Cell, future::Future, pin::Pin, rc::Rc};

use actix_http::Request;
use actix_web::{body::MessageBody, dev::Service, test, web::Data};
use chrono::Duration;
use diesel::QueryableByName;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use liaison::{
    access::{keys::Keys, role::Role},
    app::{self, State},
    auth::throttle::Limits,
    clock::Clock,
    db::{self, Db, PoolSettings},
    secrets::Secrets,
    server,
};
use serde_json::Value;

use super::{Answer, TestUser, contract, database, trace, user};

type Answered = Pin<Box<dyn Future<Output = Answer>>>;

/// An app over a fresh database. Clones are the same app.
#[derive(Clone)]
pub struct TestApp(Rc<Inner>);

struct Inner {
    call: Box<dyn Fn(Request) -> Answered>,
    state: Data<State>,
    url: String,
    users: Cell<usize>,
}

impl TestApp {
    /// Starts one.
    pub async fn start() -> Self {
        Self::with_limits(Limits::default()).await
    }

    /// Starts one with other limits of failed sign-ins.
    pub async fn with_limits(limits: Limits) -> Self {
        let (url, hashing) = database::fresh().await;
        let secrets = Secrets::derive(&database::MASTER).unwrap();
        let clock = Clock::standing("2026-11-24T10:00:00Z".parse().unwrap());
        let mut connection = db::connect(&url).await.unwrap();
        let keys = Keys::load(&mut connection, &secrets, clock.now()).await.unwrap();
        let state = server::state("http://127.0.0.1:8080", secrets, hashing, keys, clock, limits, contract::served());
        Self::over(url, Data::new(state)).await
    }

    /// A second server over the same database, with caches of its own.
    pub async fn second_server(&self) -> Self {
        let state = self.state();
        let secrets = Secrets::derive(&database::MASTER).unwrap();
        let mut connection = self.db().await;
        let keys = Keys::load(&mut connection, &secrets, state.clock.now()).await.unwrap();
        let (clock, limits) = (state.clock.clone(), state.sign_in_limits);
        let state = server::state(
            "http://127.0.0.1:8080",
            secrets,
            state.hashing.clone(),
            keys,
            clock,
            limits,
            contract::served(),
        );
        Self::over(self.0.url.clone(), Data::new(state)).await
    }

    /// One whose database cannot be reached, for what must be answered without.
    pub async fn without_database() -> Self {
        let app = Self::start().await;
        let state = app.0.state.clone();
        Self::over("postgres://nobody@127.0.0.1:1/nothing".to_owned(), state).await
    }

    async fn over(url: String, state: Data<State>) -> Self {
        let settings = PoolSettings { max_size: 4, ..PoolSettings::default() };
        let service = test::init_service(app::app(state.clone(), Db::new(&url, settings))).await;
        let service = Rc::new(service);
        let call = move |request: Request| -> Answered {
            let service = Rc::clone(&service);
            let (method, uri) = (request.method().to_string(), request.uri().clone());
            Box::pin(async move {
                let response = service.call(request).await.unwrap();
                let (_, response) = response.into_parts();
                let (head, body) = response.into_parts();
                let body = actix_web::body::to_bytes(body.boxed()).await.unwrap();
                Answer::new(&method, &uri, head.status().as_u16(), head.headers(), body)
            })
        };
        Self(Rc::new(Inner { call: Box::new(call), state, url, users: Cell::new(0) }))
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: test::TestRequest) -> Answer {
        let mut request = request.to_request();
        trace::request(&mut request).await;
        (self.0.call)(request).await
    }

    /// What the app's workers share.
    pub fn state(&self) -> &State {
        &self.0.state
    }

    /// A connection to the app's database.
    pub async fn db(&self) -> AsyncPgConnection {
        db::connect(&self.0.url).await.unwrap()
    }

    /// The URL of the app's database.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Moves the app's clock on.
    pub fn advance(&self, by: Duration) {
        self.0.state.clock.advance(by);
    }

    /// What `sql`, a query of one column named `value` of type text, gives.
    pub async fn text(&self, sql: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            value: String,
        }
        let mut db = self.db().await;
        let rows: Vec<Row> = diesel::sql_query(sql).load(&mut db).await.unwrap();
        rows.into_iter().map(|row| row.value).collect()
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

    /// Nobody.
    pub fn anonymous(&self) -> TestUser {
        TestUser::anonymous(self.clone())
    }

    /// The changes recorded for a resource, oldest first: action and changed fields.
    pub async fn audit(&self, id: &Value) -> Vec<(String, Value)> {
        let id = id.as_str().unwrap();
        let sql = format!(
            "SELECT json_build_array(action, changes)::text AS value FROM audit_events WHERE resource_id = '{id}' ORDER BY id"
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
