//! Who may do what: every operation of the document as every kind of caller, against `access.txt`.

use std::{fmt::Write, path::Path};

use chrono::Duration;
use liaison::access::{Reach, Role};
use serde_json::{Value, json};

use crate::{
    calls::{About, Belongs, Call, Operation, Target, World, call, operations},
    harness::{Answer, TestApp, TestUser},
    policies::{ADMINISTRATION, Policy, SHARED, permissions},
};

/// A column of the table.
struct Caller {
    name: &'static str,
    user: TestUser,
    /// `None` when the server cannot identify the caller.
    policy: Option<Policy>,
    /// Whether the caller is on the account team of every client.
    is_member: bool,
    /// For a service account: whether the operation is within its scopes. `None` for persons.
    in_scope: Option<bool>,
}

/// Two service accounts with a supervisor's role: `within` has just the scopes that an operation needs, `without` has
/// all scopes but the operation's own.
struct Services {
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
    async fn callers(&self, world: &World, operation: &Operation) -> [Caller; 2] {
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

async fn callers() -> (World, Vec<Caller>, Services) {
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

#[actix_web::test]
async fn every_operation_answers_every_caller_as_the_table_says() {
    let (world, mut callers, services) = callers().await;
    let mut wrong = Vec::new();
    let table = table(&world, &mut callers, &services, &mut wrong).await;
    let table = heading(&callers) + &table;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    committed(&table);
}

/// The table of what every operation answers to every caller. Answers that the policy does not allow are added to
/// `wrong`.
async fn table(world: &World, callers: &mut Vec<Caller>, services: &Services, wrong: &mut Vec<String>) -> String {
    let mut table = String::new();
    let people = callers.len();
    for operation in operations() {
        let rows = rows(world, operation).await;
        callers.truncate(people);
        callers.extend(services.callers(world, &operation).await);
        if rows.is_empty() {
            wrong.push(format!("{}: no entry in tests/api/calls/entries.rs", operation.id));
        }
        for row in rows {
            write!(table, "{:<26}{:<9}", operation.id, row.label).unwrap();
            let mut unspent = None;
            for caller in callers.iter() {
                let call = match unspent.take() {
                    Some(call) => call,
                    None => row.call(world).await,
                };
                if caller.is_member {
                    join_every_account_team(world, &caller.user).await;
                }
                let cell = row.cell(&call, caller, wrong).await;
                write!(table, " {cell:>10}").unwrap();
                // A refused call has changed nothing, so the next caller can use the same object.
                if operation.is_safe() || !cell.starts_with('2') {
                    unspent = Some(call);
                }
            }
            table.push('\n');
        }
    }
    table
}

/// Bypasses the API, which would increase the versions of the objects that calls are prepared for.
async fn join_every_account_team(world: &World, user: &TestUser) {
    let join = format!(
        "INSERT INTO account_team_members SELECT id, '{}', now() FROM clients ON CONFLICT DO NOTHING \
         RETURNING client_id::text AS value",
        user.id
    );
    if !world.app.text(&join).await.is_empty() {
        world.app.parts().callers.forget();
    }
}

fn heading(callers: &[Caller]) -> String {
    let mut heading = String::from(HEADING);
    write!(heading, "{:<26}{:<9}", "operation", "object").unwrap();
    for caller in callers {
        write!(heading, " {:>10}", caller.name).unwrap();
    }
    heading + "\n"
}

const HEADING: &str = "\
# What each operation answers to each kind of caller. UPDATE_ACCESS=1 cargo test --test api access rewrites this file.
# manager owns the ordinary objects, key owner (a key-account manager of the same team) the key ones; colleague and
# key coll. are in their team, foreign and key for. in another; member, a colleague of foreign, is on the account team
# of every client. in scope and no scope are a supervisor's service accounts, with just the scopes that the operation needs
# and with all but its own. A list answers 200+ when the object is in it.
";

fn committed(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/access.txt");
    if std::env::var_os("UPDATE_ACCESS").is_some() {
        std::fs::write(&path, table).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    for (made, known) in table.lines().zip(committed.lines()) {
        assert_eq!(made, known, "UPDATE_ACCESS=1 cargo test --test api access rewrites tests/api/access.txt");
    }
    assert_eq!(table.lines().count(), committed.lines().count(), "operations came or went; UPDATE_ACCESS=1");
}

/// An operation on one kind of object.
struct Row {
    operation: Operation,
    label: &'static str,
    target: Target,
    absent: bool,
}

/// The rows of an operation: one for ordinary and one for key clients if it is about something of a client, and one for
/// an object that does not exist.
async fn rows(world: &World, operation: Operation) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for target in [Target::Ordinary, Target::Key] {
        let call = call(world, operation.id, target).await;
        let label = match call.about {
            About::Nothing => "-",
            About::Shared => "any",
            About::User(_) => "of team",
            About::Client(Belongs { is_key: false, .. }) => "ordinary",
            About::Client(_) => "key",
        };
        if rows.iter().all(|row| row.label != label) {
            rows.push(Row { operation, label, target, absent: false });
        }
    }
    let needs_object = rows.iter().any(|row| row.label != "-");
    if needs_object && !operation.is_list() {
        rows.push(Row { operation, label: "absent", target: Target::Ordinary, absent: true });
    }
    rows
}

impl Row {
    async fn call(&self, world: &World) -> Call {
        let call = call(world, self.operation.id, self.target).await;
        if self.absent { call.absent() } else { call }
    }

    /// Sends one call, and compares the answer with the policy.
    async fn cell(&self, call: &Call, caller: &Caller, wrong: &mut Vec<String>) -> String {
        let offered = self.offered(call, caller).await;
        let answer = caller.user.send(call.request(&self.operation, &caller.user)).await;
        let mut told = answer.status.to_string();
        let expected = self.expected(caller, call);
        let mut complain = |what: String| {
            wrong.push(format!("{} {} as {}: {what}", self.operation.id, self.label, caller.name));
        };
        if !expected.fits(answer.status) {
            complain(format!("{} where the policy says {expected:?}: {:?}", answer.status, answer.body));
        }
        if offered.is_some_and(|offered| offered != (answer.status < 300)) {
            complain(format!("`actions` says {offered:?}, and then {}: {:?}", answer.status, answer.body));
        }
        if matches!(expected, Expected::Missing(_)) && !self.absent {
            let absent = call.absent();
            let nothing = caller.user.send(absent.request(&self.operation, &caller.user)).await;
            let (one, other) = (answer.told(&[call.id().unwrap()]), nothing.told(&[absent.id().unwrap()]));
            if one != other {
                complain(format!("what is out of reach can be told from what is absent:\n{one:#?}\n{other:#?}"));
            }
        }
        if self.operation.is_list() && answer.status == 200 && call.id().is_some() {
            let seen = lists(&self.operation, caller, answer, call.id().unwrap()).await;
            if seen != visible(&self.operation, caller, call) {
                complain(format!("in the list: {seen}"));
            }
            told.push(if seen { '+' } else { '-' });
        }
        told
    }

    /// Whether the resource, as the caller sees it, offers the operation among its `actions`.
    async fn offered(&self, call: &Call, caller: &Caller) -> Option<bool> {
        let mut parts = self.operation.path.split('/').skip(2);
        let (resources, "{id}", verb) = (parts.next()?, parts.next()?, parts.next()) else { return None };
        let action = match (self.operation.method, verb) {
            ("patch", None) => "update".to_owned(),
            ("delete", None) => "delete".to_owned(),
            ("post", Some("transfer")) if caller.is_member => return None,
            // A user does not show whether there is a second factor, and keys are resources of their own.
            ("post", Some("reset-second-factor" | "keys")) => return None,
            ("post", Some(verb)) => verb.to_owned(),
            _ => return None,
        };
        let seen = caller.user.get(&format!("/v1/{resources}/{}", call.id()?)).await;
        let actions = (seen.status == 200).then(|| seen.json()["actions"].as_array().cloned())??;
        Some(actions.contains(&Value::from(action)))
    }

    fn expected(&self, caller: &Caller, call: &Call) -> Expected {
        let Some(policy) = &caller.policy else {
            return if self.operation.is_public() { Expected::Success } else { Expected::Unknown };
        };
        if self.operation.is_public() {
            return Expected::Success;
        }
        let is_strange = self.operation.is_for_persons() && caller.in_scope.is_some();
        let permission = self.operation.permission();
        let persons_only = permission
            .is_some_and(|permission| ADMINISTRATION.contains(&permission) || permission.ends_with(":approve"))
            && caller.in_scope.is_some();
        if is_strange || persons_only || (caller.in_scope == Some(false) && permission.is_some()) {
            return Expected::Forbidden;
        }
        let Some(permission) = permission else {
            // The operation is about the caller's own things, but the one in the address belongs to another user.
            return if self.operation.path.contains('{') { Expected::Missing(404) } else { Expected::Success };
        };
        let reach = policy.reach(permission);
        if reach == Reach::None {
            return Expected::Forbidden;
        }
        if self.operation.is_list() {
            return Expected::Success;
        }
        if self.absent || !visible(&self.operation, caller, call) {
            // 404 if the address names the object; 422 if the body refers to it.
            return Expected::Missing(if self.operation.path.contains('{') { 404 } else { 422 });
        }
        // Nobody designates their own client, and a helper has not all rights of an owner.
        let is_own = matches!(call.about, About::Client(belongs) if belongs.owner == caller.user.id);
        if (self.operation.id == "designate_key_client" && is_own)
            || (caller.is_member && reach < Reach::All && NOT_BY_HELPERS.contains(&permission))
        {
            return Expected::Forbidden;
        }
        // The calls hand over to the colleague, who takes nothing for himself.
        if HANDS_OVER.contains(&self.operation.id) && caller.name == "key coll." && reach < Reach::All {
            return Expected::Forbidden;
        }
        // The calls hand over to someone of the owner's team, which is not the team of the account team's member.
        if HANDS_OVER.contains(&self.operation.id) && caller.is_member && reach < Reach::All {
            return Expected::Forbidden;
        }
        let designates = permission == "clients:designate_key" && reach == Reach::Team;
        let role = if designates { Role::Manager } else { policy.role };
        if covers(caller, role, reach, call.about) { Expected::Success } else { Expected::Forbidden }
    }
}

/// What the calls give to the colleague who is a key-account manager.
const HANDS_OVER: [&str; 2] = ["transfer_client", "assign_account_team"];

/// What the members of an account team may not do, whatever its owner may.
const NOT_BY_HELPERS: [&str; 4] =
    ["clients:archive", "clients:assign_team", "clients:designate_key", "clients:transfer"];

/// The answer that the policy demands for one cell.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Success,
    Unknown,
    Forbidden,
    Missing(u16),
}

impl Expected {
    fn fits(self, status: u16) -> bool {
        match self {
            Self::Success => (200..300).contains(&status),
            Self::Unknown => status == 401,
            Self::Forbidden => status == 403,
            Self::Missing(as_) => status == as_,
        }
    }
}

fn visible(operation: &Operation, caller: &Caller, call: &Call) -> bool {
    let (Some(policy), Some(permission)) = (&caller.policy, operation.permission()) else { return false };
    let resource = permission.split(':').next().unwrap();
    // Creating something for a client needs the right to read the client.
    let asked = matches!(call.about, About::Client(_)) && !operation.path.contains('{') && !operation.is_list();
    let read = format!("{}:read", if asked { "clients" } else { resource });
    // Who designates key clients in a team reaches all clients of the team with it.
    let designates = permission == "clients:designate_key" && policy.reach(permission) == Reach::Team;
    let is_teams = matches!(call.about, About::Client(belongs) if belongs.team == caller.user.team_id);
    covers(caller, policy.role, policy.reach(&read), call.about) || (designates && is_teams)
}

/// The rule of reach, written down a second time: own, the team (its key clients for a key-account manager), all.
fn covers(caller: &Caller, role: Role, reach: Reach, about: About) -> bool {
    let (About::Client(belongs) | About::User(belongs)) = about else { return reach > Reach::None };
    let is_own = belongs.owner == caller.user.id || (caller.is_member && matches!(about, About::Client(_)));
    let is_teams = belongs.team == caller.user.team_id;
    match reach {
        Reach::None => false,
        Reach::Own => is_own,
        Reach::Team if role == Role::KeyAccountManager => is_own || (is_teams && belongs.is_key),
        Reach::Team => is_own || is_teams,
        Reach::All => true,
    }
}

/// Whether `id` is on any page of the list.
async fn lists(operation: &Operation, caller: &Caller, first: Answer, id: &str) -> bool {
    let mut page = first.json();
    loop {
        if page["data"].as_array().unwrap().iter().any(|item| item["id"] == id) {
            return true;
        }
        let Some(cursor) = page["next_cursor"].as_str() else { return false };
        page = caller.user.get(&format!("{}?cursor={cursor}", operation.path)).await.ok();
    }
}

/// When the policies of managers and key-account managers change, what they may do and what `actions` offers change,
/// too.
#[actix_web::test]
async fn a_changed_policy_is_what_every_operation_and_its_actions_go_by() {
    let (world, mut callers, services) = callers().await;
    let changed = [(Role::Manager, manager_policy()), (Role::KeyAccountManager, key_account_manager_policy())];
    for (role, grants) in changed {
        let path = format!("/v1/roles/{}/policy", role.as_ref());
        let mut policy = world.sam.get(&path).await.ok();
        for (name, reach) in &grants {
            policy["permissions"][*name] = json!(reach);
        }
        for limit in ["max_discount_percent", "max_contract_amount", "max_order_amount", "self_approval_up_to"] {
            policy[limit] = Value::Null;
        }
        let body = [
            "permissions",
            "max_discount_percent",
            "max_contract_amount",
            "max_order_amount",
            "self_approval_up_to",
            "may_own_key_clients",
            "second_factor_required",
        ];
        let body: Value = body.iter().map(|name| ((*name).to_owned(), policy[*name].clone())).collect();
        world.sam.put(&path, &policy, body).await.ok();
        for caller in callers.iter_mut().filter(|caller| caller.policy.as_ref().is_some_and(|p| p.role == role)) {
            caller.policy = Some(Policy::of(role, &grants));
        }
    }
    let mut wrong = Vec::new();
    table(&world, &mut callers, &services, &mut wrong).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Managers see their team's clients and change only their own ones, and not their contacts. They also get the rights
/// to users and shared resources, most of which are new to them.
fn manager_policy() -> Vec<(&'static str, Reach)> {
    let reach = |name: &str| match name.split_once(':') {
        Some(_) if ADMINISTRATION.contains(&name) => Reach::None,
        Some((shared, _)) if SHARED.contains(&shared) => Reach::All,
        Some(("users", _)) => Reach::All,
        Some((_, "read")) => Reach::Team,
        Some(("contacts", _)) => Reach::None,
        _ => Reach::Own,
    };
    permissions().into_iter().map(|name| (name, reach(name))).collect()
}

/// Key-account managers read everything. They change only their own clients and orders, no contracts and interactions,
/// and the contacts within their team.
fn key_account_manager_policy() -> Vec<(&'static str, Reach)> {
    let reach = |name: &str| match name.split_once(':') {
        Some(_) if ADMINISTRATION.contains(&name) => Reach::None,
        Some((shared, action)) if SHARED.contains(&shared) => {
            if action == "read" {
                Reach::All
            } else {
                Reach::None
            }
        }
        Some((_, "read")) => Reach::All,
        Some(("clients" | "orders", _)) => Reach::Own,
        Some(("contracts" | "interactions", _)) => Reach::None,
        _ => Reach::Team,
    };
    permissions().into_iter().map(|name| (name, reach(name))).collect()
}
