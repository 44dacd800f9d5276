//! The life of the keys that sign access tokens, on two servers over one database.

use chrono::Duration;
use futures_util::future::join;
use liaison::{
    access::{
        SessionId,
        token::LIFETIME,
        token_keys::{
            self,
            life::{LEAD, SigningKeyState, TAIL, states},
        },
    },
    db::{Db, PoolSettings},
    secrets::Secrets,
    signing_keys::{self, self as rotation},
};
use serde_json::{Value, json};

use crate::harness::{TestApp, TestUser};

/// A user with a session, and two servers over the same database.
struct Servers {
    first: TestApp,
    second: TestApp,
    user: TestUser,
    session: SessionId,
}

impl Servers {
    async fn start() -> Self {
        let first = TestApp::start().await;
        let user = first.manager("ann").await;
        let session =
            first.text(&format!("SELECT id::text AS value FROM sessions WHERE user_id = '{}'", user.id)).await;
        let session = serde_json::from_value(json!(session[0])).unwrap();
        Self { second: first.second_server().await, first, user, session }
    }

    /// A new token, signed by `server`.
    fn token(&self, server: &TestApp) -> String {
        let state = server.parts();
        state.tokens.issue(&state.keys, self.user.id, self.session, "tests", state.clock.now()).unwrap()
    }

    /// Whether both servers accept `token`; they must agree.
    async fn take(&self, token: &str) -> bool {
        let first = self.user.with_token(token).get("/v1/me").await.status;
        let second = self.user.with_token(token).at(&self.second).get("/v1/me").await.status;
        assert_eq!(first, second);
        first == 200
    }

    /// Both servers read the keys, as they do every few seconds.
    async fn reload(&self) {
        reload(&self.first).await;
        reload(&self.second).await;
    }

    /// Publishes a new key, a second after all others were created.
    async fn rotate(&self) -> String {
        self.first.advance(second());
        let state = self.first.parts();
        let rotation = rotation::rotate(&mut self.first.db().await, &state.secrets, state.clock.now()).await.unwrap();
        assert!(rotation.made);
        rotation.next.id
    }

    async fn states(&self) -> Vec<SigningKeyState> {
        let lives = token_keys::lives(&mut self.first.db().await).await.unwrap();
        states(&lives, self.first.parts().clock.now())
    }
}

async fn reload(server: &TestApp) {
    let state = server.parts();
    state.keys.reload(&mut server.db().await, &state.secrets, state.clock.now()).await.unwrap();
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

/// The ids of the published keys, which both servers agree on.
async fn published(servers: &Servers) -> Vec<String> {
    let at = async |server: &TestApp| {
        let answer = server.anonymous().get("/.well-known/jwks.json").await;
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        let all: Value = answer.json();
        let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
        all["keys"].as_array().unwrap().iter().map(kid).collect::<Vec<_>>()
    };
    let first = at(&servers.first).await;
    assert_eq!(first, at(&servers.second).await);
    first
}

fn second() -> Duration {
    Duration::seconds(1)
}

/// Trust 1.7: four states, tokens of every age, no restart.
#[actix_web::test]
async fn a_rotation_is_noticed_by_nobody() {
    let servers = Servers::start().await;
    let life = Duration::from_std(LIFETIME).unwrap();
    let old = kid(&servers.token(&servers.first));
    assert_eq!(published(&servers).await, std::slice::from_ref(&old));

    let new = servers.rotate().await;
    // The other server need not have read the keys yet: the new key does not sign yet.
    assert_eq!(kid(&servers.token(&servers.second)), old);
    servers.reload().await;
    assert_eq!(servers.states().await, [SigningKeyState::Signing, SigningKeyState::Published]);
    assert_eq!(published(&servers).await, [new.clone(), old.clone()]);
    assert_eq!(kid(&servers.token(&servers.first)), old);

    let early = servers.token(&servers.first);
    servers.first.advance(LEAD - second());
    let last = servers.token(&servers.second);
    assert_eq!(kid(&last), old);
    servers.first.advance(second());
    assert_eq!(servers.states().await, [SigningKeyState::VerifyOnly, SigningKeyState::Signing]);
    assert_eq!(published(&servers).await, [new.clone(), old.clone()]);
    let by_new = servers.token(&servers.first);
    assert_eq!((kid(&by_new), kid(&servers.token(&servers.second))), (new.clone(), new.clone()));
    for token in [&early, &last, &by_new] {
        assert!(servers.take(token).await);
    }

    // Each token expires by its own age, even the last one of the old key.
    servers.first.advance(life - LEAD - second());
    assert!(servers.take(&early).await);
    servers.first.advance(second());
    assert!(!servers.take(&early).await);
    servers.first.advance(LEAD - second() - second());
    assert!(servers.take(&last).await);
    servers.first.advance(second());
    assert!(!servers.take(&last).await);
    assert!(servers.take(&by_new).await);
    servers.first.advance(second());
    assert!(!servers.take(&by_new).await);

    servers.first.advance(TAIL - life - second());
    assert_eq!(published(&servers).await, [new.clone(), old]);
    servers.first.advance(second());
    assert_eq!(servers.states().await, [SigningKeyState::Retired, SigningKeyState::Signing]);
    assert_eq!(published(&servers).await, [new]);
    assert!(servers.take(&servers.token(&servers.second)).await);
}

/// Trust 1.7: an emergency rotation makes every token invalid, on another server when it next reads the keys, within
/// five seconds.
#[actix_web::test]
async fn an_emergency_kills_every_token() {
    let servers = Servers::start().await;
    let waiting = servers.rotate().await;
    servers.reload().await;
    servers.first.advance(second());
    let token = servers.token(&servers.first);
    // Both servers have the valid token in their caches.
    assert!(servers.take(&token).await);

    let state = servers.first.parts();
    let made = rotation::replace_all(&mut servers.first.db().await, &state.secrets, state.clock.now()).await.unwrap();
    signing_keys::keep(&pool(&servers.first), &state.keys, &state.secrets, &state.clock, None).await.unwrap();
    assert_eq!(servers.user.with_token(&token).get("/v1/me").await.status, 401);
    let fresh = servers.token(&servers.first);
    assert_eq!(kid(&fresh), made.next.id);
    // The other server has not read the keys yet, and reads the new key when it gets the first token signed with it.
    assert!(servers.take(&fresh).await);
    assert!(!servers.take(&token).await, "a key is read alone");
    assert_eq!(published(&servers).await, std::slice::from_ref(&made.next.id));
    servers.first.advance(LEAD);
    assert_eq!(kid(&servers.token(&servers.second)), made.next.id, "{waiting} was revoked, too");
    assert_eq!(servers.states().await, [SigningKeyState::Retired, SigningKeyState::Retired, SigningKeyState::Signing]);
}

#[actix_web::test]
async fn a_revoked_key_leaves_one_that_signs() {
    let servers = Servers::start().await;
    let (first, state) = (&servers.first, servers.first.parts());
    let mut db = first.db().await;
    let old = servers.token(first);

    let waiting = servers.rotate().await;
    let kept = rotation::revoke(&mut db, &state.secrets, &waiting, state.clock.now()).await.unwrap();
    assert_eq!((kept.next.id, kept.made), (kid(&old), false));
    servers.reload().await;
    assert!(servers.take(&old).await);
    first.advance(LEAD);
    assert_eq!(kid(&servers.token(first)), kid(&old), "a key that was revoked before it signed takes nobody's place");

    let next = rotation::revoke(&mut db, &state.secrets, &kid(&old), state.clock.now()).await.unwrap();
    assert!(next.made);
    servers.reload().await;
    assert!(!servers.take(&old).await);
    assert!(servers.take(&servers.token(&servers.second)).await);

    for id in [kid(&old), "unknown".to_owned()] {
        assert!(rotation::revoke(&mut db, &state.secrets, &id, state.clock.now()).await.is_err());
    }
}

#[actix_web::test]
async fn two_rotations_at_once_make_one_key() {
    let servers = Servers::start().await;
    servers.first.advance(second());
    let state = servers.first.parts();
    let (mut one, mut other) = (servers.first.db().await, servers.first.db().await);
    let now = state.clock.now();
    let (one, other) =
        join(rotation::rotate(&mut one, &state.secrets, now), rotation::rotate(&mut other, &state.secrets, now)).await;
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.next, other.next);
    assert_ne!(one.made, other.made);
    assert_eq!(servers.states().await, [SigningKeyState::Signing, SigningKeyState::Published]);
    // A key that signs from this moment on no longer counts as waiting.
    servers.first.advance(LEAD);
    let now = state.clock.now();
    assert!(rotation::rotate(&mut servers.first.db().await, &state.secrets, now).await.unwrap().made);
}

#[actix_web::test]
async fn keys_rotate_by_themselves_when_they_are_old() {
    let servers = Servers::start().await;
    let (state, db) = (servers.first.parts(), pool(&servers.first));
    let every = Some(Duration::days(90));
    for (advance, every, keys) in
        [(Duration::days(89), every, 1), (Duration::days(1), None, 1), (Duration::zero(), every, 2), (LEAD, every, 2)]
    {
        servers.first.advance(advance);
        signing_keys::keep(&db, &state.keys, &state.secrets, &state.clock, every).await.unwrap();
        assert_eq!(servers.first.count("signing_keys").await, keys);
    }
}

#[actix_web::test]
async fn a_rotation_is_recorded_without_secrets() {
    let servers = Servers::start().await;
    let id = servers.rotate().await;
    let state = servers.first.parts();
    rotation::revoke(&mut servers.first.db().await, &state.secrets, &id, state.clock.now()).await.unwrap();
    let records = servers
        .first
        .text(
            "SELECT json_build_object('action', action, 'actor', actor_id, 'resource', resource_id, 'changes', changes)::text AS value \
             FROM audit_events WHERE resource = 'signing_keys' ORDER BY id",
        )
        .await;
    let records: Vec<Value> = records.iter().map(|record| serde_json::from_str(record).unwrap()).collect();
    let [first, made, revoked] = &records[..] else { panic!("{records:?}") };
    assert_eq!(
        (&first["action"], &made["action"], &revoked["action"]),
        (&json!("created"), &json!("created"), &json!("revoked"))
    );
    assert!(records.iter().all(|record| record["actor"].is_null()));
    assert_eq!(made["changes"]["kid"], json!({"from": null, "to": id}));
    let members: Vec<&String> = made["changes"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["kid", "signs_from"]);
    assert_eq!(revoked["changes"]["retired_at"]["to"], json!(state.clock.now()));
    let told = "SELECT resource_id::text || ' ' || version AS value FROM outbox_events \
                WHERE resource = 'signing_keys' ORDER BY position";
    let of = |record: &Value, version| format!("{} {version}", record["resource"].as_str().unwrap());
    assert_eq!(servers.first.text(told).await, [of(first, 1), of(made, 1), of(revoked, 2)]);
    assert_ne!(first["resource"], made["resource"]);
    assert_eq!(made["resource"], revoked["resource"]);
    assert_eq!(made["resource"].as_str().unwrap().chars().nth(14), Some('8'), "RFC 9562, version 8");
}

#[actix_web::test]
async fn another_master_secret_opens_no_key() {
    let app = TestApp::start().await;
    let other = Secrets::derive(&[8; 32]).unwrap();
    let now = app.parts().clock.now();
    let error = signing_keys::load(&mut app.db().await, &other, now).await.err().unwrap();
    assert!(error.to_string().contains("LIAISON_SECRET_KEY"), "{error}");
    // A running server keeps its keys.
    assert!(app.parts().keys.reload(&mut app.db().await, &other, now).await.is_err());
    assert_eq!(app.manager("ann").await.get("/v1/me").await.status, 200);
}

/// Trust 1.3: unknown keys cause at most one query a second, however many tokens name them.
#[actix_web::test]
async fn forged_keys_do_not_flood_the_database() {
    let servers = Servers::start().await;
    let state = servers.second.parts();
    let db = pool(&servers.second);
    let ask = async || state.keys.ask(&db, &state.secrets, state.clock.now()).await.unwrap();
    ask().await;
    // A key that is created now is not seen before a second has passed.
    let made = rotation::replace_all(&mut servers.first.db().await, &state.secrets, state.clock.now()).await.unwrap();
    ask().await;
    assert!(!state.keys.current().knows(&made.next.id));
    servers.first.advance(second());
    ask().await;
    assert!(state.keys.current().knows(&made.next.id));
}

fn pool(app: &TestApp) -> Db {
    Db::new(&app.login(), PoolSettings { max_size: 1, ..PoolSettings::default() })
}
