//! What a role may do: rights with their reach, and limits.

use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

use aws_lc_rs::digest;
use diesel::{
    QueryDsl,
    deserialize::FromSqlRow,
    expression::AsExpression,
    prelude::{AsChangeset, Insertable, Queryable, Selectable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use foldhash::fast::FixedState;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString};
use utoipa::ToSchema;

use super::{
    Reach, Role,
    permission::{PERMISSIONS, default_reach, is_for_persons_only},
};
use crate::{
    db::{schema::role_policies, stored_as_text},
    error::{Error, Result},
    values::{Amount, Percent},
};

/// The rights of one role, by name.
pub type Grants = BTreeMap<String, Reach>;

/// The policy of one role, as the requests of its users need it.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Whose policy this is.
    pub role: Role,
    /// The limits.
    pub limits: Limits,
    grants: Grants,
    rights: Rights,
    digest: OnceLock<Vec<u8>>,
}

/// The same rights by resource and action. Each row of a page asks for several rights, and this saves building their
/// names. A caller chooses none of the keys, so the hash need not withstand chosen ones.
type Rights = HashMap<(&'static str, &'static str), Reach, FixedState>;

/// What a role may do without approval. Amounts are in the organisation's currency.
#[derive(
    Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema, Queryable, Selectable, Insertable, AsChangeset,
)]
#[diesel(table_name = role_policies, treat_none_as_null = true, treat_none_as_default_value = false)]
#[expect(clippy::struct_excessive_bools, reason = "each is a limit of its own")]
pub struct Limits {
    /// Largest discount on an order's line without approval, also when the price is cut by hand; `null` is without limit.
    pub max_discount_percent: Option<Percent>,
    /// How far above the list price a line may be priced by hand without approval; `null` is without limit.
    pub max_increase_percent: Option<Percent>,
    /// Largest contract signed off without approval, in the organisation's currency; `null` is without limit.
    pub max_contract_amount: Option<Amount>,
    /// Largest order submitted without approval, in the organisation's currency; `null` is without limit.
    pub max_order_amount: Option<Amount>,
    /// Within how many days the orders of one client that nobody else approved must stay below `max_order_amount` together; 0
    /// looks at each order by itself.
    #[schema(minimum = 0, maximum = 366)]
    pub order_period_days: i32,
    /// Largest contract or order that a user of the role passes alone, in the organisation's currency; a larger one waits for a
    /// second person, whatever the other limits are. `null` is without limit.
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
    /// What users of the role are told of a client out of their reach that they enter again.
    pub duplicates_tell: DuplicatesTell,
}

/// How much a role is told of a client out of its reach that somebody enters again.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    AsRefStr,
    EnumString,
    AsExpression,
    FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum DuplicatesTell {
    /// That there is such a client.
    Existence,
    /// Also the name of its owner.
    #[default]
    Owner,
}
stored_as_text!(DuplicatesTell);

/// The limits that a refusal can name.
pub const LIMITS: [&str; 11] = [
    "credit_limit",
    "exchange_rate",
    "max_contract_amount",
    "max_discount_percent",
    "max_increase_percent",
    "max_order_amount",
    "min_price",
    "off_sale",
    "order_period",
    "self_approval_up_to",
    "tax_rate",
];

impl Limits {
    /// Whether one person alone may pass something of this amount.
    pub fn one_passes(&self, amount: Decimal) -> bool {
        self.self_approval_up_to.is_none_or(|most| amount <= most.value())
    }
}

impl Policy {
    /// A policy as stored. A right that was added later has its default reach.
    pub fn new(role: Role, limits: Limits, stored: &Grants) -> Self {
        Self::with(role, limits, complete(role, stored))
    }

    /// The policy that a new installation begins with.
    pub fn initial(role: Role) -> Self {
        Self::with(role, initial_limits(role), complete(role, &Grants::new()))
    }

    fn with(role: Role, limits: Limits, grants: Grants) -> Self {
        let right = |(name, _): &(&'static str, _)| Some((name.split_once(':')?, *grants.get(*name)?));
        let rights = PERMISSIONS.iter().filter_map(right).collect();
        Self { role, limits, grants, rights, digest: OnceLock::new() }
    }

    /// How far `permission` reaches.
    pub fn reach(&self, permission: &str) -> Reach {
        self.grants.get(permission).copied().unwrap_or(Reach::None)
    }

    /// How far the right to do `action` to resources of this kind reaches.
    pub fn reach_of(&self, resource: &str, action: &str) -> Reach {
        self.rights.get(&(resource, action)).copied().unwrap_or(Reach::None)
    }

    /// A digest of the role with its rights and limits, made when it is first asked for.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn digest(&self) -> Result<&[u8]> {
        if let Some(made) = self.digest.get() {
            return Ok(made);
        }
        let whole = serde_json::to_vec(&(self.role, self.limits, &self.grants)).map_err(Error::internal)?;
        Ok(self.digest.get_or_init(|| digest::digest(&digest::SHA256, &whole).as_ref().to_vec()))
    }

    /// The policy narrowed to `scopes`: a right outside them reaches nowhere, and a right within them reaches as far as
    /// before. Rights that only persons can have always count as outside.
    #[must_use]
    pub fn narrowed(&self, scopes: &[&str]) -> Self {
        let within = |name: &str| scopes.contains(&name) && !is_for_persons_only(name);
        let reach = |(name, reach): (&String, &Reach)| (name.clone(), if within(name) { *reach } else { Reach::None });
        Self::with(self.role, self.limits, self.grants.iter().map(reach).collect())
    }

    /// Every right with its reach.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }
}

fn complete(role: Role, stored: &Grants) -> Grants {
    let reach = |name: &str| stored.get(name).copied().unwrap_or_else(|| default_reach(role, name));
    PERMISSIONS.iter().map(|(name, _)| ((*name).to_owned(), reach(name))).collect()
}

fn initial_limits(role: Role) -> Limits {
    let percent = |value: i64| Percent::new(Decimal::from(value)).ok();
    let amount = |value: i64| Amount::new(Decimal::from(value)).ok();
    match role {
        Role::Manager => Limits {
            max_discount_percent: percent(5),
            max_increase_percent: percent(10),
            max_contract_amount: amount(0),
            max_order_amount: amount(100_000),
            order_period_days: 1,
            self_approval_up_to: None,
            may_change_tax: false,
            may_exceed_credit: false,
            may_sell_inactive: false,
            may_own_key_clients: false,
            second_factor_required: false,
            duplicates_tell: DuplicatesTell::Owner,
        },
        Role::KeyAccountManager => Limits {
            max_discount_percent: percent(15),
            max_increase_percent: percent(25),
            max_contract_amount: amount(1_000_000),
            max_order_amount: amount(1_000_000),
            order_period_days: 1,
            self_approval_up_to: None,
            may_change_tax: false,
            may_exceed_credit: false,
            may_sell_inactive: false,
            may_own_key_clients: true,
            second_factor_required: false,
            duplicates_tell: DuplicatesTell::Owner,
        },
        Role::Supervisor => Limits {
            max_discount_percent: None,
            max_increase_percent: None,
            max_contract_amount: None,
            max_order_amount: None,
            order_period_days: 1,
            self_approval_up_to: amount(5_000_000),
            may_change_tax: true,
            may_exceed_credit: true,
            may_sell_inactive: true,
            may_own_key_clients: true,
            second_factor_required: false,
            duplicates_tell: DuplicatesTell::Owner,
        },
    }
}

/// Whether users of `role` may own key clients. This cannot change until the open transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn may_own_key_clients(db: &mut AsyncPgConnection, role: Role) -> Result<bool> {
    let may = role_policies::table.find(role).select(role_policies::may_own_key_clients).for_share().first(db).await?;
    Ok(may)
}

/// Whether users of `role` need a second factor, read in the open transaction.
///
/// # Errors
/// When the database fails.
pub async fn second_factor_required(db: &mut AsyncPgConnection, role: Role) -> Result<bool> {
    Ok(role_policies::table.find(role).select(role_policies::second_factor_required).first(db).await?)
}

#[cfg(test)]
mod tests {
    use super::{Limits, Policy, initial_limits};
    use crate::access::{Reach, Role};

    #[test]
    fn scopes_never_add_to_a_policy() {
        for role in [Role::Manager, Role::KeyAccountManager, Role::Supervisor] {
            let whole = Policy::initial(role);
            let every: Vec<&str> = whole.grants().keys().map(String::as_str).collect();
            for scopes in [&[][..], &["clients:read"], &["clients:read", "no:such"], &every] {
                let narrowed = whole.narrowed(scopes);
                assert_eq!((narrowed.role, narrowed.limits), (role, whole.limits));
                for (name, reach) in narrowed.grants() {
                    let expected = if scopes.contains(&name.as_str()) { whole.reach(name) } else { Reach::None };
                    assert!(*reach == expected || *reach == Reach::None, "{role:?} {name}: {reach:?}");
                }
            }
            assert_eq!(whole.narrowed(&["clients:read"]).reach("clients:read"), whole.reach("clients:read"));
        }
    }

    #[test]
    fn a_right_is_found_by_its_name_and_by_its_parts() {
        for policy in [Policy::initial(Role::Manager), Policy::initial(Role::Supervisor).narrowed(&["clients:read"])] {
            for (name, reach) in policy.grants() {
                let (resource, action) = name.split_once(':').unwrap();
                assert_eq!((policy.reach_of(resource, action), policy.reach(name)), (*reach, *reach), "{name}");
            }
            assert_eq!(policy.reach_of("clients", "fly"), Reach::None);
        }
    }

    #[test]
    fn other_rights_have_another_digest() {
        let whole = Policy::initial(Role::Supervisor);
        let digest = whole.digest().unwrap().to_vec();
        assert_eq!(Policy::initial(Role::Supervisor).digest().unwrap(), digest);
        assert_ne!(whole.narrowed(&["clients:read"]).digest().unwrap(), digest);
        assert_ne!(Policy::initial(Role::KeyAccountManager).digest().unwrap(), digest);
        let limits = Limits { may_own_key_clients: false, ..whole.limits };
        assert_ne!(Policy::new(Role::Supervisor, limits, whole.grants()).digest().unwrap(), digest);
    }

    #[test]
    fn no_scope_makes_an_administrator_of_a_service_account() {
        let whole = Policy::initial(Role::Supervisor);
        let every: Vec<&str> = whole.grants().keys().map(String::as_str).collect();
        let narrowed = whole.narrowed(&every);
        for name in
            ["users:create", "users:update", "service_accounts:create", "service_accounts:update", "roles:update"]
        {
            assert_eq!(narrowed.reach(name), Reach::None, "{name}");
        }
        assert_eq!((narrowed.reach("users:read"), narrowed.reach("clients:update")), (Reach::All, Reach::All));
    }

    #[test]
    fn a_service_account_shrinks_with_its_role() {
        let stored = [("clients:read".to_owned(), Reach::None)].into();
        let limits = initial_limits(Role::Supervisor);
        let policy = Policy::new(Role::Supervisor, limits, &stored);
        assert_eq!(policy.narrowed(&["clients:read"]).reach("clients:read"), Reach::None);
    }
}
