//! A contact as it stands beside what it has to do with.

use std::{collections::HashMap, sync::Arc};

use diesel::{
    ExpressionMethods, QueryDsl, SelectableHelper,
    prelude::{Queryable, Selectable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Contact, ContactId};
use crate::{
    access::{Caller, Read, Scope},
    db::schema::contacts,
    error::Result,
    values::{Email, Line, Phone},
};

/// A contact as it stands beside what it has to do with.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = contacts)]
pub struct ContactRef {
    /// Identifier.
    pub id: ContactId,
    /// The person's name.
    pub name: Line,
    /// The person's position.
    pub job_title: Option<Line>,
    /// The e-mail address.
    pub email: Option<Email>,
    /// The telephone number.
    pub phone: Option<Phone>,
}

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
