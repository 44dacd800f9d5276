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
    access::{Actor, Owned},
    db::schema::contacts,
    error::Result,
    values::{Email, Id, Line, Name, Phone, Resource},
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
    pub name: Name,
    /// The person's position.
    pub job_title: Option<Line>,
    /// The e-mail address.
    pub email: Option<Email>,
    /// The telephone number.
    pub phone: Option<Phone>,
}

impl Resource for ContactRef {
    const NAME: &'static str = "contacts";
    const CAN_BE_ERASED: bool = true;
}

impl Owned for ContactRef {}

/// The primary contacts of `clients`, in one query.
///
/// # Errors
/// 403 when the right of `actor` to see contacts reaches less far than that to see clients: nothing that was asked for is
/// left out in silence.
pub async fn primary_contacts(
    mut db: &AsyncPgConnection,
    actor: &Actor,
    clients: Vec<ClientId>,
) -> Result<HashMap<ClientId, ContactRef>> {
    if clients.is_empty() {
        return Ok(HashMap::new());
    }
    let scope = actor.scope_with_clients::<ContactRef>()?;
    let rows: Vec<(ClientId, ContactRef)> = contacts::table
        .filter(contacts::client_id.eq_any(clients))
        .filter(contacts::is_primary)
        .filter(scope.visible())
        .select((contacts::client_id, ContactRef::as_select()))
        .load(&mut db)
        .await?;
    Ok(rows.into_iter().collect())
}
