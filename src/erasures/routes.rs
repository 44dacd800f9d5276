//! `/v1/clients/{id}/erase`, `/v1/contacts/{id}/erase` and `/v1/erasures`.

use actix_web::web::Path;

use super::{
    erase,
    model::{Erasure, ErasureFilter, ErasureId, NewErasure},
    queries,
};
use crate::{
    access::{Erase, Read, RecentlyAuthenticated, Scope},
    change::Change,
    clients::{Client, ClientId},
    contacts::{Contact, ContactId},
    db::{Cost, Db},
    error::Result,
    http::{Body, Created, IfMatch, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on erasures.
pub fn routes(api: &mut Routes) {
    api.add(
        "personal data",
        [endpoint!(erase_client), endpoint!(erase_contact), endpoint!(list_erasures), endpoint!(get_erasure)],
    );
}

/// Erase the personal data of a client
///
/// Use it when a client who is a person, or a sole trader, asks for it, and the law has no reason to keep the data.
///
/// All that tells of the client or of persons at it is replaced: in the client, its contacts, interactions, contracts and orders, in
/// what is searched, in the audit log, in answers that are kept and in letters that wait. Figures, dates, numbers and contracts are
/// kept. Planned interactions are called off, and the client is archived and gone: 410. Not possible while orders or contracts are
/// under way. The answer is the deed, also at `/v1/erasures`. This cannot be undone.
#[utoipa::path(
    post,
    path = "/v1/clients/{id}/erase",
    responses((status = 201, description = "The deed of the erasure."))
)]
async fn erase_client(
    scope: Scope<Client, Erase>,
    _: RecentlyAuthenticated,
    id: Path<ClientId>,
    seen: IfMatch,
    change: Change,
    new: Body<NewErasure>,
) -> Result<Created<Erasure>> {
    let Body(new) = new;
    change.run(async |tx| Reply::created(&erase::client(tx, &scope, *id, &seen, new).await?)).await
}

/// Erase the personal data of a contact
///
/// Use it when a person at a client asks for it, and the law has no reason to keep the data.
///
/// All that tells of the person is replaced: in the contact, the interactions with them, among those who sign contracts, in what is
/// searched, in the audit log, in answers that are kept and in letters that wait. Planned interactions with them are called off, and
/// the contact is gone: 410. The answer is the deed, also at `/v1/erasures`. This cannot be undone.
#[utoipa::path(
    post,
    path = "/v1/contacts/{id}/erase",
    responses((status = 201, description = "The deed of the erasure."))
)]
async fn erase_contact(
    scope: Scope<Contact, Erase>,
    _: RecentlyAuthenticated,
    id: Path<ContactId>,
    seen: IfMatch,
    change: Change,
    new: Body<NewErasure>,
) -> Result<Created<Erasure>> {
    let Body(new) = new;
    change.run(async |tx| Reply::created(&erase::contact(tx, &scope, *id, &seen, new).await?)).await
}

/// List erasures
///
/// Use it to show that personal data was erased, when, why and by whom.
///
/// Newest first. The entries of the audit log that were erased keep who did what and when.
#[utoipa::path(get, path = "/v1/erasures", responses((status = 200, description = "A page of the deeds.")))]
async fn list_erasures(scope: Scope<Erasure, Read>, query: ListQuery<ErasureFilter>, db: Db) -> Result<Page<Erasure>> {
    let db = db.reader(query.cost).await?;
    queries::list(&db, &scope, &query).await
}

/// Get an erasure
///
/// Use it as the deed of one erasure.
#[utoipa::path(get, path = "/v1/erasures/{id}", responses((status = 200, description = "The deed.")))]
async fn get_erasure(
    scope: Scope<Erasure, Read>,
    id: Path<ErasureId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<Erasure>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    Ok(Tagged::new(queries::find(&db, &scope, *id).await?, fields))
}
