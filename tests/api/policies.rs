//! What each role may do by its initial policy, written down a second time from the design, so that the expectations do
//! not come from the server's own tables.

use std::collections::BTreeMap;

use liaison::access::role::{
    Reach::{self, All, None, Own, Team},
    Role,
};
use serde_json::{Value, json};

use crate::harness::TestApp;

/// The rights, grouped by their reach for managers, key-account managers and supervisors.
const RIGHTS: [([Reach; 3], &[&str]); 7] = [
    (
        [Own, Team, All],
        &[
            "clients:archive",
            "clients:create",
            "clients:merge",
            "clients:read",
            "clients:update",
            "contacts:create",
            "contacts:delete",
            "contacts:read",
            "contacts:update",
            "contracts:create",
            "contracts:delete",
            "contracts:read",
            "contracts:sign",
            "contracts:update",
            "interactions:create",
            "interactions:read",
            "interactions:update",
            "orders:create",
            "orders:hand_over",
            "orders:read",
            "orders:update",
        ],
    ),
    (
        [None, Team, All],
        &["clients:designate_key", "contracts:approve", "contracts:terminate", "orders:approve", "orders:expedite"],
    ),
    ([None, Own, All], &["clients:read_confidential", "clients:transfer"]),
    (
        [Own, Own, All],
        &[
            "access_requests:create",
            "access_requests:decide",
            "access_requests:read",
            "clients:assign_team",
            "saved_views:create",
            "saved_views:delete",
            "saved_views:read",
            "saved_views:update",
            "deputies:create",
            "deputies:read",
            "deputies:update",
            "exports:create",
            "exports:read",
            "imports:create",
            "imports:read",
            "imports:update",
            "jobs:read",
            "jobs:update",
        ],
    ),
    ([Team, Team, All], &["users:read"]),
    (
        [All, All, All],
        &[
            "custom_fields:read",
            "departments:read",
            "competitor_offers:create",
            "competitor_offers:read",
            "competitor_offers:update",
            "competitors:read",
            "exchange_rates:read",
            "lost_reasons:read",
            "organization:read",
            "products:read",
            "roles:read",
            "teams:read",
        ],
    ),
    (
        [None, None, All],
        &[
            "audit:read",
            "audit:verify",
            "clients:erase",
            "clients:read_personal_data",
            "contacts:erase",
            "contacts:read_personal_data",
            "departments:create",
            "departments:update",
            "erasures:read",
            "custom_fields:create",
            "custom_fields:update",
            "contracts:record",
            "competitors:create",
            "competitors:update",
            "exchange_rates:create",
            "exchange_rates:update",
            "lost_reasons:create",
            "lost_reasons:update",
            "orders:execute",
            "orders:record",
            "organization:update",
            "products:create",
            "products:read_confidential",
            "products:update",
            "roles:update",
            "service_accounts:create",
            "service_accounts:read",
            "service_accounts:update",
            "teams:create",
            "teams:update",
            "users:create",
            "users:update",
        ],
    ),
];

/// The rights to give rights; no service account can have one.
pub const ADMINISTRATION: [&str; 5] =
    ["roles:update", "service_accounts:create", "service_accounts:update", "users:create", "users:update"];

/// Resources that belong to nobody.
pub const SHARED: [&str; 13] = [
    "competitor_offers",
    "competitors",
    "exchange_rates",
    "audit",
    "departments",
    "erasures",
    "custom_fields",
    "lost_reasons",
    "organization",
    "products",
    "roles",
    "service_accounts",
    "teams",
];

/// The largest discount, contract and order without approval, and whether users of the role may own key clients.
const LIMITS: [(Role, [Option<&str>; 3], bool); 3] = [
    (Role::Manager, [Some("5.00"), Some("0.00"), Some("100000.00")], false),
    (Role::KeyAccountManager, [Some("15.00"), Some("1000000.00"), Some("1000000.00")], true),
    (Role::Supervisor, [Option::None; 3], true),
];

/// The names of all rights, sorted.
pub fn permissions() -> Vec<&'static str> {
    let mut names: Vec<&str> = RIGHTS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    names.sort_unstable();
    names
}

/// What the users of a role may do.
#[derive(Clone, Debug)]
pub struct Policy {
    pub role: Role,
    grants: BTreeMap<&'static str, Reach>,
}

impl Policy {
    /// The policy that a new installation begins with.
    pub fn initial(role: Role) -> Self {
        let of_role = |reaches: &[Reach; 3]| match role {
            Role::Manager => reaches[0],
            Role::KeyAccountManager => reaches[1],
            Role::Supervisor => reaches[2],
        };
        let grants = RIGHTS.iter().flat_map(|(reaches, names)| names.iter().map(move |name| (*name, of_role(reaches))));
        Self { role, grants: grants.collect() }
    }

    /// A policy with these grants.
    pub fn of(role: Role, grants: &[(&'static str, Reach)]) -> Self {
        Self { role, grants: grants.iter().copied().collect() }
    }

    /// How far `permission` reaches.
    pub fn reach(&self, permission: &str) -> Reach {
        self.grants.get(permission).copied().unwrap_or_else(|| panic!("{permission} is not in tests/api/policies.rs"))
    }
}

#[actix_web::test]
async fn a_new_installation_begins_with_the_policies_of_the_design() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    for (role, limits, may_own_key_clients) in LIMITS {
        let policy = sue.get(&format!("/v1/roles/{}/policy", role.as_ref())).await.ok();
        let expected = json!(Policy::initial(role).grants);
        assert_eq!(policy["permissions"], expected, "{role:?}");
        let names = ["max_discount_percent", "max_contract_amount", "max_order_amount"];
        assert_eq!(names.map(|name| policy[name].clone()), limits.map(Value::from), "{role:?}");
        assert_eq!(policy["may_own_key_clients"], may_own_key_clients, "{role:?}");
        assert_eq!(policy["second_factor_required"], false, "{role:?}");
    }
}
