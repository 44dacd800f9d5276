//! What a service account and its keys are.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::Pg,
    prelude::{Identifiable, Insertable, Queryable, Selectable},
    serialize::{self, Output, ToSql},
    sql_types,
};
use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::bodies::{breaches_of_departments, breaches_of_lists};
use crate::{
    access::{
        ApiKeyId, Belongs, Ownership, Role, TeamId, UserId,
        permission::{PERMISSIONS, is_for_persons_only},
    },
    db::{
        Jsonb,
        schema::{api_keys, service_accounts, users},
    },
    departments::DepartmentId,
    error::FieldError,
    http::{Patch, PatchText, Terms},
    list::Sort,
    users::UserStatus,
    values::{Checked, Day, Entity, Instant, Invalid, Line, Resource, Rule, Text, network::Network},
};

/// Most scopes of an account or a key.
pub const MAX_SCOPES: usize = 100;
/// Most networks of an account or a key.
pub const MAX_NETWORKS: usize = 50;

/// Most departments of an account.
pub const MAX_DEPARTMENTS: usize = 50;

/// The name of a right that a service account can have.
pub type ScopeName = Checked<ScopeRule>;

/// See [`ScopeName`].
#[derive(Debug)]
pub struct ScopeRule;
impl Rule for ScopeRule {
    const NAME: &'static str = "ScopeName";
    const ABOUT: &'static str = "The name of a permission, of those that a service account can have: none that approves, \
         or changes users, service accounts, sessions or roles.";
    const MAX: usize = 100;
    const PATTERN: &'static str = "^[a-z_]+:[a-z_]+$";
    const EXAMPLE: &'static str = "clients:read";

    fn check(text: &str) -> Result<String, Invalid> {
        let names = || PERMISSIONS.iter().map(|(name, _)| *name).filter(|name| !is_for_persons_only(name));
        match names().find(|name| *name == text) {
            Some(name) => Ok(name.to_owned()),
            None => Err(Invalid::Choice(names().collect::<Vec<_>>().join(", "))),
        }
    }
}

/// The names of rights, as a list. Stored names of permissions that no longer exist are left out when it is read: they
/// give no right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Jsonb)]
#[serde(transparent)]
pub struct Scopes(pub Vec<ScopeName>);

impl ToSql<sql_types::Jsonb, Pg> for Scopes {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Jsonb, Pg>::to_sql(&Jsonb(&self.0), &mut out.reborrow())
    }
}

impl FromSql<sql_types::Jsonb, Pg> for Scopes {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let Jsonb(names) = Jsonb::<Vec<String>>::from_sql(value)?;
        Ok(Self(names.iter().filter_map(|name| ScopeName::parse(name).ok()).collect()))
    }
}

/// An integration. It may do what a user of its role may do, within its scopes.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = users)]
#[schema(as = ServiceAccountFields)]
pub struct ServiceAccount {
    /// Identifier; also the id of the account as a user, in histories and as an owner.
    pub id: UserId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the account was created.
    pub created_at: Instant,
    /// When the account was last changed.
    pub updated_at: Instant,
    /// Whether its keys are accepted.
    pub status: UserStatus,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: ServiceAccountTerms,
}

/// A service account to be created.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = users)]
#[serde(deny_unknown_fields)]
#[schema(as = NewServiceAccount, example = json!({"name": "ERP", "description": "Takes orders over; ask the warehouse.",
    "role": "supervisor", "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "scopes": ["orders:read", "orders:execute"],
    "allowed_networks": ["192.0.2.0/24"], "department_ids": ["01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31"]}))]
pub struct ServiceAccountTerms {
    /// Business: What it is called.
    pub name: Line,
    /// Business: What it is for, and whom to ask.
    #[diesel(select_expression = service_accounts::description)]
    pub description: Option<Text<1000>>,
    /// The role whose rights it has at most; not above the role of who sets it.
    pub role: Role,
    /// Its team. The team and the role decide what it reaches. When it changes, the account's clients move to the new
    /// team, too.
    pub team_id: TeamId,
    /// Which of its role's rights it has: 1 to 100 permissions, each once; none that who sets them does not have.
    #[diesel(select_expression = service_accounts::scopes)]
    #[schema(value_type = Vec<ScopeName>, min_items = 1, max_items = 100)]
    pub scopes: Scopes,
    /// Where its requests may come from, at most 50 networks; empty is everywhere.
    #[diesel(select_expression = service_accounts::allowed_networks)]
    #[serde(default)]
    #[schema(value_type = Vec<Network>, max_items = 50)]
    pub allowed_networks: Jsonb<Vec<Network>>,
    /// The departments that it works for, at most 50: it then sees their orders and no others. Empty is no such bound.
    #[diesel(select_expression = service_accounts::department_ids)]
    #[serde(default)]
    #[schema(value_type = Vec<DepartmentId>, max_items = 50)]
    pub department_ids: Jsonb<Vec<DepartmentId>>,
}

/// The fields of a service account to change.
pub type ServiceAccountPatch = Patch<ServiceAccountTerms>;

impl Terms for ServiceAccountTerms {
    const PATCH: PatchText = PatchText {
        name: "ServiceAccountPatch",
        description: "The fields of a service account to change.",
        example: r#"{"scopes": ["orders:read"], "allowed_networks": ["192.0.2.0/24", "2001:db8::/48"]}"#,
    };

    fn breaches(&self) -> Vec<FieldError> {
        let mut breaches = breaches_of_lists(Some(&self.scopes.0), &self.allowed_networks.0);
        breaches.extend(breaches_of_departments(&self.department_ids.0));
        breaches
    }
}

impl Resource for ServiceAccount {
    const NAME: &'static str = "service_accounts";
}

impl Entity for ServiceAccount {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/service-accounts/{}", self.id)
    }
}

impl Belongs for ServiceAccount {
    fn ownership(&self) -> Option<Ownership> {
        None
    }
}

/// A key of a service account, without its secret.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, Serialize, ToSchema)]
#[diesel(table_name = api_keys, treat_none_as_default_value = false)]
#[schema(as = ApiKeyFields)]
pub struct ApiKey {
    /// Identifier.
    pub id: ApiKeyId,
    /// Grows by one with each change. Using the key is not a change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the key was made.
    pub created_at: Instant,
    /// When the key was last changed.
    pub updated_at: Instant,
    /// The service account that it is a key of.
    pub account_id: UserId,
    /// Business: What it is called.
    pub name: Line,
    /// Which of the account's scopes it has, at most 100 of them; all when absent.
    #[schema(value_type = Option<Vec<ScopeName>>, min_items = 1, max_items = 100)]
    pub scopes: Option<Scopes>,
    /// Where its requests may come from, within the account's networks, at most 50; empty is wherever the
    /// account's requests may come from.
    #[schema(value_type = Vec<Network>, max_items = 50)]
    pub allowed_networks: Jsonb<Vec<Network>>,
    /// When it ends.
    pub expires_at: Instant,
    /// The day (UTC) of its last use, written down within a minute or so.
    pub last_used_on: Option<Day>,
    /// Business: The network of its last use: an IPv4 /24 or an IPv6 /56.
    #[schema(max_length = 43)]
    pub last_used_network: Option<String>,
}

impl Resource for ApiKey {
    const NAME: &'static str = "api_keys";
}

impl Entity for ApiKey {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/service-accounts/{}/keys/{}", self.account_id, self.id)
    }
}

/// Which service accounts to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ServiceAccountFilter {
    /// Only the service accounts with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<UserId>,
    /// Only accounts with one of these roles.
    #[param(inline)]
    pub role: Vec<Role>,
    /// Only accounts with one of these states.
    #[param(inline)]
    pub status: Vec<UserStatus>,
    /// Only accounts of one of these teams.
    #[param(inline)]
    pub team_id: Vec<TeamId>,
    /// The order; `name` when left out.
    #[param(inline)]
    pub sort: Option<ServiceAccountSorting>,
}

/// The order of a list of service accounts.
pub type ServiceAccountSorting = Sort<ServiceAccountSort>;

/// What service accounts can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ServiceAccountSort {
    /// What it is called.
    Name,
    /// When the account was last changed.
    UpdatedAt,
}
