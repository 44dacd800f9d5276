//! A contact as it stands beside what it has to do with.

use std::{collections::HashMap, sync::Arc};

use diesel::{ExpressionMethods, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Contact, ContactId};
use crate::{
    access::{Caller, Read, Scope},
    clients::ContactRef,
    db::schema::contacts,
    error::Result,
};

/// Those of `ids` that `caller` may see, in one query.
///
/// # Errors
/// The database's.
pub async fn references(
    mut db: &AsyncPgConnection,
    caller: Option<&Arc<Caller>>,
    ids: Vec<ContactId>,
) -> Result<HashMap<ContactId, ContactRef>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let Some(scope) = caller.map_or_else(|| Some(Scope::system()), |caller| Scope::<Contact, Read>::of(caller).ok())
    else {
        return Ok(HashMap::new());
    };
    let rows: Vec<ContactRef> = contacts::table
        .filter(contacts::id.eq_any(ids))
        .filter(scope.visible())
        .select(ContactRef::as_select())
        .load(&mut db)
        .await?;
    Ok(rows.into_iter().map(|contact| (contact.id, contact)).collect())
}
