//! A contact as it is shown with a related resource.

use std::collections::HashMap;

use diesel::{ExpressionMethods, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Contact, ContactId};
use crate::{
    access::{Actor, Read},
    clients::ContactRef,
    db::schema::contacts,
    error::Result,
};

/// The contacts among `ids` that `actor` may see, in one query.
///
/// # Errors
/// When the database fails.
pub async fn references(
    mut db: &AsyncPgConnection,
    actor: &Actor,
    ids: Vec<ContactId>,
) -> Result<HashMap<ContactId, ContactRef>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let Ok(scope) = actor.scope::<Contact, Read>() else { return Ok(HashMap::new()) };
    let rows: Vec<ContactRef> = contacts::table
        .filter(contacts::id.eq_any(ids))
        .filter(scope.visible())
        .select(ContactRef::as_select())
        .load(&mut db)
        .await?;
    Ok(rows.into_iter().map(|contact| (contact.id, contact)).collect())
}
