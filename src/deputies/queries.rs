//! Every query on deputies. Who stands in for somebody reads that, too; the others are read within reach of who is absent.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Deputy, DeputyFilter, DeputyId, NewDeputy};
use crate::{
    access::{Action, Create, Read, Scope, Update},
    change::{Row, Tx, lock, save},
    db::{Sql, columns_of, schema::deputies},
    error::{Error, FieldError, Result},
    http::IfMatch,
    list::{ListQuery, Page, SortBy, SortValue, keyset},
    users,
    values::{Day, Entity, Instant, Invalid, Resource, Say},
};

type Boxed = deputies::BoxedQuery<'static, Pg>;

/// Where the caller is the deputy, and those within reach.
fn readable<A: Action>(scope: &Scope<Deputy, A>) -> Boxed {
    match scope.actor().user_id() {
        Some(user) => deputies::table.filter(deputies::deputy_id.eq(user).or(scope.visible())).into_boxed(),
        None => deputies::table.filter(scope.visible()).into_boxed(),
    }
}

fn filtered(scope: &Scope<Deputy, Read>, filter: &DeputyFilter) -> Boxed {
    let mut query = readable(scope);
    if !filter.user_id.is_empty() {
        query = query.filter(deputies::user_id.eq_any(filter.user_id.clone()));
    }
    if !filter.deputy_id.is_empty() {
        query = query.filter(deputies::deputy_id.eq_any(filter.deputy_id.clone()));
    }
    if let Some(day) = filter.on {
        query = query.filter(deputies::starts_on.le(day)).filter(deputies::ends_on.ge(day));
        query = query.filter(deputies::ended_at.is_null());
    }
    query
}

/// A page of the deputies that the caller may read, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    scope: &Scope<Deputy, Read>,
    query: &ListQuery<DeputyFilter>,
) -> Result<Page<Deputy>> {
    let order = SortBy::column(Deputy::NAME, "created_at", true);
    let rows = keyset(filtered(scope, &query.filter), order, query.after.clone(), query.limit)
        .select(columns_of::<Deputy>())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(scope, &query.filter).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |deputy: &Deputy| (SortValue::Instant(deputy.created_at), deputy.uuid()))
}

/// The deputy `id`.
///
/// # Errors
/// 404 when the caller may read none of this id.
pub async fn find(mut db: &AsyncPgConnection, scope: &Scope<Deputy, Read>, id: DeputyId) -> Result<Deputy> {
    let deputy = readable(scope).filter(deputies::id.eq(id)).select(columns_of::<Deputy>());
    deputy.first(&mut db).await.optional()?.ok_or_else(Error::not_found)
}

/// Names a deputy.
///
/// # Errors
/// 403 for who is absent or stands in out of reach, 422 for a user who does not exist or is not active, and for days that are
/// over or in the wrong order.
pub async fn insert(tx: &mut Tx<'_>, scope: &Scope<Deputy, Create>, new: NewDeputy) -> Result<Deputy> {
    let user_id = new.user_id.or_else(|| tx.user_id());
    let user_id = user_id.ok_or_else(|| Error::field("/user_id", Invalid::Required))?;
    let absent = users::person(tx, user_id, "/user_id").await?;
    scope.permit_owner(absent.id, absent.team_id)?;
    let deputy = users::person(tx, new.deputy_id, "/deputy_id").await?;
    scope.permit_recipient(deputy.team_id)?;
    let breaches = breaches(&new, user_id == new.deputy_id, tx.contract_day().await?);
    if !breaches.is_empty() {
        return Err(Error::fields(breaches));
    }
    let now = tx.now();
    let deputy = Deputy {
        id: tx.new_id(),
        version: 1,
        created_at: now,
        updated_at: now,
        user_id: absent.id,
        team_id: absent.team_id,
        deputy_id: deputy.id,
        starts_on: new.starts_on,
        ends_on: new.ends_on,
        ended_at: None,
    };
    diesel::insert_into(deputies::table).values(&deputy).execute(&mut **tx).await?;
    tx.created(&deputy);
    tx.callers_changed();
    Ok(deputy)
}

fn breaches(new: &NewDeputy, is_own: bool, today: Day) -> Vec<FieldError> {
    let mut breaches = Vec::new();
    let mut refuse = |pointer: &str, code, say| breaches.push(FieldError::new(pointer, Invalid::Rule(code, say)));
    if is_own {
        let say = Say::new("Nobody stands in for themselves.", "Никто не замещает сам себя.");
        refuse("/deputy_id", "own_deputy", say);
    }
    if new.ends_on < new.starts_on {
        let say = Say::new("The last day is before the first.", "Последний день раньше первого.");
        refuse("/ends_on", "ends_before_start", say);
    }
    if new.ends_on < today {
        let say = Say::new("The last day has passed.", "Последний день уже прошёл.");
        refuse("/ends_on", "in_the_past", say);
    }
    breaches
}

/// Ends a deputyship before its last day.
///
/// # Errors
/// 404, 403, 412, 409 when it is over.
pub async fn end(tx: &mut Tx<'_>, scope: &Scope<Deputy, Update>, id: DeputyId, seen: &IfMatch) -> Result<Deputy> {
    let before = lock(tx, scope, id, seen).await?;
    before.refuse_over(tx.contract_day().await?)?;
    let after = Deputy { ended_at: Some(tx.now()), ..before.clone() };
    save(tx, "ended", &before, after).await
}

impl Row for Deputy {
    type Id = DeputyId;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Self, A>, id: DeputyId) -> Result<Option<Self>> {
        // Who stands in sees it, and is told that ending it is not theirs.
        let visible: Option<DeputyId> =
            readable(scope).filter(deputies::id.eq(id)).select(deputies::id).first(&mut **tx).await.optional()?;
        let Some(id) = visible else { return Ok(None) };
        let row = deputies::table.filter(deputies::id.eq(id)).select(columns_of::<Self>());
        Ok(row.for_no_key_update().first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        static SAVE: Sql = Sql::new();
        let update = SAVE.of(diesel::update(deputies::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await?;
        Ok(())
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}
