//! What a role's policy is, as a resource.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::{
        policy::{Grants, Policy},
        role::Role,
    },
    rest::{
        entity::{Entity, Resource, View},
        number::{Amount, Percent},
        time::Instant,
    },
};

/// What a role may do: rights with their reach, and limits.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"role": "manager", "version": 1, "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z",
    "permissions": {"clients:read": "own", "clients:designate_key": "none"},
    "max_discount_percent": "5.00", "max_contract_amount": "0.00", "max_order_amount": "100000.00", "may_own_key_clients": false,
    "second_factor_required": false}))]
pub struct RolePolicy {
    /// Whose policy it is.
    pub role: Role,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the policy came into being.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// How far each right reaches.
    pub permissions: Grants,
    /// Largest discount on an order's line without approval; `null` is without limit.
    pub max_discount_percent: Option<Percent>,
    /// Largest contract signed off without approval, in the contract's currency; `null` is without limit.
    pub max_contract_amount: Option<Amount>,
    /// Largest order submitted without approval, in the order's currency; `null` is without limit.
    pub max_order_amount: Option<Amount>,
    /// Whether users of the role may own key clients.
    pub may_own_key_clients: bool,
    /// Whether users of the role need a second factor; without one they can do nothing but set it up.
    pub second_factor_required: bool,
}

impl RolePolicy {
    /// `policy` as it was stored.
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
            may_own_key_clients: policy.limits.may_own_key_clients,
            second_factor_required: policy.limits.second_factor_required,
        }
    }
}

impl Resource for RolePolicy {
    const NAME: &'static str = "roles";
}

impl Entity for RolePolicy {
    /// A role is named, not numbered.
    fn uuid(&self) -> Uuid {
        Uuid::nil()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/roles/{}/policy", self.role.as_ref())
    }
}

impl View for RolePolicy {
    type Row = Self;

    fn row(&self) -> &Self {
        self
    }
}
