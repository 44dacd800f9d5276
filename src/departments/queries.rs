//! Every query on departments. They belong to nobody, so a right that reaches anywhere reaches all of them.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, dsl::sql, pg::Pg, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Department, DepartmentFilter, DepartmentId, DepartmentSort, DepartmentTerms};
use crate::{
    access::{Action, Create, Read, Scope},
    change::{Patched, Row, Tx, unknown_reference},
    db::{
        Sql,
        schema::{departments, orders},
    },
    error::{Error, FieldError, OnConstraint, ProblemType, Result},
    list::{ListQuery, Page, Sort, SortBy, SortKey, SortValue, keyset},
    values::{Entity, Instant, Invalid, Resource, Say},
};

static SAVE: Sql = Sql::new();

/// The query for the rows of `filter`. The page and its total both use it.
fn filtered(filter: &DepartmentFilter) -> departments::BoxedQuery<'static, Pg> {
    let mut query = departments::table.into_boxed();
    if !filter.id.is_empty() {
        query = query.filter(departments::id.eq_any(filter.id.clone()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(departments::kind.eq(kind));
    }
    if let Some(is_active) = filter.is_active {
        query = query.filter(departments::is_active.eq(is_active));
    }
    query
}

/// A page of the departments.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    _scope: &Scope<Department, Read>,
    query: &ListQuery<DepartmentFilter>,
) -> Result<Page<Department>> {
    let filter = &query.filter;
    let sort = filter.sort.unwrap_or(Sort { key: DepartmentSort::Name, descending: false });
    let order = SortBy { table: Department::NAME, key: column(sort.key), descending: sort.descending };
    let rows = keyset(filtered(filter), order, query.after.clone(), query.limit)
        .select(Department::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(filter).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |department: &Department| {
        let key = match sort.key {
            DepartmentSort::Name => SortValue::Text(department.terms.name.as_str().to_owned()),
            DepartmentSort::UpdatedAt => SortValue::Instant(department.updated_at),
        };
        (key, department.uuid())
    })
}

fn column(sort: DepartmentSort) -> SortKey {
    match sort {
        DepartmentSort::Name => SortKey::Name("name"),
        DepartmentSort::UpdatedAt => SortKey::Column("updated_at"),
    }
}

/// The department `id`.
///
/// # Errors
/// 404 when there is none.
pub async fn find(
    mut db: &AsyncPgConnection,
    _scope: &Scope<Department, Read>,
    id: DepartmentId,
) -> Result<Department> {
    let department = departments::table.find(id).select(Department::as_select()).first(&mut db).await.optional()?;
    department.ok_or_else(Error::not_found)
}

/// The department that something is handed to, locked so that it stays active until the transaction ends.
///
/// # Errors
/// 422 at `pointer` when there is no such department or nothing can be handed to it now.
pub async fn find_active(tx: &mut Tx<'_>, id: DepartmentId, pointer: &str) -> Result<Department> {
    let department: Department = departments::table
        .find(id)
        .select(Department::as_select())
        .for_share()
        .first(&mut **tx)
        .await
        .optional()?
        .ok_or_else(|| unknown_reference(pointer))?;
    if department.terms.is_active {
        return Ok(department);
    }
    let say = Say::new("Nothing can be handed to this department now.", "Сейчас этому отделу ничего нельзя передать.");
    Err(Error::field(pointer, Invalid::Rule("inactive_department", say)))
}

/// Refuses a list that names departments which do not exist.
///
/// # Errors
/// 422 at each of them, below `pointer`.
pub async fn check_all_exist(tx: &mut Tx<'_>, ids: &[DepartmentId], pointer: &str) -> Result<()> {
    let known = departments::table.filter(departments::id.eq_any(ids)).select(departments::id);
    let known: Vec<DepartmentId> = known.load(&mut **tx).await?;
    let unknown = ids.iter().enumerate().filter(|(_, id)| !known.contains(id));
    let breaches: Vec<FieldError> =
        unknown.map(|(at, _)| FieldError::new(format!("{pointer}/{at}"), Invalid::UnknownReference)).collect();
    if breaches.is_empty() { Ok(()) } else { Err(Error::fields(breaches)) }
}

/// Creates a department.
///
/// # Errors
/// 409 for a taken name.
pub async fn insert(tx: &mut Tx<'_>, _scope: &Scope<Department, Create>, terms: DepartmentTerms) -> Result<Department> {
    let now = tx.now();
    let department = Department { id: tx.new_id(), version: 1, created_at: now, updated_at: now, terms };
    department.refuse_taken(tx, None).await?;
    diesel::insert_into(departments::table).values(&department).execute(&mut **tx).await.on_constraint(breached)?;
    tx.created(&department);
    Ok(department)
}

/// Refuses to put a department out of use while orders wait in its queue. Its row is locked, so that nothing is handed to it
/// meanwhile.
async fn refuse_queue(tx: &mut Tx<'_>, id: DepartmentId) -> Result<()> {
    let waiting: i64 = orders::table
        .filter(orders::department_id.eq(id))
        .filter(sql::<Bool>(QUEUED))
        .count()
        .get_result(&mut **tx)
        .await?;
    if waiting == 0 {
        return Ok(());
    }
    let refusal = Error::new(ProblemType::Conflict).detail(
        format!("Orders wait in the department's queue ({waiting}). They must be fulfilled or returned first."),
        format!("В очереди отдела есть заказы ({waiting}). Сначала их нужно исполнить или вернуть."),
    );
    Err(refusal.with("order_count", waiting))
}

/// The condition that an order is in a department's queue, worded as in the index that serves the query.
pub const QUEUED: &str = "orders.status IN ('handed_over', 'accepted', 'in_progress')";

impl Row for Department {
    type Id = DepartmentId;

    async fn find_locked<A: Action>(
        tx: &mut Tx<'_>,
        _scope: &Scope<Self, A>,
        id: DepartmentId,
    ) -> Result<Option<Self>> {
        let row = departments::table.find(id).select(Self::as_select()).for_no_key_update();
        Ok(row.first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(departments::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(breached)?;
        Ok(())
    }

    async fn check_values(&self, tx: &mut Tx<'_>, before: &Self) -> Result<()> {
        match before.terms.is_active && !self.terms.is_active {
            true => refuse_queue(tx, self.id).await,
            false => Ok(()),
        }
    }

    async fn refuse_taken(&self, tx: &mut Tx<'_>, before: Option<&Self>) -> Result<()> {
        if before.is_some_and(|before| before.terms.name == self.terms.name) {
            return Ok(());
        }
        let holder = departments::table.filter(departments::name.eq(&self.terms.name)).select(departments::id);
        let holder: Option<DepartmentId> = holder.first(&mut **tx).await.optional()?;
        let may_see = tx.actor().scope::<Self, Read>().is_ok();
        holder.map_or(Ok(()), |id| Err(Error::taken("/name", may_see.then(|| id.uuid()))))
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for Department {
    type Terms = DepartmentTerms;

    fn terms(&self) -> &DepartmentTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut DepartmentTerms {
        &mut self.terms
    }
}

fn breached(constraint: &str) -> Option<Error> {
    (constraint == "departments_name_key").then(|| Error::taken("/name", None))
}
