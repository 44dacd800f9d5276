//! Every right there is, with what each role has of it when nobody has changed the policy.

use super::role::{Reach, Reach::{All, None, Own, Team}, Role};

/// A right: its name and the default reach of manager, key-account manager and supervisor.
pub type Permission = (&'static str, [Reach; 3]);

/// All rights. A name is `resource:action`.
#[rustfmt::skip]
pub const PERMISSIONS: &[Permission] = &[
    //                              manager  key acc.  supervisor
    ("audit:read",                  [None,   None,     All]),
    ("clients:archive",             [Own,    Team,     All]),
    ("clients:create",              [Own,    Team,     All]),
    ("clients:designate_key",       [None,   Team,     All]),
    ("clients:read",                [Own,    Team,     All]),
    ("clients:read_confidential",   [None,   Own,      All]),
    ("clients:transfer",            [None,   Team,     All]),
    ("clients:update",              [Own,    Team,     All]),
    ("roles:read",                  [All,    All,      All]),
    ("teams:create",                [None,   None,     All]),
    ("teams:read",                  [All,    All,      All]),
    ("teams:update",                [None,   None,     All]),
    ("users:create",                [None,   None,     All]),
    ("users:read",                  [Team,   Team,     All]),
    ("users:update",                [None,   None,     All]),
];

/// The default reach of `role` for `permission`; a right that does not exist reaches nowhere.
pub fn default_reach(role: Role, permission: &str) -> Reach {
    let Some((_, [manager, key_account_manager, supervisor])) = PERMISSIONS.iter().find(|(name, _)| *name == permission)
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
