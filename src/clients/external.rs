//! Clients that other systems write by their own ids.

use super::{
    model::{Client, ClientId, ClientPatch, NewClient},
    queries,
    view::{ClientView, changed},
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::{External, Tx, external},
    error::Result,
    external_ids::ExternalId,
    http::{IfMatch, Routes, StepText},
};

const UPSERT: StepText = StepText {
    id: "upsert_client",
    summary: "Create or change a client of another system",
    description: "Use it to bring over what another system has, as often as it changes there.\n\nWhere nothing has this id \
                  yet, it creates a client, and answers 201. Otherwise it changes the members that are given, as `PATCH` does, \
                  and answers 200; that needs `clients:update`. What only a creation takes must be as it is. `owner_id` is left alone: the client may have another owner by now. The id \
                  of the address is always among `external_ids`. An id that belongs to something out of reach is refused as taken.",
};

/// The operation that takes an id of another system.
pub fn routes(api: &mut Routes) {
    api.add("clients", [external::<Client>(UPSERT)]);
}

impl External for Client {
    type New = NewClient;
    type Patch = ClientPatch;
    type View = ClientView;

    fn external_ids(&self) -> &[ExternalId] {
        &self.terms.external_ids.0
    }

    async fn seen(tx: &mut Tx<'_>, id: ClientId) -> Result<Self> {
        queries::find(tx, &tx.scope::<Self, Read>()?, id).await
    }

    async fn create(tx: &mut Tx<'_>, scope: &Scope<Self, Create>, new: NewClient) -> Result<ClientView> {
        let client = queries::insert(tx, scope, new).await?;
        changed(tx, client).await
    }

    async fn change(
        tx: &mut Tx<'_>,
        scope: &Scope<Self, Update>,
        id: ClientId,
        seen: &IfMatch,
        patch: ClientPatch,
    ) -> Result<ClientView> {
        let client = queries::update(tx, scope, id, seen, patch).await?;
        changed(tx, client).await
    }
}
