//! The queries on the deeds. They belong to nobody, so a right that reaches anywhere reaches all of them.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Erasure, ErasureFilter, ErasureId};
use crate::{
    access::{Read, Scope},
    db::schema::erasures,
    error::{Error, Result},
    list::{ListQuery, Page, SortBy, SortValue, keyset},
    values::{Entity, Resource},
};

fn filtered(filter: &ErasureFilter) -> erasures::BoxedQuery<'static, Pg> {
    let mut query = erasures::table.into_boxed();
    if let Some(subject) = filter.subject_id {
        query = query.filter(erasures::subject_id.eq(subject));
    }
    if !filter.client_id.is_empty() {
        query = query.filter(erasures::client_id.eq_any(filter.client_id.clone()));
    }
    if let Some(from) = filter.created_at_from {
        query = query.filter(erasures::created_at.ge(from));
    }
    if let Some(to) = filter.created_at_to {
        query = query.filter(erasures::created_at.lt(to));
    }
    query
}

/// A page of the deeds, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    _scope: &Scope<Erasure, Read>,
    query: &ListQuery<ErasureFilter>,
) -> Result<Page<Erasure>> {
    let order = SortBy::column(Erasure::NAME, "created_at", true);
    let rows = keyset(filtered(&query.filter), order, query.after.clone(), query.limit)
        .select(Erasure::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(&query.filter).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |deed: &Erasure| (SortValue::Instant(deed.created_at), deed.uuid()))
}

/// The deed `id`.
///
/// # Errors
/// 404 when there is none.
pub async fn find(mut db: &AsyncPgConnection, _scope: &Scope<Erasure, Read>, id: ErasureId) -> Result<Erasure> {
    let deed = erasures::table.find(id).select(Erasure::as_select()).first(&mut db).await.optional()?;
    deed.ok_or_else(Error::not_found)
}
