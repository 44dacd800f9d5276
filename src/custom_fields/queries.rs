//! Every query on custom fields. They belong to nobody, so a right that reaches anywhere reaches all of them.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{
    CustomField, CustomFieldFilter, CustomFieldId, CustomFieldPatch, CustomFieldSort, CustomFieldTerms,
    MOST_OF_RESOURCE, NewCustomField,
};
use crate::{
    access::{Action, Create, Read, Scope, Update},
    change::{Patched, Row, Tx, lock_to_patch, patched, save},
    custom::CustomResource,
    db::{Sql, lock_values_until_commit, schema::custom_fields},
    error::{Error, OnConstraint, ProblemType, Result},
    http::{IfMatch, Parts, Terms},
    list::{ListQuery, Page, Sort, SortBy, SortValue, keyset},
    values::{Entity, Instant, Resource},
};

static SAVE: Sql = Sql::new();

/// The query for the rows of `filter`. The page and its total both use it.
fn filtered(filter: &CustomFieldFilter) -> custom_fields::BoxedQuery<'static, Pg> {
    let mut query = custom_fields::table.into_boxed();
    if !filter.id.is_empty() {
        query = query.filter(custom_fields::id.eq_any(filter.id.clone()));
    }
    if !filter.resource.is_empty() {
        query = query.filter(custom_fields::resource.eq_any(filter.resource.clone()));
    }
    if let Some(is_active) = filter.is_active {
        query = query.filter(custom_fields::is_active.eq(is_active));
    }
    query
}

/// A page of the fields.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    _scope: &Scope<CustomField, Read>,
    query: &ListQuery<CustomFieldFilter>,
) -> Result<Page<CustomField>> {
    let filter = &query.filter;
    let sort = filter.sort.unwrap_or(Sort { key: CustomFieldSort::Position, descending: false });
    let column = match sort.key {
        CustomFieldSort::Position => "position",
        CustomFieldSort::UpdatedAt => "updated_at",
    };
    let order = SortBy::column(CustomField::NAME, column, sort.descending);
    let rows = keyset(filtered(filter), order, query.after.clone(), query.limit);
    let rows = rows.select(CustomField::as_select()).load(&mut db).await?;
    let total = match query.total {
        true => Some(filtered(filter).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |field: &CustomField| {
        let key = match sort.key {
            CustomFieldSort::Position => SortValue::Number(field.terms.position.into()),
            CustomFieldSort::UpdatedAt => SortValue::Instant(field.updated_at),
        };
        (key, field.uuid())
    })
}

/// The field `id`.
///
/// # Errors
/// 404 when there is none.
pub async fn find(
    mut db: &AsyncPgConnection,
    _scope: &Scope<CustomField, Read>,
    id: CustomFieldId,
) -> Result<CustomField> {
    let field = custom_fields::table.find(id).select(CustomField::as_select()).first(&mut db).await.optional()?;
    field.ok_or_else(Error::not_found)
}

/// Defines a field.
///
/// # Errors
/// 409 for a taken name and when the resource has too many fields, 422 for a definition against the rules.
pub async fn insert(
    tx: &mut Tx<'_>,
    _scope: &Scope<CustomField, Create>,
    Parts(start, terms): NewCustomField,
) -> Result<CustomField> {
    terms.check()?;
    let now = tx.now();
    let field = CustomField { id: tx.new_id(), version: 1, created_at: now, updated_at: now, start, terms };
    field.check(None)?;
    refuse_too_many(tx, field.start.resource).await?;
    field.refuse_taken(tx, None).await?;
    diesel::insert_into(custom_fields::table).values(&field).execute(&mut **tx).await.on_constraint(breached)?;
    tx.created(&field);
    // The fields that callers bring along are no longer all.
    tx.callers_changed();
    Ok(field)
}

/// Refuses one field more than a resource can have. Whoever defines one at the same time waits.
async fn refuse_too_many(tx: &mut Tx<'_>, resource: CustomResource) -> Result<()> {
    lock_values_until_commit(tx, vec![format!("custom fields of {}", resource.name())]).await?;
    let of_resource = custom_fields::table.filter(custom_fields::resource.eq(resource));
    if of_resource.count().get_result::<i64>(&mut **tx).await? < MOST_OF_RESOURCE {
        return Ok(());
    }
    Err(Error::new(ProblemType::Conflict).detail(
        "This resource has 100 fields of its own already, and can have no more.",
        "У этого ресурса уже 100 собственных полей, больше добавить нельзя.",
    ))
}

/// Changes the fields that `patch` names.
///
/// # Errors
/// 404, 412, 422 for a definition against the rules.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope<CustomField, Update>,
    id: CustomFieldId,
    seen: &IfMatch,
    patch: &CustomFieldPatch,
) -> Result<CustomField> {
    let before = lock_to_patch(tx, scope, id, seen, patch).await?;
    let after = patched(&before, patch)?;
    after.check(Some(&before))?;
    save(tx, "updated", &before, after).await
}

impl Row for CustomField {
    type Id = CustomFieldId;

    async fn find_locked<A: Action>(
        tx: &mut Tx<'_>,
        _scope: &Scope<Self, A>,
        id: CustomFieldId,
    ) -> Result<Option<Self>> {
        let row = custom_fields::table.find(id).select(Self::as_select()).for_no_key_update();
        Ok(row.first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(custom_fields::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(breached)?;
        Ok(())
    }

    async fn refuse_taken(&self, tx: &mut Tx<'_>, before: Option<&Self>) -> Result<()> {
        if before.is_some() {
            return Ok(());
        }
        let holder = custom_fields::table
            .filter(custom_fields::resource.eq(self.start.resource))
            .filter(custom_fields::name.eq(&self.start.name))
            .select(custom_fields::id);
        let holder: Option<CustomFieldId> = holder.first(&mut **tx).await.optional()?;
        let may_see = tx.actor().scope::<Self, Read>().is_ok();
        holder.map_or(Ok(()), |id| Err(Error::taken("/name", may_see.then(|| id.uuid()))))
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for CustomField {
    type Terms = CustomFieldTerms;

    fn terms(&self) -> &CustomFieldTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut CustomFieldTerms {
        &mut self.terms
    }
}

fn breached(constraint: &str) -> Option<Error> {
    (constraint == "custom_fields_resource_name_key").then(|| Error::taken("/name", None))
}
