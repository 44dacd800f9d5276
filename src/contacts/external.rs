//! Contacts that other systems write by their own ids.

use super::{
    model::{Contact, ContactId, ContactPatch, NewContact},
    queries,
    view::{ContactView, changed},
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
    api.add("contacts", [external::<Contact>("upsert_contact", "a contact")]);
}

impl External for Contact {
    type New = NewContact;
    type Patch = ContactPatch;
    type View = ContactView;

    fn external_ids(&self) -> &[ExternalId] {
        &self.terms.external_ids.0
    }

    async fn seen(tx: &mut Tx<'_>, id: ContactId) -> Result<Self> {
        queries::find(tx, &tx.scope::<Self, Read>()?, id).await
    }

    async fn create(tx: &mut Tx<'_>, scope: &Scope<Self, Create>, new: NewContact) -> Result<ContactView> {
        let contact = queries::insert(tx, scope, new).await?;
        changed(tx, contact).await
    }

    async fn change(
        tx: &mut Tx<'_>,
        scope: &Scope<Self, Update>,
        id: ContactId,
        seen: &IfMatch,
        patch: ContactPatch,
    ) -> Result<ContactView> {
        let contact = queries::update(tx, scope, id, seen, patch).await?;
        changed(tx, contact).await
    }
}
