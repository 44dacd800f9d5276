//! Reads from the database a session with its user, and the policy of a role.

use chrono_tz::Tz;
use diesel::{
    ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
    dsl::{AsExprOf, array, sql},
    expression::{SqlLiteral, UncheckedBind},
    sql_types::{Bool, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{AccountTeams, Limits, Policy, Role, SessionId, TeamId, UserId, locale::zone_of};
use crate::{
    db::{
        Jsonb,
        schema::{account_team_members, deputies, role_policies, second_factors, sessions, users},
    },
    error::Result,
    values::{Instant, Language, TimeZone},
};

#[derive(Clone, Debug)]
pub(super) struct SessionRow {
    pub(super) user_id: UserId,
    pub(super) team_id: TeamId,
    pub(super) role: Role,
    pub(super) must_change_password: bool,
    pub(super) has_second_factor: bool,
    pub(super) expires_at: Instant,
    pub(super) account_teams: AccountTeams,
    /// The absent colleagues, with their roles.
    pub(super) absent: Vec<(UserId, Role)>,
    pub(super) zone: Option<Tz>,
    pub(super) language: Option<Language>,
}

/// What is read of a session: the user, whether they must change their password, since when they have a second factor, until when the
/// session lasts, their account teams and absent colleagues, and their own time zone and language.
type SessionColumns = (
    (UserId, TeamId, Role),
    bool,
    Option<Instant>,
    Instant,
    (Vec<Uuid>, Vec<Uuid>),
    (Option<TimeZone>, Option<Language>),
);

/// The session with its user, if both are valid, as of the moment `now`.
pub(super) async fn load_session(
    mut db: &AsyncPgConnection,
    session: SessionId,
    now: Instant,
) -> Result<Option<SessionRow>> {
    let memberships = account_team_members::table
        .filter(account_team_members::user_id.eq(sessions::user_id))
        .select(account_team_members::client_id);
    let absent = deputies::table
        .filter(deputies::deputy_id.eq(sessions::user_id))
        .filter(in_force(now))
        .select(deputies::user_id)
        .distinct()
        .order(deputies::user_id);
    let row: Option<SessionColumns> = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .left_join(second_factors::table.on(second_factors::user_id.eq(sessions::user_id)))
        .filter(sessions::id.eq(session))
        .filter(sessions::ended_at.is_null())
        .filter(users::status.eq("active"))
        .select((
            (users::id, users::team_id, users::role),
            users::must_change_password,
            second_factors::confirmed_at.nullable(),
            sessions::expires_at,
            (array(memberships), array(absent)),
            (users::timezone, users::language),
        ))
        .first(&mut db)
        .await
        .optional()?;
    let Some((user, must_change_password, confirmed_at, expires_at, related, (timezone, language))) = row else {
        return Ok(None);
    };
    let ((user_id, team_id, role), (memberships, absent)) = (user, related);
    let absent = roles_of(db, absent).await?;
    Ok(Some(SessionRow {
        user_id,
        team_id,
        role,
        must_change_password,
        has_second_factor: confirmed_at.is_some(),
        expires_at,
        account_teams: memberships.into(),
        absent,
        zone: timezone.as_ref().map(zone_of).transpose()?,
        language,
    }))
}

/// The colleagues for whom `user` stands in at the moment `now`, with their roles.
///
/// # Errors
/// When the database fails.
pub(super) async fn absent_of(mut db: &AsyncPgConnection, user: UserId, now: Instant) -> Result<Vec<(UserId, Role)>> {
    let absent = deputies::table.filter(deputies::deputy_id.eq(user)).filter(in_force(now)).select(deputies::user_id);
    let absent: Vec<Uuid> = absent.distinct().order(deputies::user_id).load(&mut db).await?;
    roles_of(db, absent).await
}

/// The condition that a deputy is in force at the moment `now`. The organisation's day decides.
pub(super) fn in_force(now: Instant) -> InForce {
    sql::<Bool>("deputies.ended_at IS NULL AND (")
        .bind::<Timestamptz, _>(now)
        .sql(" AT TIME ZONE (SELECT timezone FROM organization))::date BETWEEN deputies.starts_on AND deputies.ends_on")
}

/// Its SQL.
type InForce = SqlLiteral<Bool, UncheckedBind<SqlLiteral<Bool>, AsExprOf<Instant, Timestamptz>>>;

/// The active users among `ids`, with their roles. Nobody stands in for who is blocked.
async fn roles_of(mut db: &AsyncPgConnection, ids: Vec<Uuid>) -> Result<Vec<(UserId, Role)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let active = users::table.filter(users::id.eq_any(ids)).filter(users::status.eq("active")).order(users::id);
    Ok(active.select((users::id, users::role)).load(&mut db).await?)
}

/// The policy of `role`, read in the open transaction.
///
/// # Errors
/// When the database fails.
pub async fn load_policy(mut db: &AsyncPgConnection, role: Role) -> Result<Policy> {
    let columns = (Limits::as_select(), role_policies::grants);
    let (limits, Jsonb(grants)): (Limits, Jsonb<super::policy::Grants>) =
        role_policies::table.find(role).select(columns).first(&mut db).await?;
    Ok(Policy::new(role, limits, &grants))
}
