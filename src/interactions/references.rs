//! What an interaction refers to besides its client and its user.

use std::{collections::HashMap, sync::Arc};

use diesel::{
    ExpressionMethods, QueryDsl, SelectableHelper,
    prelude::{Queryable, Selectable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::{
        actions::Read,
        caller::Caller,
        scope::{Owned, Scope},
    },
    db::schema::contacts,
    error::Result,
    rest::{entity::Resource, id::Id, text::Line},
};

/// A contact's identifier.
pub type ContactId = Id<ContactRef>;

/// The name of a contact, as it stands beside what was done with them.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = contacts)]
pub struct ContactRef {
    /// Identifier.
    pub id: ContactId,
    /// The person's name.
    pub name: Line,
    /// The person's position.
    pub job_title: Option<Line>,
}

impl Resource for ContactRef {
    const NAME: &'static str = "contacts";
}

impl Owned for ContactRef {}

/// Of contracts.
#[derive(Debug)]
pub enum ContractLabel {}
/// A contract's identifier.
pub type ContractId = Id<ContractLabel>;

/// Of orders.
#[derive(Debug)]
pub enum OrderLabel {}
/// An order's identifier.
pub type OrderId = Id<OrderLabel>;

/// The names of those of `ids` that `caller` may see, in one query.
///
/// # Errors
/// The database's.
pub async fn contacts(
    db: &mut AsyncPgConnection,
    caller: Option<&Arc<Caller>>,
    ids: Vec<ContactId>,
) -> Result<HashMap<ContactId, ContactRef>> {
    let Some(scope) = caller.map_or_else(|| Some(Scope::system()), |caller| Scope::<ContactRef, Read>::of(caller).ok())
    else {
        return Ok(HashMap::new());
    };
    let rows: Vec<ContactRef> = contacts::table
        .filter(contacts::id.eq_any(ids))
        .filter(scope.visible())
        .select(ContactRef::as_select())
        .load(db)
        .await?;
    Ok(rows.into_iter().map(|contact| (contact.id, contact)).collect())
}
