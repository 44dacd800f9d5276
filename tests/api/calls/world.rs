//! The users of the tests: two teams with managers and key-account managers, and supervisors.

use chrono::Duration;
use diesel::sql_types::{Bytea, Timestamptz};
use diesel_async::RunQueryDsl;
use liaison::{
    access::permission::{PERMISSIONS, is_for_persons_only},
    auth::second_factor::Secret,
};
use serde_json::{Value, json};

use super::{About, Belongs, Call, Target, unique};
use crate::harness::{TestApp, TestUser};

/// The first reason for losing clients, as a new installation has it.
pub const LOST_REASON: &str = "01936f0e-8d5b-7c3a-9e2f-000b00000001";

/// What a step must be told, and no more.
pub fn step_body(verb: &str) -> Value {
    match verb {
        "mark-lost" => json!({"lost_reason_id": LOST_REASON}),
        _ => json!({}),
    }
}

/// The people of two teams, and one app that they use.
pub struct World {
    pub app: TestApp,
    /// A manager, who owns [`Target::Ordinary`].
    pub ann: TestUser,
    /// A manager in Ann's team.
    pub bob: TestUser,
    /// A key-account manager in Ann's team, who owns [`Target::Key`].
    pub kim: TestUser,
    /// Another key-account manager in Ann's team.
    pub kai: TestUser,
    /// A manager of another team.
    pub mia: TestUser,
    /// Another manager in Mia's team.
    pub meg: TestUser,
    /// A key-account manager of Mia's team.
    pub leo: TestUser,
    /// A supervisor.
    pub sue: TestUser,
    /// Another supervisor, who creates the objects that the other users are tested on. Nobody is tested on their own
    /// work, since some rules forbid approving it.
    pub sam: TestUser,
}

impl World {
    pub async fn over(app: TestApp) -> Self {
        let ann = app.manager("ann").await;
        let mia = app.manager("mia").await;
        Self {
            bob: app.colleague_of(&ann, "bob").await,
            kim: app.key_account_manager_of(&ann, "kim").await,
            kai: app.key_account_manager_of(&ann, "kai").await,
            meg: app.colleague_of(&mia, "meg").await,
            leo: app.key_account_manager_of(&mia, "leo").await,
            sue: app.supervisor().await,
            sam: app.supervisor().await,
            ann,
            mia,
            app,
        }
    }

    pub fn owner(&self, target: Target) -> &TestUser {
        match target {
            Target::Ordinary => &self.ann,
            Target::Key => &self.kim,
        }
    }

    /// A call about `object`, which belongs to the target's client.
    pub fn about(&self, target: Target, object: Value) -> Call {
        let owner = self.owner(target);
        let belongs = Belongs { owner: owner.id, team: owner.team_id, is_key: target == Target::Key };
        Call::new(About::Client(belongs), object)
    }

    /// Sam does `verb` to `object`.
    pub async fn step(&self, object: &Value, verb: &str) -> Value {
        self.sam.transition(verb, object, step_body(verb)).await.ok()
    }

    /// Puts a row into a status, bypassing the rules for that step, which may need more people than there are here.
    pub async fn put_into(&self, table: &str, row: &Value, status: &str) {
        let id = row["id"].as_str().unwrap();
        let sql = format!("UPDATE {table} SET status = '{status}' WHERE id = '{id}' RETURNING status AS value");
        assert_eq!(self.app.text(&sql).await, [status]);
    }

    /// A new client of the target's owner.
    pub async fn client(&self, target: Target) -> Value {
        let body = json!({"kind": "organization", "name": unique("Client"), "owner_id": self.owner(target).id});
        let client = self.sam.post("/v1/clients", body).await.created();
        match target {
            Target::Ordinary => client,
            Target::Key => self.step(&client, "designate-key").await,
        }
    }

    /// A new ordinary client of `owner`.
    pub async fn client_of(&self, owner: &TestUser) -> Value {
        let body = json!({"kind": "organization", "name": unique("Client"), "owner_id": owner.id});
        self.sam.post("/v1/clients", body).await.created()
    }

    /// A new manager in Ann's team, who has a password.
    pub async fn user(&self) -> Value {
        let user = self.sam.post("/v1/users", self.new_user()).await.created();
        self.app.give_password(&user).await;
        user
    }

    /// Resets everybody: the password of all tests, no second factor, and no failed sign-ins.
    pub async fn reset_sign_ins(&self) {
        for who in [&self.ann, &self.bob, &self.kim, &self.kai, &self.mia, &self.meg, &self.leo, &self.sue, &self.sam] {
            self.app.give_password(&json!({"id": who.id})).await;
        }
        self.app.sql("DELETE FROM second_factors").await;
        self.app.sql("DELETE FROM sign_in_failures").await;
    }

    /// Gives a user a second factor with [`SECRET`], confirmed or only begun.
    pub async fn enrol(&self, user: &Value, is_confirmed: bool) {
        enrol(&self.app, user.as_str().unwrap(), is_confirmed).await;
    }

    /// The same for everybody.
    pub async fn enrol_all(&self, is_confirmed: bool) {
        self.reset_sign_ins().await;
        for who in [&self.ann, &self.bob, &self.kim, &self.kai, &self.mia, &self.meg, &self.leo, &self.sue, &self.sam] {
            enrol(&self.app, &who.id.to_string(), is_confirmed).await;
        }
    }

    /// A live session of a user, created without a sign-in.
    pub async fn session_of(&self, user: &Value) -> String {
        let now = self.app.parts().clock.now().utc().to_rfc3339();
        let sql = format!(
            "INSERT INTO sessions (id, user_id, created_at, expires_at, last_used_at, authenticated_at) \
             VALUES (gen_random_uuid(), '{}', '{now}', '{now}'::timestamptz + interval '30 days', '{now}', '{now}') \
             RETURNING id::text AS value",
            user.as_str().unwrap()
        );
        self.app.text(&sql).await.remove(0)
    }

    /// Makes the proof in a user's sessions a second too old for operations that need a recent one.
    pub async fn grow_stale(&self, user: &Value) {
        let proved = self.app.parts().clock.now().after(-Duration::seconds(901)).utc().to_rfc3339();
        let user = user.as_str().unwrap();
        self.app.sql(&format!("UPDATE sessions SET authenticated_at = '{proved}' WHERE user_id = '{user}'")).await;
    }

    pub fn new_user(&self) -> Value {
        let email = unique("new").as_str().unwrap().replace(' ', ".") + "@example.com";
        json!({"name": "New", "email": email, "role": "manager", "team_id": self.ann.team_id})
    }

    /// A new service account with every right that one can have.
    pub async fn service_account(&self) -> Value {
        self.sam.post("/v1/service-accounts", self.new_service_account()).await.created()
    }

    pub fn new_service_account(&self) -> Value {
        json!({"name": unique("Service"), "role": "supervisor", "team_id": self.ann.team_id, "scopes": every_scope(),
            "allowed_networks": ["0.0.0.0/0", "::/0"]})
    }

    /// A new key of a service account.
    pub async fn key_of(&self, account: &Value) -> Value {
        let path = format!("{}/keys", account["path"].as_str().unwrap());
        self.sam.post(&path, json!({"name": "Key"})).await.created()
    }

    pub async fn team(&self) -> Value {
        self.sam.post("/v1/teams", json!({"name": unique("Team")})).await.created()
    }
}

/// The scopes that a service account can have.
pub fn every_scope() -> Vec<&'static str> {
    PERMISSIONS.iter().map(|(name, _)| *name).filter(|name| !is_for_persons_only(name)).collect()
}
/// The secret of the second factors of [`World::enrol`].
pub const SECRET: [u8; 20] = *b"12345678901234567890";

async fn enrol(app: &TestApp, user: &str, is_confirmed: bool) {
    let (state, confirmed) = (app.parts(), if is_confirmed { "now()" } else { "NULL" });
    let sealed = state.secrets.seal(&format!("second factor {user}"), &SECRET).unwrap();
    let sql = format!(
        "INSERT INTO second_factors (user_id, sealed_secret, created_at, confirmed_at, last_step) \
         VALUES ('{user}', $1, $2, {confirmed}, 0)"
    );
    diesel::sql_query(sql)
        .bind::<Bytea, _>(sealed)
        .bind::<Timestamptz, _>(state.clock.now())
        .execute(&mut app.db().await)
        .await
        .unwrap();
}

/// The code that the authenticator app with [`SECRET`] shows in `steps` steps of thirty seconds from now.
pub fn code(app: &TestApp, steps: i64) -> String {
    let step = app.parts().clock.now().utc().timestamp() / 30 + steps;
    Secret::from_bytes(SECRET.to_vec()).unwrap().code(step)
}
