//! `/v1/clients/{id}/personal-data` and `/v1/contacts/{id}/personal-data`.

use actix_web::web::Path;

use super::{
    model::{PersonalData, SubjectKind},
    page,
    places::Subject,
    queries,
};
use crate::{
    access::{ReadConfidential, ReadPersonalData, Scope},
    change::{RecordedRead, Tx},
    clients::{self, Client, ClientId},
    contacts::{self, Contact, ContactId},
    error::Result,
    http::{ForBoth, Routes, endpoint},
    values::Name,
};

/// The operations that take personal data out.
pub fn routes(api: &mut Routes) {
    api.add("personal data", [endpoint!(get_client_personal_data), endpoint!(get_contact_personal_data)]);
}

/// The action in the audit log.
const ACTION: &str = "personal_data_read";

/// Take out all that is held on a client
///
/// Use it when a client who is a person, or a sole trader, asks what the company knows of them.
///
/// The client with its contact points and numbers, what passed with it, its contracts and orders with their histories, the entries
/// of the audit log and the letters that wait: as JSON, or as a page for people with `Accept: text/html`. Persons at the client are
/// named only, since each of them has data of their own. Confidential fields are left out for who may not see them. Each time is
/// recorded in the audit log.
#[utoipa::path(
    get,
    path = "/v1/clients/{id}/personal-data",
    responses((status = 200, description = "All that is held on the client."))
)]
async fn get_client_personal_data(
    scope: Scope<Client, ReadPersonalData>,
    id: Path<ClientId>,
    read: RecordedRead,
) -> Result<ForBoth<PersonalData>> {
    let read = read.run(async |tx| {
        let client = clients::find(tx, &scope, *id).await?;
        scope.permit(&client)?;
        let knows_all = scope.actor().may::<Client, ReadConfidential>(&client);
        tx.read(ACTION, &client);
        taken(tx, Subject::Client(client.id), client.terms.name, knows_all).await
    });
    read.await
}

/// Take out all that is held on a contact
///
/// Use it when a person at a client asks what the company knows of them.
///
/// The contact with its consents, the interactions with the person, the contracts that they sign, the entries of the audit log and
/// the letters that wait: as JSON, or as a page for people with `Accept: text/html`. Each time is recorded in the audit log.
#[utoipa::path(
    get,
    path = "/v1/contacts/{id}/personal-data",
    responses((status = 200, description = "All that is held on the person."))
)]
async fn get_contact_personal_data(
    scope: Scope<Contact, ReadPersonalData>,
    id: Path<ContactId>,
    read: RecordedRead,
) -> Result<ForBoth<PersonalData>> {
    let read = read.run(async |tx| {
        let contact = contacts::find(tx, &scope, *id).await?;
        scope.permit(&contact)?;
        tx.read(ACTION, &contact);
        taken(tx, Subject::Contact(contact.id), contact.terms.name, false).await
    });
    read.await
}

async fn taken(tx: &mut Tx<'_>, subject: Subject, name: Name, knows_all: bool) -> Result<ForBoth<PersonalData>> {
    let resource = match subject {
        Subject::Client(_) => SubjectKind::Clients,
        Subject::Contact(_) => SubjectKind::Contacts,
    };
    let parts = queries::read(tx, subject, knows_all).await?;
    let (id, taken_at, taken_by) = (subject.id(), tx.now(), tx.user_id());
    let data = PersonalData { resource, id, name, taken_at, taken_by, parts };
    let page = page::of(&data);
    Ok(ForBoth { data, page })
}
