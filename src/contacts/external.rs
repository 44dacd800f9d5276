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
    http::{IfMatch, Routes, StepText},
};

const UPSERT: StepText = StepText {
    id: "upsert_contact",
    summary: "Create or change a contact of another system",
    description: "Use it to bring over what another system has, as often as it changes there.\n\nWhere nothing has this id \
                  yet, it creates a contact, and answers 201. Otherwise it changes the members that are given, as `PATCH` does, \
                  and answers 200; that needs `contacts:update`. What only a creation takes must be as it is. The id \
                  of the address is always among `external_ids`. An id that belongs to something out of reach is refused as taken.",
};

/// The operation that takes an id of another system.
pub fn routes(api: &mut Routes) {
    api.add("contacts", [external::<Contact>(UPSERT)]);
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
