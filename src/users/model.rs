//! What a user is.

use diesel::{
    NullableExpressionMethods,
    prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable},
};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Actor, Belongs, Owned, Ownership, Role, TeamId, Update, UserId},
    db::{schema::users, stored_as_text},
    http::{Patch, PatchText, Terms, View},
    list::{Sort, search},
    values::{Email, Entity, Instant, Language, Line, Resource, TimeZone},
};

/// A person who signs in.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = users, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = UserFields)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the user was created.
    pub created_at: Instant,
    /// When the user was last changed.
    pub updated_at: Instant,
    /// Whether the user may sign in.
    pub status: UserStatus,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: UserTerms,
}

/// A user to be created.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = users, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser, example = json!({"name": "Anna Petrova", "email": "anna@example.com", "job_title": "Sales manager", "role": "manager",
    "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30"}))]
pub struct UserTerms {
    /// Personal: The person's name.
    pub name: Line,
    /// Personal: The address to sign in with; no two users share one.
    #[diesel(
        select_expression = users::email.assume_not_null(),
        select_expression_type = diesel::dsl::AssumeNotNull<users::email>
    )]
    pub email: Email,
    /// Personal: The person's position.
    pub job_title: Option<Line>,
    /// What the user is in the organisation. Nobody changes their own.
    pub role: Role,
    /// The user's team. When it changes, their clients move to the new team, too. Nobody changes their own.
    pub team_id: TeamId,
    /// The time zone in which the user's day begins; the organisation's when there is none.
    pub timezone: Option<TimeZone>,
    /// The language in which the server speaks to the user; the organisation's when there is none.
    pub language: Option<Language>,
}

/// The fields of a user to change.
pub type UserPatch = Patch<UserTerms>;

impl Terms for UserTerms {
    const PATCH: PatchText = PatchText {
        name: "UserPatch",
        description: "The fields of a user to change.",
        example: r#"{"job_title": "Key account manager", "role": "key_account_manager"}"#,
    };
}

/// Whether a user may sign in.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    AsRefStr,
    EnumString,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum UserStatus {
    /// The user may sign in.
    Active,
    /// The user may not.
    Blocked,
}
stored_as_text!(UserStatus);

/// Whether a user is a person or an integration. Only persons have an e-mail address and sign in.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    ToSchema,
    AsRefStr,
    EnumString,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum UserKind {
    /// Someone who works here.
    Person,
    /// An integration, managed at `/v1/service-accounts`.
    Service,
}
stored_as_text!(UserKind);

impl Resource for User {
    const NAME: &'static str = "users";
    const BY_DEPUTIES: bool = false;
}

impl Entity for User {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Owned for User {
    const OWNER: &'static str = "id";
    const KEY: Option<&'static str> = None;
    const CLIENT: Option<&'static str> = None;
}

impl Belongs for User {
    fn ownership(&self) -> Option<Ownership> {
        Some(Ownership { owner: self.id, team: self.terms.team_id, is_key: true })
    }
}

/// A user, and what the caller may do with them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z", "name": "Anna Petrova",
    "email": "anna@example.com", "job_title": "Sales manager", "role": "manager",
    "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "timezone": "Europe/Moscow", "language": "ru",
    "status": "active", "actions": ["update", "block", "reset-password", "consent"]}))]
pub struct UserView {
    #[serde(flatten)]
    user: User,
    /// What the caller may do with the user now.
    actions: Vec<&'static str>,
}

impl UserView {
    /// `user` as `actor` sees them.
    pub fn of(user: User, actor: &Actor) -> Self {
        Self { actions: actions(&user, actor), user }
    }
}

fn actions(user: &User, actor: &Actor) -> Vec<&'static str> {
    if !actor.may::<User, Update>(user) {
        return Vec::new();
    }
    // Users may not block themselves, reset their own password or consent to that.
    match user.status {
        _ if actor.user_id() == Some(user.id) => vec!["update"],
        UserStatus::Active => vec!["update", "block", "reset-password", "consent"],
        UserStatus::Blocked => vec!["update", "unblock"],
    }
}

impl View for UserView {
    type Row = User;

    fn row(&self) -> &User {
        &self.user
    }
}

/// The name of a user, as it is shown with what they own or did.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = users)]
pub struct UserRef {
    /// Identifier.
    pub id: UserId,
    /// The person's name.
    pub name: Line,
    /// The person's position.
    pub job_title: Option<Line>,
}

/// Which users to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// Only the users with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<UserId>,
    /// Only users with one of these roles.
    #[param(inline)]
    pub role: Vec<Role>,
    /// Only users with one of these states.
    #[param(inline)]
    pub status: Vec<UserStatus>,
    /// Only users of one of these teams.
    #[param(inline)]
    pub team_id: Vec<TeamId>,
    /// Every word must occur in the name, the e-mail address or the job title. Best matches first, unless `sort` says
    /// otherwise.
    #[param(inline)]
    pub q: Option<search::Words>,
    /// The order; `name` when left out.
    #[param(inline)]
    pub sort: Option<UserSorting>,
}

/// The order of a list of users.
pub type UserSorting = Sort<UserSort>;

/// What users can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum UserSort {
    /// The person's name.
    Name,
    /// When the user was last changed.
    UpdatedAt,
}
