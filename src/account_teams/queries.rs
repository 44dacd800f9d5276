//! Every query on account teams. Each begins with the client, which must be within reach.

use std::collections::BTreeSet;

use diesel::{ExpressionMethods, JoinOnDsl, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{AccountTeam, AccountTeamView, Assign, AssignTeam, MAX_MEMBERS, MAX_TEAMS_OF_USER, NewAccountTeam};
use crate::{
    access::{Actor, Read, Scope, UserId},
    change::{Tx, lock},
    clients::{self, Client, ClientId},
    db::schema::{account_team_members, users as people},
    error::{Error, FieldError, ProblemType, Result},
    http::IfMatch,
    users::{self, UserRef},
    values::{Invalid, Say},
};

/// The account team of the client `id`.
///
/// # Errors
/// 404 for a client out of reach.
pub async fn find(db: &AsyncPgConnection, scope: &Scope<Client, Read>, id: ClientId) -> Result<AccountTeamView> {
    let client = clients::find(db, scope, id).await?;
    view(db, &client, scope.actor()).await
}

/// The team as it stands, for the client just read, as `actor` sees it.
///
/// # Errors
/// When the database fails.
pub async fn view(db: &AsyncPgConnection, client: &Client, actor: &Actor) -> Result<AccountTeamView> {
    let members = members_of(db, client.id).await?;
    let ids = members.iter().map(|member| member.id).collect();
    let team = AccountTeam { client_id: client.id, version: actor.version_of(client), members: ids };
    Ok(AccountTeamView::new(team, members, actor.may::<Client, AssignTeam>(client)))
}

/// Who is on the account team of a client that the caller may read.
///
/// # Errors
/// When the database fails.
pub async fn members_of(mut db: &AsyncPgConnection, client: ClientId) -> Result<Vec<UserRef>> {
    let members = account_team_members::table
        .inner_join(people::table.on(people::id.eq(account_team_members::user_id)))
        .filter(account_team_members::client_id.eq(client))
        .order((people::name, people::id))
        .select(UserRef::as_select());
    Ok(members.load(&mut db).await?)
}

/// Replaces the members.
///
/// # Errors
/// 404, 412, 403 for a client or a new member out of reach, 409 when the client is archived or a new member is on too
/// many teams, 422 for users who cannot be members.
pub async fn replace(
    tx: &mut Tx<'_>,
    scope: &Assign,
    id: ClientId,
    seen: &IfMatch,
    new: NewAccountTeam,
) -> Result<AccountTeamView> {
    let client = lock(tx, scope, id, seen).await?;
    client.refuse_archived()?;
    let wanted = distinct(&client, &new.user_ids)?;
    let present = members(tx, id).await?;
    let joining: Vec<UserId> = wanted.difference(&present).copied().collect();
    let leaving: Vec<UserId> = present.difference(&wanted).copied().collect();
    if joining.is_empty() && leaving.is_empty() {
        return view(tx, &client, tx.actor()).await;
    }
    for user in &joining {
        join(tx, scope, &client, *user, &new.user_ids).await?;
    }
    let gone = account_team_members::table
        .filter(account_team_members::client_id.eq(id))
        .filter(account_team_members::user_id.eq_any(leaving));
    diesel::delete(gone).execute(&mut **tx).await?;
    let client = changed(tx, client, present, wanted).await?;
    view(tx, &client, tx.actor()).await
}

/// Puts `user` on the account team of a client, whose owner has granted them access. The caller has locked the client.
///
/// # Errors
/// 409 when the team is full or the user is on too many teams.
pub async fn admit(tx: &mut Tx<'_>, client: Client, user: UserId) -> Result<()> {
    let present = members(tx, client.id).await?;
    if present.contains(&user) || client.owner_id == user {
        return Ok(());
    }
    if present.len() >= MAX_MEMBERS {
        return Err(Error::new(ProblemType::Conflict)
            .detail("The client's account team is full.", "Команда по этому клиенту уже заполнена."));
    }
    add(tx, client.id, user).await?;
    let wanted = present.iter().copied().chain([user]).collect();
    changed(tx, client, present, wanted).await?;
    Ok(())
}

/// Takes `user` off the account teams of clients that they own from now on. The caller has locked the clients.
///
/// # Errors
/// When the database fails.
pub async fn leave(tx: &mut Tx<'_>, ids: &[ClientId], user: UserId) -> Result<()> {
    tx.callers_changed();
    let memberships = account_team_members::table
        .filter(account_team_members::client_id.eq_any(ids))
        .filter(account_team_members::user_id.eq(user));
    diesel::delete(memberships).execute(&mut **tx).await?;
    Ok(())
}

/// The requested members, after a check that each is named once and none is the owner.
fn distinct(client: &Client, asked: &[UserId]) -> Result<BTreeSet<UserId>> {
    let mut breaches = Vec::new();
    if asked.len() > MAX_MEMBERS {
        breaches.push(FieldError::new("/user_ids", Invalid::TooLong(MAX_MEMBERS)));
    }
    let mut distinct = BTreeSet::new();
    for (at, user) in asked.iter().enumerate().take(MAX_MEMBERS) {
        if *user == client.owner_id {
            breaches.push(FieldError::new(format!("/user_ids/{at}"), owner_is_no_member()));
        } else if !distinct.insert(*user) {
            breaches.push(FieldError::new(format!("/user_ids/{at}"), named_twice()));
        }
    }
    if breaches.is_empty() { Ok(distinct) } else { Err(Error::fields(breaches)) }
}

async fn members(tx: &mut Tx<'_>, id: ClientId) -> Result<BTreeSet<UserId>> {
    let members: Vec<UserId> = account_team_members::table
        .filter(account_team_members::client_id.eq(id))
        .select(account_team_members::user_id)
        .load(&mut **tx)
        .await?;
    Ok(members.into_iter().collect())
}

async fn join(tx: &mut Tx<'_>, scope: &Assign, client: &Client, user: UserId, asked: &[UserId]) -> Result<()> {
    let at = asked.iter().position(|known| *known == user).unwrap_or_default();
    let member = users::owner(tx, user, &format!("/user_ids/{at}")).await?;
    scope.permit_recipient(member.team_id)?;
    scope.refuse_taking(client.owner_id, user)?;
    add(tx, client.id, user).await
}

async fn add(tx: &mut Tx<'_>, client: ClientId, user: UserId) -> Result<()> {
    let teams: i64 = account_team_members::table
        .filter(account_team_members::user_id.eq(user))
        .count()
        .get_result(&mut **tx)
        .await?;
    if teams >= MAX_TEAMS_OF_USER {
        return Err(Error::new(ProblemType::Conflict).detail(
            "A new member is on 500 account teams already.",
            "Новый участник уже состоит в 500 командах по клиентам.",
        ));
    }
    let now = tx.now();
    let row = (
        account_team_members::client_id.eq(client),
        account_team_members::user_id.eq(user),
        account_team_members::added_at.eq(now),
    );
    diesel::insert_into(account_team_members::table).values(row).execute(&mut **tx).await?;
    Ok(())
}

async fn changed(
    tx: &mut Tx<'_>,
    before: Client,
    present: BTreeSet<UserId>,
    wanted: BTreeSet<UserId>,
) -> Result<Client> {
    tx.callers_changed();
    let client = clients::grow(tx, &before).await?;
    let team = |version, members: BTreeSet<UserId>| AccountTeam {
        client_id: client.id,
        version,
        members: members.into_iter().collect(),
    };
    tx.changed("account_team_changed", &team(before.version, present), &team(client.version, wanted));
    Ok(client)
}

fn owner_is_no_member() -> Invalid {
    Invalid::Rule("owner", Say::new("The client's owner.", "Это владелец клиента."))
}

fn named_twice() -> Invalid {
    Invalid::Rule("duplicate", Say::new("The user is named twice.", "Пользователь указан дважды."))
}
