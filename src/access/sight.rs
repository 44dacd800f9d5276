//! What somebody other than the caller may read: for what is given to them.

use diesel::{ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Action, Belongs, Reach, Read, Role, TeamId, UserId, load::load_policy, scope::reads};
use crate::{
    db::{
        Jsonb,
        schema::{account_team_members, service_accounts, users},
    },
    error::Result,
};

/// Whether `user` may read `row`, by their role, their team and their account teams, and by the scopes of a service account.
/// A user who does not exist may read nothing.
///
/// # Errors
/// When the database fails.
pub async fn may_read<R: Belongs>(mut db: &AsyncPgConnection, user: UserId, row: &R) -> Result<bool> {
    type Row = (Role, TeamId, Option<Jsonb<Vec<String>>>);
    let found: Option<Row> = users::table
        .left_join(service_accounts::table)
        .filter(users::id.eq(user))
        .select((users::role, users::team_id, service_accounts::scopes.nullable()))
        .first(&mut db)
        .await
        .optional()?;
    let Some((role, team, scopes)) = found else { return Ok(false) };
    let mut policy = load_policy(db, role).await?;
    if let Some(Jsonb(scopes)) = scopes {
        policy = policy.narrowed(&scopes.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let reach = policy.reach_of(R::NAME, Read::NAME);
    match row.client() {
        _ if reads(reach, role, (user, team), row) => Ok(true),
        Some(client) if reach != Reach::None => helps(db, user, client).await,
        _ => Ok(false),
    }
}

/// Whether `user` is on the account team of `client`.
async fn helps(mut db: &AsyncPgConnection, user: UserId, client: Uuid) -> Result<bool> {
    let membership = account_team_members::table.find((client, user));
    Ok(diesel::select(diesel::dsl::exists(membership)).get_result(&mut db).await?)
}
