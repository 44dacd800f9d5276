//! The callers of the table: persons of each role and in each relation to the objects, service accounts, and callers whom
//! the server cannot identify.

use chrono::Duration;
use liaison::access::Role;

use crate::{
    calls::{Operation, World},
    harness::{TestApp, TestUser},
    policies::{Policy, permissions},
};

/// A column of the table.
pub struct Caller {
    pub name: &'static str,
    pub user: TestUser,
    /// `None` when the server cannot identify the caller.
    pub policy: Option<Policy>,
    /// Whether the caller is on the account team of every client.
    pub is_member: bool,
    /// For a service account: whether the operation is within its scopes. `None` for persons.
    pub in_scope: Option<bool>,
}

/// Two service accounts with a supervisor's role: `within` has just the scopes that an operation needs, `without` has
/// all scopes but the operation's own.
pub struct Services {
    within: TestUser,
    without: TestUser,
}

impl Services {
    async fn start(app: &TestApp) -> Self {
        Self {
            within: app.service_account(Role::Supervisor, &[]).await,
            without: app.service_account(Role::Supervisor, &[]).await,
        }
    }

    /// Sets the scopes of both accounts for `operation`, and returns them as callers.
    pub async fn callers(&self, world: &World, operation: &Operation) -> [Caller; 2] {
        let own = operation.permission().unwrap_or_default();
        let (within, without): (Vec<&str>, Vec<&str>) = (
            permissions().into_iter().filter(|name| needed(own, name)).collect(),
            permissions().into_iter().filter(|name| *name != own).collect(),
        );
        for (user, scopes) in [(&self.within, within), (&self.without, without)] {
            let scopes = serde_json::to_string(&scopes).unwrap();
            let sql = format!(
                "UPDATE service_accounts SET scopes = '{scopes}' WHERE id = '{}' RETURNING '' AS value",
                user.id
            );
            world.app.text(&sql).await;
        }
        world.app.parts().callers.forget();
        let caller = |name, user: &TestUser, within| Caller {
            name,
            user: user.clone(),
            policy: Some(Policy::initial(Role::Supervisor)),
            is_member: false,
            in_scope: Some(within),
        };
        [caller("in scope", &self.within, true), caller("no scope", &self.without, false)]
    }
}

/// Whether an operation with the right `own` needs the scope `name`: its own, or the one to read the resource that it
/// is about.
fn needed(own: &str, name: &str) -> bool {
    let (resource, action) = own.split_once(':').unwrap_or_default();
    // Creating something for a client needs the right to read the client.
    let of_client = matches!(action, "create" | "record") && name == "clients:read";
    name == own || name == format!("{resource}:read") || of_client
}

pub async fn callers() -> (World, Vec<Caller>, Services) {
    let app = TestApp::start().await;
    let late = app.supervisor().await;
    app.advance(Duration::minutes(16));
    let world = World::over(app.clone()).await;
    let blocked = app.supervisor().await;
    app.text(&format!("UPDATE users SET status = 'blocked' WHERE id = '{}' RETURNING status AS value", blocked.id))
        .await;
    let unknown = |name, user| Caller { name, user, policy: None, is_member: false, in_scope: None };
    let known = |name, user: &TestUser, role| Caller {
        name,
        user: user.clone(),
        policy: Some(Policy::initial(role)),
        is_member: name == "member",
        in_scope: None,
    };
    let mut forged = world.sue.token().to_owned();
    forged.replace_range(forged.len() - 6..forged.len() - 5, if forged.ends_with('A') { "B" } else { "A" });
    let callers = vec![
        unknown("anonymous", app.anonymous()),
        unknown("forged", world.sue.with_token(&(forged + "A"))),
        unknown("expired", late),
        unknown("blocked", blocked),
        known("manager", &world.ann, Role::Manager),
        known("colleague", &world.bob, Role::Manager),
        known("key owner", &world.kim, Role::KeyAccountManager),
        known("key coll.", &world.kai, Role::KeyAccountManager),
        known("foreign", &world.mia, Role::Manager),
        known("member", &world.meg, Role::Manager),
        known("key for.", &world.leo, Role::KeyAccountManager),
        known("supervisor", &world.sue, Role::Supervisor),
    ];
    let services = Services::start(&app).await;
    (world, callers, services)
}

/// Bypasses the API, which would increase the versions of the objects that calls are prepared for.
pub async fn join_every_account_team(world: &World, user: &TestUser) {
    let join = format!(
        "INSERT INTO account_team_members SELECT id, '{}', now() FROM clients ON CONFLICT DO NOTHING \
         RETURNING client_id::text AS value",
        user.id
    );
    if !world.app.text(&join).await.is_empty() {
        world.app.parts().callers.forget();
    }
}
