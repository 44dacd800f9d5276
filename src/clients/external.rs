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
    http::{IfMatch, Routes},
};

/// The operation that takes an id of another system.
pub fn routes(api: &mut Routes) {
    api.add("clients", [external::<Client>("upsert_client", "a client")]);
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
