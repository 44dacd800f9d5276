//! What a role's policy is, as a resource.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
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
    values::{Amount, Entity, Instant, Percent, Resource, bounds},
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
#[schema(as = RolePolicyFields, example = fields_example)]
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
    /// What users of the role may do without approval.
    #[serde(flatten)]
    pub limits: Limits,
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
            limits: policy.limits,
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
#[schema(as = RolePolicy, example = policy_example)]
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
#[expect(clippy::struct_excessive_bools, reason = "each is a limit of its own")]
pub struct NewRolePolicy {
    /// How far each right reaches: all rights, by name.
    #[schema(value_type = Permissions)]
    pub permissions: Grants,
    /// Largest discount on an order's line without approval, also when the price is cut by hand; `null` is without limit.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub max_discount_percent: Option<Percent>,
    /// How far above the list price a line may be priced by hand without approval; `null` is without limit.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub max_increase_percent: Option<Percent>,
    /// Largest contract signed off without approval, in the organisation's currency; `null` is without limit.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub max_contract_amount: Option<Amount>,
    /// Largest order submitted without approval, in the organisation's currency; `null` is without limit.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub max_order_amount: Option<Amount>,
    /// Within how many days the orders of one client that nobody else approved must stay below `max_order_amount` together; 0
    /// looks at each order by itself.
    #[serde(deserialize_with = "bounds::within::<0, 366, _>")]
    #[schema(minimum = 0, maximum = 366)]
    pub order_period_days: i32,
    /// Largest contract or order that a user of the role passes alone, in the organisation's currency; a larger one waits for a
    /// second person, whatever the other limits are. `null` is without limit.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub self_approval_up_to: Option<Amount>,
    /// Whether users of the role may charge another tax than the product's.
    pub may_change_tax: bool,
    /// Whether users of the role may let a client owe more than its credit limit.
    pub may_exceed_credit: bool,
    /// Whether users of the role may sell what went off sale after the order was drafted.
    pub may_sell_inactive: bool,
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
fn initial_policy() -> Value {
    with_limits(json!({"permissions": initial_grants()}))
}

fn fields_example() -> Value {
    with_limits(json!({"role": "manager", "version": 1, "created_at": "2026-11-24T09:30:00Z",
        "updated_at": "2026-11-24T09:30:00Z", "permissions": initial_grants()}))
}

fn policy_example() -> Value {
    let mut example = fields_example();
    if let Value::Object(members) = &mut example {
        members.insert("actions".to_owned(), json!(["update"]));
    }
    example
}

fn permissions_example() -> Value {
    with_limits(json!({"role": "manager", "permissions": initial_grants()}))
}

/// `example` with the limits that managers have at first.
fn with_limits(mut example: Value) -> Value {
    let limits = serde_json::to_value(Policy::initial(Role::Manager).limits);
    if let (Value::Object(members), Ok(Value::Object(limits))) = (&mut example, limits) {
        members.extend(limits);
    }
    example
}

impl NewRolePolicy {
    /// The limits.
    pub fn limits(&self) -> Limits {
        Limits {
            max_discount_percent: self.max_discount_percent,
            max_increase_percent: self.max_increase_percent,
            max_contract_amount: self.max_contract_amount,
            max_order_amount: self.max_order_amount,
            order_period_days: self.order_period_days,
            self_approval_up_to: self.self_approval_up_to,
            may_change_tax: self.may_change_tax,
            may_exceed_credit: self.may_exceed_credit,
            may_sell_inactive: self.may_sell_inactive,
            may_own_key_clients: self.may_own_key_clients,
            second_factor_required: self.second_factor_required,
            duplicates_tell: self.duplicates_tell,
        }
    }
}

/// What the caller may do, and how far.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = permissions_example)]
pub struct OwnPermissions {
    /// The caller's role.
    role: Role,
    /// How far each right reaches for the caller.
    #[schema(value_type = Permissions)]
    permissions: Grants,
    /// What the caller may do without approval.
    #[serde(flatten)]
    limits: Limits,
}

impl OwnPermissions {
    /// The permissions of `caller`.
    pub fn of(caller: &Caller) -> Self {
        let Policy { role, limits, .. } = &*caller.policy;
        Self { role: *role, permissions: caller.policy.grants().clone(), limits: *limits }
    }
}
