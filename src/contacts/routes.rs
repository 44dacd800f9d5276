//! `/v1/contacts`.

use actix_web::web::Path;

use super::{
    model::{Contact, ContactFilter, ContactId, ContactParams, ContactPatch, NewContact},
    queries,
    view::{ContactView, changed, view, views},
};
use crate::{
    access::{Create, Delete, Read, Scope, Update},
    change::Change,
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, Fields, IfMatch, NoContent, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on contacts.
pub fn routes(api: &mut Routes) {
    api.add(
        "contacts",
        [
            endpoint!(list_contacts),
            endpoint!(create_contact),
            endpoint!(get_contact),
            endpoint!(update_contact),
            endpoint!(delete_contact),
        ],
    );
}

/// List contacts
///
/// Use it to find a person by name, e-mail address or telephone number, or all persons of one client.
///
/// Those who have left their clients are listed only when asked for.
#[utoipa::path(
    get,
    path = "/v1/contacts",
    responses((status = 200, description = "A page of the contacts within reach."))
)]
async fn list_contacts(
    scope: Scope<Contact, Read>,
    query: ListQuery<ContactFilter>,
    db: Db,
) -> Result<Page<ContactView>> {
    let db = db.reader(query.cost).await?;
    let mut page = queries::list(&db, &scope, &query).await?;
    let contacts = std::mem::take(&mut page.data);
    Ok(page.with(views(&db, contacts, &query.filter.include, scope.actor()).await?))
}

/// Create a contact
///
/// Use it when a new person at the client is to be called or written to.
///
/// When the new contact is primary, the client's former primary contact no longer is. Not possible for an archived
/// client.
#[utoipa::path(
    post,
    path = "/v1/contacts",
    responses((status = 201, description = "The new contact."))
)]
async fn create_contact(
    scope: Scope<Contact, Create>,
    change: Change,
    new: NewContact,
) -> Result<Created<ContactView>> {
    change
        .run(async |tx| {
            let contact = queries::insert(tx, &scope, new).await?;
            Reply::created(&changed(tx, contact).await?)
        })
        .await
}

/// Get a contact
///
/// Use it to show one person, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/contacts/{id}",
    responses((status = 200, description = "The contact."))
)]
async fn get_contact(
    scope: Scope<Contact, Read>,
    id: Path<ContactId>,
    query: Query<ContactParams>,
    db: Db,
) -> Result<Tagged<ContactView>> {
    let Query(params) = query;
    let fields = Fields::parse(params.fields.as_deref())?;
    let db = db.reader(Cost::Small).await?;
    let contact = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(view(&db, contact, &params.include, scope.actor()).await?, fields))
}

/// Change a contact
///
/// Use it when a person has a new number, position or consent.
///
/// When the contact becomes primary, the client's former primary contact no longer is. Not possible for an archived
/// client.
#[utoipa::path(
    patch,
    path = "/v1/contacts/{id}",
    responses((status = 200, description = "The changed contact."))
)]
async fn update_contact(
    scope: Scope<Contact, Update>,
    id: Path<ContactId>,
    if_match: IfMatch,
    change: Change,
    patch: Body<ContactPatch>,
) -> Result<Changed<ContactView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let contact = queries::update(tx, &scope, *id, &if_match, patch).await?;
            Reply::ok(&changed(tx, contact).await?)
        })
        .await
}

/// Delete a contact
///
/// Use it for a contact that was made by mistake. Whoever has left the client is retired instead.
///
/// Not possible while interactions refer to the contact, nor for an archived client.
#[utoipa::path(
    delete,
    path = "/v1/contacts/{id}",
    responses((status = 204, description = "The contact is gone."))
)]
async fn delete_contact(
    scope: Scope<Contact, Delete>,
    id: Path<ContactId>,
    if_match: IfMatch,
    change: Change,
) -> Result<NoContent> {
    change
        .run(async |tx| {
            queries::delete(tx, &scope, *id, &if_match).await?;
            Ok(Reply::no_content())
        })
        .await
}
