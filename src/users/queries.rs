//! Every query on users.

use std::collections::{HashMap, HashSet};

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, SelectableHelper, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    consent::{self, Deed},
    model::{User, UserFilter, UserKind, UserPatch, UserRef, UserSort, UserStatus, UserTerms},
    sign_in::FirstPassword,
};
use crate::{
    access::{Action, Create, Read, Role, Scope, TeamId, Update, UserId, Within, policy::may_own_key_clients},
    change::{Patched, Row, Tx, lock, lock_to_patch, patched, save, unknown_reference},
    db::{
        Sql,
        schema::{clients, password_resets, role_policies, users},
    },
    error::{Error, OnConstraint, ProblemType, Result},
    http::IfMatch,
    list::{By, ListQuery, Page, Sort, SortKey, SortValue, Spelling, keyset_within, search},
    sessions,
    values::{Entity, Instant, Resource},
};

static SAVE: Sql = Sql::new();

type Boxed = users::BoxedQuery<'static, Pg>;

fn filtered(within: Within<User>, filter: &UserFilter, spelling: Spelling) -> Boxed {
    let mut query = users::table.filter(users::kind.eq(UserKind::Person)).filter(within).into_boxed();
    if !filter.id.is_empty() {
        query = query.filter(users::id.eq_any(filter.id.clone()));
    }
    if !filter.role.is_empty() {
        query = query.filter(users::role.eq_any(filter.role.clone()));
    }
    if !filter.status.is_empty() {
        query = query.filter(users::status.eq_any(filter.status.clone()));
    }
    if !filter.team_id.is_empty() {
        query = query.filter(users::team_id.eq_any(filter.team_id.clone()));
    }
    match &filter.q {
        Some(words) => search(query, User::NAME, words, spelling),
        None => query,
    }
}

/// A page of the users within reach.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &AsyncPgConnection,
    scope: &Scope<User, Read>,
    query: &ListQuery<UserFilter>,
) -> Result<Page<User>> {
    let filter = &query.filter;
    let by = By::asked(filter.sort, filter.q.as_ref(), Sort { key: UserSort::Name, descending: false });
    let order = by.order(User::NAME, column);
    let load = async |spelling| {
        let page = keyset_within(
            scope,
            |within| filtered(within, filter, spelling),
            order.spelled(spelling),
            query.after.clone(),
            query.limit,
        );
        page.select(User::as_select()).load(&mut &*db).await
    };
    let found = query.spelled(filter.q.as_ref(), load).await?;
    let total = match query.total {
        true => Some(filtered(scope.visible(), filter, found.1).count().get_result(&mut &*db).await?),
        false => None,
    };
    query.page_of_search(found, total, |user: &User| (by.key(|sort| value(sort, user)), user.uuid()))
}

fn column(sort: UserSort) -> SortKey {
    match sort {
        UserSort::Name => SortKey::Name("name"),
        UserSort::UpdatedAt => SortKey::Column("updated_at"),
    }
}

fn value(sort: UserSort, user: &User) -> SortValue {
    match sort {
        UserSort::Name => SortValue::Text(user.terms.name.as_str().to_owned()),
        UserSort::UpdatedAt => SortValue::Instant(user.updated_at),
    }
}

/// The user `id`, within reach.
///
/// # Errors
/// 404 when there is none.
pub async fn find<A: Action>(mut db: &AsyncPgConnection, scope: &Scope<User, A>, id: UserId) -> Result<User> {
    users::table
        .filter(users::id.eq(id))
        .filter(users::kind.eq(UserKind::Person))
        .filter(scope.visible())
        .select(User::as_select())
        .first(&mut db)
        .await
        .optional()?
        .ok_or_else(Error::not_found)
}

/// The user `id`, whom the caller may administer.
///
/// # Errors
/// 404 when there is none within reach, 403 when the right does not reach so far.
pub async fn find_to_administer(db: &AsyncPgConnection, scope: &Scope<User, Update>, id: UserId) -> Result<User> {
    let user = find(db, scope, id).await?;
    scope.permit(&user)?;
    Ok(user)
}

/// The names of the users `ids`, in one query. Everyone may read them: a name is shown with what its user owns.
///
/// # Errors
/// When the database fails.
pub async fn references(mut db: &AsyncPgConnection, ids: Vec<UserId>) -> Result<HashMap<UserId, UserRef>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<UserRef> =
        users::table.filter(users::id.eq_any(ids)).select(UserRef::as_select()).load(&mut db).await?;
    Ok(rows.into_iter().map(|user| (user.id, user)).collect())
}

/// The active users among `ids` whose role may own key clients, in one query.
///
/// # Errors
/// When the database fails.
pub async fn key_owners(mut db: &AsyncPgConnection, ids: Vec<UserId>) -> Result<HashSet<UserId>> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let may_own = users::table
        .inner_join(role_policies::table.on(role_policies::role.eq(users::role)))
        .filter(users::id.eq_any(ids))
        .filter(users::status.eq(UserStatus::Active))
        .filter(role_policies::may_own_key_clients)
        .select(users::id);
    let ids: Vec<UserId> = may_own.load(&mut db).await?;
    Ok(ids.into_iter().collect())
}

/// A user as the owner of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub id: UserId,
    /// Their team.
    pub team_id: TeamId,
    /// Their role, which decides what they may own.
    pub role: Role,
}

/// The active user `id`, who is to own something, locked so that their team and role stay until the transaction ends.
///
/// # Errors
/// 422 at `pointer` when there is no such active user.
pub async fn owner(tx: &mut Tx<'_>, id: UserId, pointer: &str) -> Result<Owner> {
    let row: Option<(UserId, TeamId, Role)> = users::table
        .filter(users::id.eq(id))
        .filter(users::status.eq(UserStatus::Active))
        .select((users::id, users::team_id, users::role))
        .for_share()
        .first(&mut **tx)
        .await
        .optional()?;
    let (id, team_id, role) = row.ok_or_else(|| unknown_reference(pointer))?;
    Ok(Owner { id, team_id, role })
}

/// The active person `id`, locked as [`owner`] does. A service account is none.
///
/// # Errors
/// As [`owner`].
pub async fn person(tx: &mut Tx<'_>, id: UserId, pointer: &str) -> Result<Owner> {
    let person = users::table.find(id).filter(users::kind.eq(UserKind::Person)).select(users::id);
    let known: Option<UserId> = person.first(&mut **tx).await.optional()?;
    owner(tx, known.ok_or_else(|| unknown_reference(pointer))?, pointer).await
}

/// The same user, not locked: for who only looks at what would happen.
///
/// # Errors
/// As [`owner`].
pub async fn find_owner(mut db: &AsyncPgConnection, id: UserId, pointer: &str) -> Result<Owner> {
    let row: Option<(UserId, TeamId, Role)> = users::table
        .filter(users::id.eq(id))
        .filter(users::status.eq(UserStatus::Active))
        .select((users::id, users::team_id, users::role))
        .first(&mut db)
        .await
        .optional()?;
    let (id, team_id, role) = row.ok_or_else(|| unknown_reference(pointer))?;
    Ok(Owner { id, team_id, role })
}

/// Locks the user `id` as [`owner`] does, whether or not there is one.
///
/// # Errors
/// When the database fails.
pub async fn hold(tx: &mut Tx<'_>, id: UserId) -> Result<()> {
    let _: Option<UserId> = users::table.find(id).select(users::id).for_share().first(&mut **tx).await.optional()?;
    Ok(())
}

/// Creates a user.
///
/// # Errors
/// 409 for a taken address, 422 for an unknown team.
pub async fn insert(
    tx: &mut Tx<'_>,
    _scope: &Scope<User, Create>,
    terms: UserTerms,
    password: FirstPassword,
) -> Result<User> {
    let now = tx.now();
    let user =
        User { id: tx.new_id(), version: 1, created_at: now, updated_at: now, status: UserStatus::Active, terms };
    user.refuse_taken(tx, None).await?;
    diesel::insert_into(users::table)
        .values((
            user.clone(),
            users::kind.eq(UserKind::Person),
            users::password_is_long.eq(true),
            users::must_change_password.eq(matches!(password, FirstPassword::Temporary(_))),
            users::password_hash.eq(password.hash()),
        ))
        .execute(&mut **tx)
        .await
        .on_constraint(breached)?;
    tx.created(&user);
    Ok(user)
}

fn breached(constraint: &str) -> Option<Error> {
    match constraint {
        "users_email_key" => Some(Error::taken("/email", None)),
        "users_team_id_fkey" => Some(unknown_reference("/team_id")),
        _ => None,
    }
}

/// Changes the fields that `patch` names. Returns the user before and after.
///
/// # Errors
/// 401 for another address or other rights without a recent proof of identity, 403 for the caller's own rights, and
/// without a second supervisor's consent to a new supervisor or a supervisor's new address, 409 for
/// the last supervisor and for a role that may not own the user's key clients, 422 for a taken address or an unknown
/// team.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope<User, Update>,
    id: UserId,
    seen: &IfMatch,
    patch: &UserPatch,
) -> Result<(User, User)> {
    let before = lock_to_patch(tx, scope, id, seen, patch).await?;
    let after = patched(&before, patch)?;
    let (former, terms) = (&before.terms, &after.terms);
    let rights_change = terms.role != former.role || terms.team_id != former.team_id;
    if rights_change {
        refuse_own(tx, id)?;
    }
    if rights_change || terms.email != former.email {
        tx.require_recent_authentication().await?;
    }
    if let Some(deed) = deed(former, terms) {
        consent::require(tx, &before, deed).await?;
    }
    if former.role == Role::Supervisor && terms.role != Role::Supervisor {
        refuse_last_supervisor(tx, &before).await?;
    }
    if former.role != terms.role {
        refuse_key_clients(tx, id, terms.role).await?;
    }
    if former.email != terms.email {
        // A link to set a password may be in the mailbox of the former address.
        diesel::delete(password_resets::table.find(id)).execute(&mut **tx).await?;
    }
    let after = save(tx, "updated", &before, after).await?;
    Ok((before, after))
}

/// What a change of these fields does that needs a second supervisor.
fn deed(former: &UserTerms, terms: &UserTerms) -> Option<Deed> {
    match (former.role, terms.role) {
        (Role::Supervisor, _) if former.email != terms.email => Some(Deed::TakeOver),
        (Role::Manager | Role::KeyAccountManager, Role::Supervisor) => Some(Deed::MakeSupervisor),
        _ => None,
    }
}

/// Keeps a user from signing in, and ends their sessions.
///
/// # Errors
/// 403 for the caller's own account, 409 for the last supervisor or a user who is blocked already.
pub async fn block(tx: &mut Tx<'_>, scope: &Scope<User, Update>, id: UserId, seen: &IfMatch) -> Result<User> {
    let before = lock(tx, scope, id, seen).await?;
    refuse_own(tx, id)?;
    if before.status == UserStatus::Blocked {
        return Err(Error::transition("blocked", &["unblock"]));
    }
    refuse_last_supervisor(tx, &before).await?;
    sessions::end_unrecorded(tx, id).await?;
    // A link that was made before must not let anyone in after the user is unblocked (ASVS 7.4.2).
    diesel::delete(password_resets::table.find(id)).execute(&mut **tx).await?;
    let after = User { status: UserStatus::Blocked, ..before.clone() };
    save(tx, "blocked", &before, after).await
}

/// Lets a blocked user sign in again.
///
/// # Errors
/// 409 for a user who is not blocked.
pub async fn unblock(tx: &mut Tx<'_>, scope: &Scope<User, Update>, id: UserId, seen: &IfMatch) -> Result<User> {
    let before = lock(tx, scope, id, seen).await?;
    if before.status == UserStatus::Active {
        return Err(Error::transition("active", &["block"]));
    }
    let after = User { status: UserStatus::Active, ..before.clone() };
    save(tx, "unblocked", &before, after).await
}

impl Row for User {
    type Id = UserId;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Self, A>, id: UserId) -> Result<Option<Self>> {
        let person = users::table.filter(users::id.eq(id)).filter(users::kind.eq(UserKind::Person));
        let row = person.filter(scope.visible()).select(Self::as_select());
        Ok(row.for_no_key_update().first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(users::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(breached)?;
        Ok(())
    }

    async fn refuse_taken(&self, tx: &mut Tx<'_>, before: Option<&Self>) -> Result<()> {
        if before.is_some_and(|before| before.terms.email == self.terms.email) {
            return Ok(());
        }
        let holder = users::table.filter(users::email.eq(&self.terms.email)).select(users::id);
        let Some(holder): Option<UserId> = holder.first(&mut **tx).await.optional()? else { return Ok(()) };
        let seen = find(tx, &tx.scope::<Self, Read>()?, holder).await.ok();
        Err(Error::taken("/email", seen.map(|user| user.id.uuid())))
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for User {
    type Terms = UserTerms;

    fn terms(&self) -> &UserTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut UserTerms {
        &mut self.terms
    }
}

fn refuse_own(tx: &Tx<'_>, id: UserId) -> Result<()> {
    if tx.user_id() != Some(id) {
        return Ok(());
    }
    Err(Error::new(ProblemType::Forbidden).detail(
        "Nobody changes their own role, team or status.",
        "Никто не меняет собственную роль, команду или статус.",
    ))
}

/// Refuses to leave no active supervisor. Locks all of them, so that two cannot be removed at the same moment. Service
/// accounts do not count: they cannot let anyone in again.
async fn refuse_last_supervisor(tx: &mut Tx<'_>, user: &User) -> Result<()> {
    if user.terms.role != Role::Supervisor || user.status != UserStatus::Active {
        return Ok(());
    }
    let supervisors: Vec<UserId> = users::table
        .filter(users::role.eq(Role::Supervisor))
        .filter(users::kind.eq(UserKind::Person))
        .filter(users::status.eq(UserStatus::Active))
        .order(users::id)
        .select(users::id)
        .for_no_key_update()
        .load(&mut **tx)
        .await?;
    if supervisors.iter().any(|id| *id != user.id) {
        return Ok(());
    }
    Err(Error::new(ProblemType::Conflict)
        .detail("This is the last active supervisor.", "Это последний действующий руководитель."))
}

/// Refuses to give a role that may not own key clients to a user who owns some.
///
/// # Errors
/// 409 when `id` owns key clients.
pub async fn refuse_key_clients(tx: &mut Tx<'_>, id: UserId, role: Role) -> Result<()> {
    if may_own_key_clients(tx, role).await? {
        return Ok(());
    }
    let owned = clients::table.filter(clients::owner_id.eq(id)).filter(clients::is_key).select(clients::id);
    let owns: bool = diesel::select(diesel::dsl::exists(owned)).get_result(&mut **tx).await?;
    if !owns {
        return Ok(());
    }
    Err(Error::new(ProblemType::Conflict).detail(
        "The user owns key clients, which this role may not own. Transfer them first.",
        "Пользователь ведёт ключевых клиентов, а эта роль не может ими владеть. Сначала передайте их.",
    ))
}
