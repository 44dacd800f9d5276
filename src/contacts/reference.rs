//! A contact as it is shown with a related resource.

use std::collections::{HashMap, HashSet};

use diesel::{ExpressionMethods, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Contact, ContactId};
use crate::{
    access::{Actor, Read, Scope},
    clients::ContactRef,
    db::schema::contacts,
    error::{Error, Result},
};

/// The contacts `ids`, in one query.
///
/// # Errors
/// 403 when `actor` may not see all of them: nothing that was asked for is left out in silence.
pub async fn references(
    mut db: &AsyncPgConnection,
    actor: &Actor,
    ids: Vec<ContactId>,
) -> Result<HashMap<ContactId, ContactRef>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let scope = actor.scope::<Contact, Read>()?;
    let asked: HashSet<ContactId> = ids.iter().copied().collect();
    let rows: Vec<ContactRef> = contacts::table
        .filter(contacts::id.eq_any(ids))
        .filter(scope.visible())
        .select(ContactRef::as_select())
        .load(&mut db)
        .await?;
    if rows.len() < asked.len() {
        return Err(Error::forbidden(&Scope::<Contact, Read>::permission()));
    }
    Ok(rows.into_iter().map(|contact| (contact.id, contact)).collect())
}
