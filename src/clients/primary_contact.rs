//! The contact to turn to first. The slice of contacts uses this one and not the other way round, so clients know only
//! the fields of a contact that are shown with a client.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, QueryDsl, SelectableHelper,
    prelude::{Queryable, Selectable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::ClientId;
use crate::{
    access::{Actor, Owned, Read},
    db::schema::contacts,
    error::Result,
    values::{Email, Id, Line, Phone, Resource},
};

/// A contact's identifier.
pub type ContactId = Id<ContactRef>;

/// A contact as it is shown with a related resource.
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

impl Resource for ContactRef {
    const NAME: &'static str = "contacts";
}

impl Owned for ContactRef {}

/// The primary contacts of `clients`, in one query, as far as `actor` may see contacts.
///
/// # Errors
/// When the database fails.
pub async fn primary_contacts(
    mut db: &AsyncPgConnection,
    actor: &Actor,
    clients: Vec<ClientId>,
) -> Result<HashMap<ClientId, ContactRef>> {
    if clients.is_empty() {
        return Ok(HashMap::new());
    }
    // A caller who may see no contacts at all sees clients without them.
    let Ok(scope) = actor.scope::<ContactRef, Read>() else { return Ok(HashMap::new()) };
    let rows: Vec<(ClientId, ContactRef)> = contacts::table
        .filter(contacts::client_id.eq_any(clients))
        .filter(contacts::is_primary)
        .filter(scope.visible())
        .select((contacts::client_id, ContactRef::as_select()))
        .load(&mut db)
        .await?;
    Ok(rows.into_iter().collect())
}
