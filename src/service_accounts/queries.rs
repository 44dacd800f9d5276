//! Every query on service accounts. They belong to nobody, so a right that reaches anywhere reaches all of them.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, dsl, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{
    ScopeName, ServiceAccount, ServiceAccountFilter, ServiceAccountPatch, ServiceAccountSort, ServiceAccountTerms,
};
use crate::{
    access::{Action, Create, Read, Role, Scope, TeamId, Update, UserId, load_policy},
    change::{Patched, Row, Tx, lock, lock_to_patch, patched, save, unknown_reference},
    db::schema::{service_accounts, users},
    departments::{self, DepartmentId},
    error::{Error, OnConstraint, ProblemType, Result},
    http::{IfMatch, Terms},
    list::{ListQuery, Page, Sort, SortBy, SortKey, SortValue, keyset},
    users::{UserKind, UserStatus, refuse_key_clients},
    values::{Entity, Instant, network::Network},
};

type Boxed = dsl::IntoBoxed<'static, dsl::InnerJoin<users::table, service_accounts::table>, Pg>;

fn filtered(filter: &ServiceAccountFilter) -> Boxed {
    let mut query = users::table.inner_join(service_accounts::table).into_boxed();
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
    query
}

/// A page of the service accounts.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    _scope: &Scope<ServiceAccount, Read>,
    query: &ListQuery<ServiceAccountFilter>,
) -> Result<Page<ServiceAccount>> {
    let sort = query.filter.sort.unwrap_or(Sort { key: ServiceAccountSort::Name, descending: false });
    let order = SortBy { table: "users", key: column(sort.key), descending: sort.descending };
    let rows = keyset(filtered(&query.filter), order, query.after.clone(), query.limit)
        .select(ServiceAccount::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(&query.filter).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |account: &ServiceAccount| {
        let key = match sort.key {
            ServiceAccountSort::Name => SortValue::Text(account.terms.name.as_str().to_owned()),
            ServiceAccountSort::UpdatedAt => SortValue::Instant(account.updated_at),
        };
        (key, account.uuid())
    })
}

fn column(sort: ServiceAccountSort) -> SortKey {
    match sort {
        ServiceAccountSort::Name => SortKey::Name("name"),
        ServiceAccountSort::UpdatedAt => SortKey::Column("updated_at"),
    }
}

/// The service account `id`.
///
/// # Errors
/// 404 when there is none.
pub async fn find(
    mut db: &AsyncPgConnection,
    _scope: &Scope<ServiceAccount, Read>,
    id: UserId,
) -> Result<ServiceAccount> {
    users::table
        .inner_join(service_accounts::table)
        .filter(users::id.eq(id))
        .select(ServiceAccount::as_select())
        .first(&mut db)
        .await
        .optional()?
        .ok_or_else(Error::not_found)
}

/// Creates a service account.
///
/// # Errors
/// 403 for rights that the caller does not have, 422 for an unknown team or lists against their rules.
pub async fn insert(
    tx: &mut Tx<'_>,
    _scope: &Scope<ServiceAccount, Create>,
    terms: ServiceAccountTerms,
) -> Result<ServiceAccount> {
    terms.check()?;
    refuse_more_than_own(tx, terms.role, &terms.scopes.0).await?;
    departments::check_all_exist(tx, &terms.department_ids.0, "/department_ids").await?;
    let (now, status) = (tx.now(), UserStatus::Active);
    let account = ServiceAccount { id: tx.new_id(), version: 1, created_at: now, updated_at: now, status, terms };
    insert_rows(tx, &account).await?;
    tx.created(&account);
    Ok(account)
}

async fn insert_rows(tx: &mut Tx<'_>, account: &ServiceAccount) -> Result<()> {
    let user = (
        users::id.eq(account.id),
        users::version.eq(account.version),
        users::created_at.eq(account.created_at),
        users::updated_at.eq(account.updated_at),
        users::name.eq(&account.terms.name),
        users::role.eq(account.terms.role),
        users::team_id.eq(account.terms.team_id),
        users::status.eq(account.status),
        users::kind.eq(UserKind::Service),
        users::password_is_long.eq(true),
        users::must_change_password.eq(false),
    );
    diesel::insert_into(users::table).values(user).execute(&mut **tx).await.on_constraint(breached)?;
    let own = (
        service_accounts::id.eq(account.id),
        service_accounts::description.eq(&account.terms.description),
        service_accounts::scopes.eq(&account.terms.scopes),
        service_accounts::allowed_networks.eq(&account.terms.allowed_networks),
        service_accounts::department_ids.eq(&account.terms.department_ids),
    );
    diesel::insert_into(service_accounts::table).values(own).execute(&mut **tx).await?;
    Ok(())
}

fn breached(constraint: &str) -> Option<Error> {
    (constraint == "users_team_id_fkey").then(|| unknown_reference("/team_id"))
}

/// Changes the fields that `patch` names.
///
/// # Errors
/// 401 for other rights without a recent proof of identity, 403 for rights that the caller does not have, 409 for a
/// role that may not own the key clients of the account, 422 for an unknown team or lists against their rules.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope<ServiceAccount, Update>,
    id: UserId,
    seen: &IfMatch,
    patch: &ServiceAccountPatch,
) -> Result<ServiceAccount> {
    let before = lock_to_patch(tx, scope, id, seen, patch).await?;
    let after = patched(&before, patch)?;
    let (former, terms) = (&before.terms, &after.terms);
    if (terms.role, &terms.scopes) != (former.role, &former.scopes) {
        refuse_more_than_own(tx, terms.role, &terms.scopes.0).await?;
    }
    if terms.department_ids != former.department_ids {
        departments::check_all_exist(tx, &terms.department_ids.0, "/department_ids").await?;
    }
    if rights(terms) != rights(former) {
        // Keys that were issued before may do more at once.
        tx.require_recent_authentication().await?;
    }
    if terms.role != former.role {
        refuse_key_clients(tx, id, terms.role).await?;
    }
    save(tx, "updated", &before, after).await
}

/// What its keys may do, for whom, and from where.
fn rights(terms: &ServiceAccountTerms) -> (Role, TeamId, &[ScopeName], &[Network], &[DepartmentId]) {
    (terms.role, terms.team_id, &terms.scopes.0, &terms.allowed_networks.0, &terms.department_ids.0)
}

/// Blocks the account, so that none of its keys is accepted.
///
/// # Errors
/// 409 for an account that is blocked already.
pub async fn block(
    tx: &mut Tx<'_>,
    scope: &Scope<ServiceAccount, Update>,
    id: UserId,
    seen: &IfMatch,
) -> Result<ServiceAccount> {
    let before = lock(tx, scope, id, seen).await?;
    if before.status == UserStatus::Blocked {
        return Err(Error::transition("blocked", &["unblock"]));
    }
    let after = ServiceAccount { status: UserStatus::Blocked, ..before.clone() };
    save(tx, "blocked", &before, after).await
}

/// Unblocks the account, so that its keys are accepted again.
///
/// # Errors
/// 403 for rights that the caller does not have, 409 for an account that is not blocked.
pub async fn unblock(
    tx: &mut Tx<'_>,
    scope: &Scope<ServiceAccount, Update>,
    id: UserId,
    seen: &IfMatch,
) -> Result<ServiceAccount> {
    let before = lock(tx, scope, id, seen).await?;
    if before.status == UserStatus::Active {
        return Err(Error::transition("active", &["block"]));
    }
    refuse_more_than_own(tx, before.terms.role, &before.terms.scopes.0).await?;
    let after = ServiceAccount { status: UserStatus::Active, ..before.clone() };
    save(tx, "unblocked", &before, after).await
}

/// The account `id`, locked so that no other transaction changes it or its keys until this one ends.
///
/// # Errors
/// 404 when there is none.
pub async fn hold(tx: &mut Tx<'_>, scope: &Scope<ServiceAccount, Update>, id: UserId) -> Result<ServiceAccount> {
    ServiceAccount::find_locked(tx, scope, id).await?.ok_or_else(Error::not_found)
}

impl Row for ServiceAccount {
    type Id = UserId;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, _scope: &Scope<Self, A>, id: UserId) -> Result<Option<Self>> {
        let row = users::table.inner_join(service_accounts::table).filter(users::id.eq(id)).select(Self::as_select());
        Ok(row.for_no_key_update().first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let user = (
            users::version.eq(self.version),
            users::updated_at.eq(self.updated_at),
            users::name.eq(&self.terms.name),
            users::role.eq(self.terms.role),
            users::team_id.eq(self.terms.team_id),
            users::status.eq(self.status),
        );
        diesel::update(users::table.find(self.id)).set(user).execute(&mut **tx).await.on_constraint(breached)?;
        let own = (
            service_accounts::description.eq(&self.terms.description),
            service_accounts::scopes.eq(&self.terms.scopes),
            service_accounts::allowed_networks.eq(&self.terms.allowed_networks),
            service_accounts::department_ids.eq(&self.terms.department_ids),
        );
        diesel::update(service_accounts::table.find(self.id)).set(own).execute(&mut **tx).await?;
        Ok(())
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for ServiceAccount {
    type Terms = ServiceAccountTerms;

    fn terms(&self) -> &ServiceAccountTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut ServiceAccountTerms {
        &mut self.terms
    }
}

/// Refuses a caller who would hand out more than they have: a role above their own, or a right that reaches further in
/// that role than in their own. Checked wherever an account gets a right, or someone gets a key of it.
///
/// # Errors
/// 403 naming the right.
pub async fn refuse_more_than_own(tx: &mut Tx<'_>, role: Role, scopes: &[ScopeName]) -> Result<()> {
    let Some(caller) = tx.actor().limited_by()?.cloned() else { return Ok(()) };
    if role > caller.role() {
        return Err(Error::new(ProblemType::Forbidden).detail(
            "Nobody gives a service account a role above their own.",
            "Никто не даёт служебной учётной записи роль выше собственной.",
        ));
    }
    let policy = load_policy(tx, role).await?;
    let beyond = scopes.iter().find(|scope| policy.reach(scope.as_str()) > caller.policy.reach(scope.as_str()));
    beyond.map_or(Ok(()), |scope| Err(Error::forbidden(scope.as_str())))
}
