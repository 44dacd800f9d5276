//! What somebody other than the caller may read: for what is given to them.

use diesel::{ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Action, Belongs, Reach, Read, Role, TeamId, UserId,
    load::{in_force, load_policy},
    scope::reads,
};
use crate::{
    db::{
        Jsonb,
        schema::{account_team_members, deputies, service_accounts, users},
    },
    error::Result,
    values::Instant,
};

/// Whether `user` may read `row`, whomever they stand in for: for what becomes theirs for good.
///
/// # Errors
/// When the database fails.
pub async fn may_read_as_owner<R: Belongs>(db: &AsyncPgConnection, user: UserId, row: &R) -> Result<bool> {
    own(db, user, row).await.map(|sight| sight == Sight::Own)
}

/// Whether `user` may read `row` at the moment `now`, by their role, their team and their account teams, by whom they stand in
/// for, and by the scopes of a service account. A user who does not exist may read nothing.
///
/// # Errors
/// When the database fails.
pub async fn may_read<R: Belongs>(db: &AsyncPgConnection, user: UserId, row: &R, now: Instant) -> Result<bool> {
    match own(db, user, row).await? {
        Sight::Own => Ok(true),
        Sight::NoRight => Ok(false),
        Sight::NotOwn => stands_in(db, user, row, now).await,
    }
}

/// What somebody's own rights let them see of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// They read it.
    Own,
    /// They read others of its kind.
    NotOwn,
    /// They read none of its kind.
    NoRight,
}

async fn own<R: Belongs>(mut db: &AsyncPgConnection, user: UserId, row: &R) -> Result<Sight> {
    type Row = (Role, TeamId, Option<Jsonb<Vec<String>>>);
    let found: Option<Row> = users::table
        .left_join(service_accounts::table)
        .filter(users::id.eq(user))
        .select((users::role, users::team_id, service_accounts::scopes.nullable()))
        .first(&mut db)
        .await
        .optional()?;
    let Some((role, team, scopes)) = found else { return Ok(Sight::NoRight) };
    let mut policy = load_policy(db, role).await?;
    if let Some(Jsonb(scopes)) = scopes {
        policy = policy.narrowed(&scopes.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let reach = policy.reach_of(R::NAME, Read::NAME);
    match row.client() {
        _ if reach == Reach::None => Ok(Sight::NoRight),
        _ if reads(reach, role, (user, team), row) => Ok(Sight::Own),
        Some(client) if helps(db, user, client).await? => Ok(Sight::Own),
        _ => Ok(Sight::NotOwn),
    }
}

/// Whether `user` stands in for the owner of `row`, who may read it.
async fn stands_in<R: Belongs>(mut db: &AsyncPgConnection, user: UserId, row: &R, now: Instant) -> Result<bool> {
    let Some(ownership) = row.ownership().filter(|_| R::BY_DEPUTIES) else { return Ok(false) };
    let role: Option<Role> = deputies::table
        .inner_join(users::table.on(users::id.eq(deputies::user_id)))
        .filter(deputies::deputy_id.eq(user))
        .filter(deputies::user_id.eq(ownership.owner))
        .filter(in_force(now))
        .filter(users::status.eq("active"))
        .select(users::role)
        .first(&mut db)
        .await
        .optional()?;
    match role {
        Some(role) => Ok(load_policy(db, role).await?.reach_of(R::NAME, Read::NAME) != Reach::None),
        None => Ok(false),
    }
}

/// Whether `user` is on the account team of `client`.
async fn helps(mut db: &AsyncPgConnection, user: UserId, client: Uuid) -> Result<bool> {
    let membership = account_team_members::table.find((client, user));
    Ok(diesel::select(diesel::dsl::exists(membership)).get_result(&mut db).await?)
}
