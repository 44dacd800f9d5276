//! Every query on role policies.

use diesel::{
    ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, SelectableHelper,
    dsl::{AsSelect, exists},
    pg::Pg,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use strum::IntoEnumIterator;

use super::{
    model::{NewRolePolicy, RolePolicy},
    rules,
};
use crate::{
    access::{Action, Grants, Limits, Policy, Read, Role, Scope, Update},
    change::{self, Row as _, Tx, lock},
    db::{
        Jsonb,
        schema::{clients, role_policies, users},
    },
    error::{Error, ProblemType, Result},
    http::IfMatch,
    values::Instant,
};

type Row = (i64, Instant, Instant, Jsonb<Grants>, Limits);
type Columns = (
    role_policies::version,
    role_policies::created_at,
    role_policies::updated_at,
    role_policies::grants,
    AsSelect<Limits, Pg>,
);

fn columns() -> Columns {
    (
        role_policies::version,
        role_policies::created_at,
        role_policies::updated_at,
        role_policies::grants,
        Limits::as_select(),
    )
}

/// The policy of `role`.
///
/// # Errors
/// When the database fails.
pub async fn find(mut db: &AsyncPgConnection, _scope: &Scope<RolePolicy, Read>, role: Role) -> Result<RolePolicy> {
    let row: Row = role_policies::table.find(role).select(columns()).first(&mut db).await?;
    Ok(policy(role, row))
}

fn policy(role: Role, (version, created_at, updated_at, Jsonb(grants), limits): Row) -> RolePolicy {
    RolePolicy::of(&Policy::new(role, limits, &grants), version, created_at, updated_at)
}

/// Replaces the policy of `role` with `new`.
///
/// # Errors
/// 412, 409 when users of the role own key clients and the policy would no longer let them, 422 for a policy against
/// the rules.
pub async fn replace(
    tx: &mut Tx<'_>,
    scope: &Scope<RolePolicy, Update>,
    role: Role,
    seen: &IfMatch,
    new: NewRolePolicy,
) -> Result<RolePolicy> {
    let before = lock(tx, scope, role, seen).await?;
    let breaches = rules::breaches(role, &new.permissions);
    if !breaches.is_empty() {
        return Err(Error::fields(breaches));
    }
    if before.limits.may_own_key_clients && !new.may_own_key_clients {
        refuse_owned_key_clients(tx, role).await?;
    }
    let wanted = Policy::new(role, new.limits(), &new.permissions);
    let mut after = RolePolicy::of(&wanted, before.version, before.created_at, before.updated_at);
    if after == before {
        return Ok(before);
    }
    after.advance(tx.now());
    after.write(tx).await?;
    let (from, to) = (before.without_rights_of(&after), after.without_rights_of(&before));
    tx.changed("updated", &from, &to);
    Ok(after)
}

impl change::Row for RolePolicy {
    type Id = Role;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, _scope: &Scope<Self, A>, role: Role) -> Result<Option<Self>> {
        let row = role_policies::table.find(role).select(columns()).for_no_key_update();
        let row: Option<Row> = row.first(&mut **tx).await.optional()?;
        Ok(row.map(|row| policy(role, row)))
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let row = (
            role_policies::version.eq(self.version),
            role_policies::updated_at.eq(self.updated_at),
            self.limits,
            role_policies::grants.eq(Jsonb(self.permissions.clone())),
        );
        diesel::update(role_policies::table.find(self.role)).set(row).execute(&mut **tx).await?;
        Ok(())
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

/// Refuses to take the right to own key clients from users who own some. The policy is locked, so nobody can designate
/// another client as key meanwhile.
async fn refuse_owned_key_clients(tx: &mut Tx<'_>, role: Role) -> Result<()> {
    let owned = clients::table
        .inner_join(users::table.on(users::id.eq(clients::owner_id)))
        .filter(clients::is_key)
        .filter(users::role.eq(role))
        .select(clients::id);
    if !diesel::select(exists(owned)).get_result::<bool>(&mut **tx).await? {
        return Ok(());
    }
    Err(Error::new(ProblemType::Conflict).detail(
        "Users of this role own key clients. Transfer them first.",
        "Пользователи с этой ролью ведут ключевых клиентов. Сначала передайте их.",
    ))
}

/// Gives each role that has no policy yet its initial one.
///
/// # Errors
/// When the database fails.
pub async fn insert_initial(db: &mut AsyncPgConnection, now: Instant) -> Result<()> {
    for role in Role::iter() {
        let policy = Policy::initial(role);
        let row = (
            role_policies::role.eq(role),
            role_policies::version.eq(1_i64),
            role_policies::created_at.eq(now),
            role_policies::updated_at.eq(now),
            policy.limits,
            role_policies::grants.eq(Jsonb(policy.grants().clone())),
        );
        diesel::insert_into(role_policies::table).values(row).on_conflict_do_nothing().execute(db).await?;
    }
    Ok(())
}
