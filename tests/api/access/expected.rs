//! The answer that each caller must get, by the policy of their role. The server's rules are written down here a second
//! time.

use liaison::access::{Reach, Role};

use super::{callers::Caller, row::Row};
use crate::{
    calls::{About, Call, Operation},
    policies::ADMINISTRATION,
};

/// The answer that the policy demands for one cell.
#[derive(Clone, Copy, Debug)]
pub enum Expected {
    Success,
    Unknown,
    Forbidden,
    Missing(u16),
}

impl Expected {
    pub fn fits(self, status: u16) -> bool {
        match self {
            Self::Success => (200..300).contains(&status),
            Self::Unknown => status == 401,
            Self::Forbidden => status == 403,
            Self::Missing(as_) => status == as_,
        }
    }
}

/// What the calls give to the colleague who is a key-account manager.
const HANDS_OVER: [&str; 2] = ["transfer_client", "assign_account_team"];

/// What succeeds for everyone with the right, and tells of each client whether it can go.
const TELLS_OF_EACH: [&str; 2] = ["transfer_clients", "preview_client_transfer"];

/// What the members of an account team may not do, whatever its owner may.
const NOT_BY_HELPERS: [&str; 10] = [
    "access_requests:decide",
    "clients:archive",
    "clients:assign_team",
    "clients:designate_key",
    "clients:erase",
    "clients:merge",
    "clients:read_personal_data",
    "clients:transfer",
    "contacts:erase",
    "contacts:read_personal_data",
];

impl Row {
    pub fn expected(&self, caller: &Caller, call: &Call) -> Expected {
        let Some(policy) = &caller.policy else {
            return if self.operation.is_public() { Expected::Success } else { Expected::Unknown };
        };
        if self.operation.is_public() {
            return Expected::Success;
        }
        let is_strange = self.operation.is_for_persons() && caller.in_scope.is_some();
        let permission = self.operation.permission();
        let persons_only = permission.is_some_and(is_for_persons) && caller.in_scope.is_some();
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
        if self.operation.is_list() || TELLS_OF_EACH.contains(&self.operation.id) {
            return Expected::Success;
        }
        if self.absent || !visible(&self.operation, caller, call) {
            // 404 if the address names the object; 422 if the body refers to it.
            // An operation that creates names in its address only the new object.
            let names_object = self.operation.path.contains('{') && !self.operation.id.starts_with("upsert_");
            return Expected::Missing(if names_object { 404 } else { 422 });
        }
        // The job goes through all clients.
        if self.operation.id == "scan_client_duplicates" {
            return if reach == Reach::All { Expected::Success } else { Expected::Forbidden };
        }
        // The call names a colleague of one team as the deputy.
        if self.operation.id == "create_deputy" && reach < Reach::All {
            let is_colleague = call.object["team_id"] == serde_json::json!(caller.user.team_id);
            return if is_colleague { Expected::Success } else { Expected::Forbidden };
        }
        // Nobody designates their own client, and a helper has not all rights of an owner.
        let is_own = matches!(call.about, About::Client(belongs) if belongs.owner == caller.user.id);
        if (self.operation.id == "designate_key_client" && is_own)
            || (caller.is_member && reach < Reach::All && NOT_BY_HELPERS.contains(&permission))
        {
            return Expected::Forbidden;
        }
        // The calls hand over to the colleague, who takes nothing for himself and is not of the account team member's team.
        let hands_over = HANDS_OVER.contains(&self.operation.id) && reach < Reach::All;
        if hands_over && (caller.name == "key coll." || caller.is_member) {
            return Expected::Forbidden;
        }
        let designates = permission == "clients:designate_key" && reach == Reach::Team;
        let role = if designates { Role::Manager } else { policy.role };
        if covers(caller, role, reach, call.about) { Expected::Success } else { Expected::Forbidden }
    }
}

/// Whether only a person may use the right, no service account.
fn is_for_persons(permission: &str) -> bool {
    ADMINISTRATION.contains(&permission)
        || ["deputies:create", "deputies:update"].contains(&permission)
        || [":approve", ":erase"].iter().any(|end| permission.ends_with(end))
}

pub fn visible(operation: &Operation, caller: &Caller, call: &Call) -> bool {
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
