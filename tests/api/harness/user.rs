//! The callers of the tests.

use actix_web::{http::Method, test::TestRequest};
use diesel::sql_types::{Bytea, Jsonb, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;
use liaison::{
    access::{ApiKeyId, Role, SessionId, TeamId, UserId, api_key::NewSecret},
    values::Id,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{Answer, TestApp, database, trace};

/// The password of every user of the tests.
pub const PASSWORD: &str = "correct horse battery staple";

/// A user with an access token, or nobody.
#[derive(Clone)]
pub struct TestUser {
    app: TestApp,
    token: Option<String>,
    /// The user's id.
    pub id: UserId,
    /// The id of the user's team.
    pub team_id: TeamId,
    /// The address to sign in with.
    pub email: String,
}

impl TestUser {
    pub(super) fn anonymous(app: TestApp) -> Self {
        Self { app, token: None, id: Id::generate(), team_id: Id::generate(), email: "nobody@example.com".to_owned() }
    }

    /// The server that the user calls.
    pub fn app(&self) -> &TestApp {
        &self.app
    }

    /// The same user at another server of the same database.
    pub fn at(&self, app: &TestApp) -> Self {
        Self { app: app.clone(), ..self.clone() }
    }

    /// The same user with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The user's access token.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    /// A request of this user, to be completed and sent with [`TestUser::send`].
    pub fn request(&self, method: Method, path: &str) -> TestRequest {
        let request = TestRequest::with_uri(path).method(method).peer_addr("192.0.2.1:4711".parse().unwrap());
        match &self.token {
            Some(token) => request.insert_header(("Authorization", format!("Bearer {token}"))),
            None => request,
        }
    }

    pub async fn send(&self, request: TestRequest) -> Answer {
        self.app.send(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST to a collection or a sign-in.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).set_json(body)).await
    }

    /// POST of a transition of `resource`, with the version that the caller has seen.
    pub async fn transition(&self, verb: &str, resource: &Value, body: Value) -> Answer {
        let path = format!("{}/{verb}", path_of(resource));
        let request = self.request(Method::POST, &path).insert_header(("If-Match", etag(resource)));
        self.send(request.set_json(body)).await
    }

    pub async fn patch(&self, path: &str, resource: &Value, body: Value) -> Answer {
        let request = self.request(Method::PATCH, path).insert_header(("If-Match", etag(resource)));
        self.send(request.set_json(body)).await
    }

    pub async fn put(&self, path: &str, resource: &Value, body: Value) -> Answer {
        let request = self.request(Method::PUT, path).insert_header(("If-Match", etag(resource)));
        self.send(request.set_json(body)).await
    }

    /// A request with a JSON body about the caller's own account, which has no version.
    pub async fn own(&self, method: Method, path: &str, body: Value) -> Answer {
        self.send(self.request(method, path).set_json(body)).await
    }

    pub async fn delete(&self, path: &str, resource: &Value) -> Answer {
        self.send(self.request(Method::DELETE, path).insert_header(("If-Match", etag(resource)))).await
    }
}

/// The path of a resource; the harness adds it as `path` to resources in answers.
fn path_of(resource: &Value) -> String {
    resource["path"].as_str().map_or_else(|| panic!("the resource has no path: {resource}"), str::to_owned)
}

fn etag(resource: &Value) -> String {
    format!("\"{}\"", resource["version"])
}

pub(super) async fn team(app: &TestApp, id: TeamId, name: &str) -> TeamId {
    diesel::sql_query("INSERT INTO teams (id, version, created_at, updated_at, name) VALUES ($1, 1, $2, $2, $3)")
        .bind::<Uuid, _>(id)
        .bind::<Timestamptz, _>(app.parts().clock.now())
        .bind::<Text, _>(name)
        .execute(&mut *app.owner().await)
        .await
        .unwrap();
    id
}

pub(super) async fn create(app: &TestApp, name: &str, role: Role, in_team: Option<TeamId>) -> TestUser {
    let number = app.next_user();
    let now = app.parts().clock.now();
    let team_id = match in_team {
        Some(id) => id,
        None => team(app, Id::generate(), &format!("Team {number} of {name}")).await,
    };
    let (id, session): (UserId, SessionId) = (Id::generate(), Id::generate());
    let email = format!("{name}{number}@example.com");
    diesel::sql_query(
        "WITH person AS (
            INSERT INTO users (id, version, created_at, updated_at, name, email, role, team_id, status, password_hash,
                password_is_long, must_change_password, kind)
            VALUES ($1, 1, $2, $2, $3, $4, $5, $6, 'active', $8, true, false, 'person') RETURNING id
        ) INSERT INTO sessions (id, user_id, created_at, expires_at, last_used_at, authenticated_at)
          SELECT $7, id, $2, $2 + interval '30 days', $2, $2 FROM person",
    )
    .bind::<Uuid, _>(id)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(name)
    .bind::<Text, _>(&email)
    .bind::<Text, _>(role)
    .bind::<Uuid, _>(team_id)
    .bind::<Uuid, _>(session)
    .bind::<Text, _>(database::password_hash().await)
    .execute(&mut *app.owner().await)
    .await
    .unwrap();
    let state = app.parts();
    let token = state.tokens.issue(&state.keys, id, session, "tests", now).unwrap();
    trace::secret("access_token", &token);
    TestUser { app: app.clone(), token: Some(token), id, team_id, email }
}

/// A service account whose key is its token. It may have scopes that the API would not grant.
pub(super) async fn create_service(app: &TestApp, role: Role, scopes: &[&str]) -> TestUser {
    let number = app.next_user();
    let team_id = team(app, Id::generate(), &format!("Team {number} of a service")).await;
    let (id, key): (UserId, ApiKeyId) = (Id::generate(), Id::generate());
    let secret = NewSecret::generate(key).unwrap();
    diesel::sql_query(
        "WITH account AS (
            INSERT INTO users (id, version, created_at, updated_at, name, role, team_id, status, kind,
                password_is_long, must_change_password)
            VALUES ($1, 1, $2, $2, $3, $4, $5, 'active', 'service', true, false) RETURNING id
        ), service AS (
            INSERT INTO service_accounts (id, scopes, allowed_networks) SELECT id, $6, '[]' FROM account RETURNING id
        ) INSERT INTO api_keys (id, version, created_at, updated_at, account_id, name, allowed_networks, expires_at, secret_digest)
          SELECT $7, 1, $2, $2, id, 'Key', '[]', $2 + interval '90 days', $8 FROM service",
    )
    .bind::<Uuid, _>(id)
    .bind::<Timestamptz, _>(app.parts().clock.now())
    .bind::<Text, _>(format!("service {number}"))
    .bind::<Text, _>(role)
    .bind::<Uuid, _>(team_id)
    .bind::<Jsonb, _>(json!(scopes))
    .bind::<Uuid, _>(key)
    .bind::<Bytea, _>(secret.digest)
    .execute(&mut *app.owner().await)
    .await
    .unwrap();
    let email = "nobody@example.com".to_owned();
    TestUser { app: app.clone(), token: Some(secret.text.expose_secret().to_owned()), id, team_id, email }
}
