//! What a role's policy is, as a resource.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, Ref, RefOr, Schema},
};
use uuid::Uuid;

use crate::{
    access::{
        Actor, Belongs, Caller, DuplicatesTell, Grants, Limits, Ownership, Policy, Reach, Role,
        permission::{PERMISSIONS, Permission},
    },
    http::View,
    values::{Amount, Entity, Instant, Percent, Resource},
};

/// The schema of the rights of a role: each of them, with its reach.
#[derive(Debug)]
struct Permissions;

impl PartialSchema for Permissions {
    fn schema() -> RefOr<Schema> {
        let rights = ObjectBuilder::new().description(Some("How far each right reaches."));
        let add = |rights: ObjectBuilder, (name, _): &Permission| {
            let mut reach = Ref::from_schema_name("Reach");
            reach.description = format!("How far `{name}` reaches.");
            rights.property(*name, reach).required(*name)
        };
        PERMISSIONS.iter().fold(rights, add).into()
    }
}

impl ToSchema for Permissions {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push(("Reach".to_owned(), Reach::schema()));
    }
}

/// What a role may do: rights with their reach, and limits.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = RolePolicyFields, example = json!({"role": "manager", "version": 1, "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z",
    "permissions": initial_grants(),
    "max_discount_percent": "5.00", "max_contract_amount": "0.00", "max_order_amount": "100000.00", "self_approval_up_to": null, "may_own_key_clients": false,
    "second_factor_required": false, "duplicates_tell": "owner"}))]
pub struct RolePolicy {
    /// Whose policy it is.
    pub role: Role,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the policy was created.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// How far each right reaches.
    #[schema(value_type = Permissions)]
    pub permissions: Grants,
    /// Largest discount on an order's line without approval; `null` is without limit.
    pub max_discount_percent: Option<Percent>,
    /// Largest contract signed off without approval, in the contract's currency; `null` is without limit.
    pub max_contract_amount: Option<Amount>,
    /// Largest order submitted without approval, in the order's currency; `null` is without limit.
    pub max_order_amount: Option<Amount>,
    /// Largest contract or order that a user of the role passes alone, in its own currency; a larger one waits for a second
    /// person, whatever the other limits are. `null` is without limit.
    pub self_approval_up_to: Option<Amount>,
    /// Whether users of the role may own key clients.
    pub may_own_key_clients: bool,
    /// Whether users of the role need a second factor; without one they can do nothing but set it up.
    pub second_factor_required: bool,
    /// What users of the role are told of a client out of their reach that they enter again.
    pub duplicates_tell: DuplicatesTell,
}

impl RolePolicy {
    /// `policy` with its version and its times.
    pub fn of(policy: &Policy, version: i64, created_at: Instant, updated_at: Instant) -> Self {
        Self {
            role: policy.role,
            version,
            created_at,
            updated_at,
            permissions: policy.grants().clone(),
            max_discount_percent: policy.limits.max_discount_percent,
            max_contract_amount: policy.limits.max_contract_amount,
            max_order_amount: policy.limits.max_order_amount,
            self_approval_up_to: policy.limits.self_approval_up_to,
            may_own_key_clients: policy.limits.may_own_key_clients,
            second_factor_required: policy.limits.second_factor_required,
            duplicates_tell: policy.limits.duplicates_tell,
        }
    }

    /// The same with only the rights whose reach differs from that in `other`, so that the record of a change names
    /// only what changed.
    #[must_use]
    pub fn without_rights_of(&self, other: &Self) -> Self {
        let mut changed = self.clone();
        changed.permissions.retain(|name, reach| other.permissions.get(name) != Some(reach));
        changed
    }
}

impl Resource for RolePolicy {
    const NAME: &'static str = "roles";
}

impl Belongs for RolePolicy {
    fn ownership(&self) -> Option<Ownership> {
        None
    }
}

impl Entity for RolePolicy {
    /// A role has a name and no id, but the audit log needs one.
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(match self.role {
            Role::Manager => 1,
            Role::KeyAccountManager => 2,
            Role::Supervisor => 3,
        })
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/roles/{}/policy", self.role.as_ref())
    }
}

/// A role's policy, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RolePolicy, example = json!({"role": "manager", "version": 1, "created_at": "2026-11-24T09:30:00Z",
    "updated_at": "2026-11-24T09:30:00Z", "permissions": initial_grants(),
    "max_discount_percent": "5.00", "max_contract_amount": "0.00", "max_order_amount": "100000.00",
    "self_approval_up_to": null, "may_own_key_clients": false, "second_factor_required": false, "duplicates_tell": "owner",
    "actions": ["update"]}))]
pub struct RolePolicyView {
    #[serde(flatten)]
    policy: RolePolicy,
    /// What the caller may do with the policy now.
    actions: Vec<&'static str>,
}

impl RolePolicyView {
    /// `policy` as `actor` sees it.
    pub fn of(policy: RolePolicy, actor: &Actor) -> Self {
        let may = actor.reach("roles:update") == Reach::All;
        Self { policy, actions: if may { vec!["update"] } else { Vec::new() } }
    }
}

impl View for RolePolicyView {
    type Row = RolePolicy;

    fn row(&self) -> &RolePolicy {
        &self.policy
    }
}

/// What a role shall be allowed to do, in full.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = initial_policy)]
pub struct NewRolePolicy {
    /// How far each right reaches: all rights, by name.
    #[schema(value_type = Permissions)]
    pub permissions: Grants,
    /// Largest discount on an order's line without approval; `null` is without limit.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub max_discount_percent: Option<Percent>,
    /// Largest contract signed off without approval, in the contract's currency; `null` is without limit.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub max_contract_amount: Option<Amount>,
    /// Largest order submitted without approval, in the order's currency; `null` is without limit.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub max_order_amount: Option<Amount>,
    /// Largest contract or order that a user of the role passes alone, in its own currency; a larger one waits for a second
    /// person, whatever the other limits are. `null` is without limit.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub self_approval_up_to: Option<Amount>,
    /// Whether users of the role may own key clients.
    pub may_own_key_clients: bool,
    /// Whether users of the role need a second factor; without one they can do nothing but set it up.
    pub second_factor_required: bool,
    /// What users of the role are told of a client out of their reach that they enter again; the owner's name when left out.
    #[serde(default)]
    #[schema(default = "owner")]
    pub duplicates_tell: DuplicatesTell,
}

/// The rights that managers have at first.
fn initial_grants() -> Grants {
    Policy::initial(Role::Manager).grants().clone()
}

/// What a manager may do at first, as a body.
fn initial_policy() -> serde_json::Value {
    let Policy { limits, .. } = &Policy::initial(Role::Manager);
    json!({
        "permissions": Policy::initial(Role::Manager).grants(),
        "max_discount_percent": limits.max_discount_percent,
        "max_contract_amount": limits.max_contract_amount,
        "max_order_amount": limits.max_order_amount,
        "self_approval_up_to": limits.self_approval_up_to,
        "may_own_key_clients": limits.may_own_key_clients,
        "second_factor_required": limits.second_factor_required,
        "duplicates_tell": limits.duplicates_tell,
    })
}

impl NewRolePolicy {
    /// The limits.
    pub fn limits(&self) -> Limits {
        Limits {
            max_discount_percent: self.max_discount_percent,
            max_contract_amount: self.max_contract_amount,
            max_order_amount: self.max_order_amount,
            self_approval_up_to: self.self_approval_up_to,
            may_own_key_clients: self.may_own_key_clients,
            second_factor_required: self.second_factor_required,
            duplicates_tell: self.duplicates_tell,
        }
    }
}

/// What the caller may do, and how far.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"role": "manager", "permissions": initial_grants(),
    "max_discount_percent": "5.00", "max_contract_amount": "0.00", "max_order_amount": "100000.00",
    "self_approval_up_to": null, "may_own_key_clients": false}))]
pub struct OwnPermissions {
    /// The caller's role.
    role: Role,
    /// How far each right reaches for the caller.
    #[schema(value_type = Permissions)]
    permissions: Grants,
    /// Largest discount on an order's line without approval; `null` is without limit.
    max_discount_percent: Option<Percent>,
    /// Largest contract signed off without approval, in the contract's currency; `null` is without limit.
    max_contract_amount: Option<Amount>,
    /// Largest order submitted without approval, in the order's currency; `null` is without limit.
    max_order_amount: Option<Amount>,
    /// Largest contract or order that the caller passes alone, in its own currency; `null` is without limit.
    self_approval_up_to: Option<Amount>,
    /// Whether the caller may own key clients.
    may_own_key_clients: bool,
}

impl OwnPermissions {
    /// The permissions of `caller`.
    pub fn of(caller: &Caller) -> Self {
        let Policy { role, limits, .. } = &*caller.policy;
        Self {
            role: *role,
            permissions: caller.policy.grants().clone(),
            max_discount_percent: limits.max_discount_percent,
            max_contract_amount: limits.max_contract_amount,
            max_order_amount: limits.max_order_amount,
            self_approval_up_to: limits.self_approval_up_to,
            may_own_key_clients: limits.may_own_key_clients,
        }
    }
}
