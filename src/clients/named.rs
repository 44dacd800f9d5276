//! The clients that somebody else's list names.

use diesel::{BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Client, ClientId};
use crate::{
    access::{Read, Scope},
    db::{columns_of, wide::clients},
    error::Result,
};

/// The clients within reach that have one of these ids, one of these taxpayer numbers, or one of these names letter by letter.
///
/// # Errors
/// When the database fails.
pub async fn named(
    mut db: &AsyncPgConnection,
    scope: &Scope<Client, Read>,
    ids: Vec<ClientId>,
    tax_ids: Vec<String>,
    names: Vec<String>,
) -> Result<Vec<Client>> {
    let by_number = clients::id.eq_any(ids).or(clients::tax_id.eq_any(tax_ids).assume_not_null());
    let named = by_number.or(clients::name.eq_any(names));
    let rows = clients::table.filter(scope.visible()).filter(clients::erased_at.is_null()).filter(named);
    Ok(rows.select(columns_of::<Client>()).load(&mut db).await?)
}
