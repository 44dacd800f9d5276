//! All rights, with the reach that each role has by default.

use super::{
    Reach::{self, All, None, Own, Team},
    Role,
};

/// A right: its name and the default reach of manager, key-account manager and supervisor.
pub type Permission = (&'static str, [Reach; 3]);

/// All rights. A name is `resource:action`.
#[rustfmt::skip]
pub const PERMISSIONS: &[Permission] = &[
    //                              manager key acc. supervisor
    ("access_requests:create",      [Own,    Own,    All]),
    ("access_requests:decide",      [Own,    Own,    All]),
    ("access_requests:read",        [Own,    Own,    All]),
    ("audit:read",                  [None,   None,   All]),
    ("audit:verify",                [None,   None,   All]),
    ("clients:archive",             [Own,    Team,   All]),
    ("clients:assign_team",         [Own,    Own,    All]),
    ("clients:create",              [Own,    Team,   All]),
    ("clients:designate_key",       [None,   Team,   All]),
    ("clients:erase",               [None,   None,   All]),
    ("clients:merge",               [Own,    Team,   All]),
    ("clients:read",                [Own,    Team,   All]),
    ("clients:read_confidential",   [None,   Own,    All]),
    ("clients:read_personal_data",  [None,   None,   All]),
    ("clients:transfer",            [None,   Own,    All]),
    ("clients:update",              [Own,    Team,   All]),
    ("competitor_offers:create",    [All,    All,    All]),
    ("competitor_offers:read",      [All,    All,    All]),
    ("competitor_offers:update",    [All,    All,    All]),
    ("competitors:create",          [None,   None,   All]),
    ("competitors:read",            [All,    All,    All]),
    ("competitors:update",          [None,   None,   All]),
    ("contacts:create",             [Own,    Team,   All]),
    ("contacts:delete",             [Own,    Team,   All]),
    ("contacts:erase",              [None,   None,   All]),
    ("contacts:read",               [Own,    Team,   All]),
    ("contacts:read_personal_data", [None,   None,   All]),
    ("contacts:update",             [Own,    Team,   All]),
    ("contracts:approve",           [None,   Team,   All]),
    ("contracts:create",            [Own,    Team,   All]),
    ("contracts:delete",            [Own,    Team,   All]),
    ("contracts:read",              [Own,    Team,   All]),
    ("contracts:record",            [None,   None,   All]),
    ("contracts:sign",              [Own,    Team,   All]),
    ("contracts:terminate",         [None,   Team,   All]),
    ("contracts:update",            [Own,    Team,   All]),
    ("custom_fields:create",        [None,   None,   All]),
    ("custom_fields:read",          [All,    All,    All]),
    ("custom_fields:update",        [None,   None,   All]),
    ("departments:create",          [None,   None,   All]),
    ("departments:read",            [All,    All,    All]),
    ("departments:update",          [None,   None,   All]),
    ("deputies:create",             [Own,    Own,    All]),
    ("deputies:read",               [Own,    Own,    All]),
    ("deputies:update",             [Own,    Own,    All]),
    ("erasures:read",               [None,   None,   All]),
    ("exchange_rates:create",       [None,   None,   All]),
    ("exchange_rates:read",         [All,    All,    All]),
    ("exchange_rates:update",       [None,   None,   All]),
    ("exports:create",              [Own,    Own,    All]),
    ("exports:read",                [Own,    Own,    All]),
    ("imports:create",              [Own,    Own,    All]),
    ("imports:read",                [Own,    Own,    All]),
    ("imports:update",              [Own,    Own,    All]),
    ("interactions:create",         [Own,    Team,   All]),
    ("interactions:read",           [Own,    Team,   All]),
    ("interactions:update",         [Own,    Team,   All]),
    ("jobs:read",                   [Own,    Own,    All]),
    ("jobs:update",                 [Own,    Own,    All]),
    ("lost_reasons:create",         [None,   None,   All]),
    ("lost_reasons:read",           [All,    All,    All]),
    ("lost_reasons:update",         [None,   None,   All]),
    ("orders:approve",              [None,   Team,   All]),
    ("orders:create",               [Own,    Team,   All]),
    ("orders:execute",              [None,   None,   All]),
    ("orders:expedite",             [None,   Team,   All]),
    ("orders:hand_over",            [Own,    Team,   All]),
    ("orders:read",                 [Own,    Team,   All]),
    ("orders:record",               [None,   None,   All]),
    ("orders:update",               [Own,    Team,   All]),
    ("organization:read",           [All,    All,    All]),
    ("organization:update",         [None,   None,   All]),
    ("products:create",             [None,   None,   All]),
    ("products:read",               [All,    All,    All]),
    ("products:read_confidential",  [None,   None,   All]),
    ("products:update",             [None,   None,   All]),
    ("roles:read",                  [All,    All,    All]),
    ("roles:update",                [None,   None,   All]),
    ("saved_views:create",          [Own,    Own,    All]),
    ("saved_views:delete",          [Own,    Own,    All]),
    ("saved_views:read",            [Own,    Own,    All]),
    ("saved_views:update",          [Own,    Own,    All]),
    ("service_accounts:create",     [None,   None,   All]),
    ("service_accounts:read",       [None,   None,   All]),
    ("service_accounts:update",     [None,   None,   All]),
    ("teams:create",                [None,   None,   All]),
    ("teams:read",                  [All,    All,    All]),
    ("teams:update",                [None,   None,   All]),
    ("users:create",                [None,   None,   All]),
    ("users:read",                  [Team,   Team,   All]),
    ("users:update",                [None,   None,   All]),
];

/// Resources that belong to nobody: a right to them reaches everywhere or nowhere.
pub const SHARED: &[&str] = &[
    "audit",
    "departments",
    "erasures",
    "custom_fields",
    "competitor_offers",
    "competitors",
    "exchange_rates",
    "lost_reasons",
    "organization",
    "products",
    "roles",
    "service_accounts",
    "teams",
];

/// Rights with which a user can give rights to others or to themselves. Supervisors always have them, and nobody else
/// ever does.
pub const ADMINISTRATION: &[&str] =
    &["roles:update", "service_accounts:create", "service_accounts:update", "users:create", "users:update"];

/// Whether only a person can have `permission`. A program never decides who may sign in and with what rights, and never
/// approves or erases, whatever its scopes are.
pub fn is_for_persons_only(permission: &str) -> bool {
    let Some((resource, action)) = permission.split_once(':') else { return true };
    matches!(action, "approve" | "erase")
        || (matches!(resource, "deputies" | "roles" | "service_accounts" | "sessions" | "users") && action != "read")
}

/// The default reach of `role` for `permission`; a right that does not exist reaches nowhere.
pub fn default_reach(role: Role, permission: &str) -> Reach {
    let Some((_, [manager, key_account_manager, supervisor])) =
        PERMISSIONS.iter().find(|(name, _)| *name == permission)
    else {
        return None;
    };
    match role {
        Role::Manager => *manager,
        Role::KeyAccountManager => *key_account_manager,
        Role::Supervisor => *supervisor,
    }
}

#[cfg(test)]
mod tests {
    use super::PERMISSIONS;

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(PERMISSIONS.is_sorted_by(|(left, _), (right, _)| left < right));
    }
}
