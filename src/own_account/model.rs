//! What callers read of their own account.

use diesel::{
    ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
    prelude::{Queryable, Selectable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::{Actor, Role, TeamId, UserId},
    db::{
        Jsonb,
        schema::{service_accounts, users},
    },
    departments::DepartmentId,
    error::{Error, Result},
    http::View,
    service_accounts::{ScopeName, Scopes},
    users::{UserKind, UserStatus},
    values::{Email, Entity, Instant, Language, Line, Resource, TimeZone, network::Network},
};

/// The account of whoever calls.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z", "kind": "person", "name": "Anna Petrova",
    "email": "anna@example.com", "job_title": "Sales manager", "role": "manager",
    "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "timezone": "Europe/Moscow",
    "language": "ru", "status": "active"}))]
pub struct OwnAccount {
    #[serde(flatten)]
    account: AnyAccount,
    /// What the account may do, as far as its role may; only of a service account. A key may have fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ScopeName>>, max_items = 100)]
    scopes: Option<Scopes>,
    /// Where its requests may come from; empty is everywhere. Only of a service account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Network>>, max_items = 50)]
    allowed_networks: Option<Jsonb<Vec<Network>>>,
    /// The departments that it works for; empty is no such bound. Only of a service account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<DepartmentId>>, max_items = 50)]
    department_ids: Option<Jsonb<Vec<DepartmentId>>>,
}

/// What persons and service accounts have in common.
#[derive(Debug, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = users)]
#[schema(as = OwnAccountFields)]
pub struct AnyAccount {
    /// Identifier.
    pub id: UserId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the account was created.
    pub created_at: Instant,
    /// When the account was last changed.
    pub updated_at: Instant,
    /// Whether it is a person's or a service account.
    pub kind: UserKind,
    /// Personal: The person's name, or what the service account is called.
    pub name: Line,
    /// Personal: The e-mail address; a service account has none.
    pub email: Option<Email>,
    /// Personal: The person's position.
    pub job_title: Option<Line>,
    /// The role, which decides what the account may do at most.
    pub role: Role,
    /// The team.
    pub team_id: TeamId,
    /// The time zone in which the person's day begins; the organisation's when there is none.
    pub timezone: Option<TimeZone>,
    /// The language in which the server speaks to the person; the organisation's when there is none.
    pub language: Option<Language>,
    /// Whether the account may be used.
    pub status: UserStatus,
}

impl OwnAccount {
    /// The account of `caller`.
    ///
    /// # Errors
    /// 404 when it no longer exists.
    pub async fn of(mut db: &AsyncPgConnection, caller: &Actor) -> Result<Self> {
        type Row = (AnyAccount, Option<Scopes>, Option<Jsonb<Vec<Network>>>, Option<Jsonb<Vec<DepartmentId>>>);
        let id = caller.user_id().ok_or_else(Error::not_found)?;
        let row: Option<Row> = users::table
            .left_join(service_accounts::table)
            .filter(users::id.eq(id))
            .select((
                AnyAccount::as_select(),
                service_accounts::scopes.nullable(),
                service_accounts::allowed_networks.nullable(),
                service_accounts::department_ids.nullable(),
            ))
            .first(&mut db)
            .await
            .optional()?;
        let (account, scopes, allowed_networks, department_ids) = row.ok_or_else(Error::not_found)?;
        Ok(Self { account, scopes, allowed_networks, department_ids })
    }
}

impl Resource for OwnAccount {
    const NAME: &'static str = "users";
}

impl Entity for OwnAccount {
    fn uuid(&self) -> Uuid {
        self.account.id.uuid()
    }

    fn version(&self) -> i64 {
        self.account.version
    }
}

impl View for OwnAccount {
    type Row = Self;

    fn row(&self) -> &Self {
        self
    }
}
