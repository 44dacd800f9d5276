//! Interactions that other systems write by their own ids.

use super::{
    insert,
    model::{Interaction, InteractionId, InteractionPatch, NewInteraction},
    queries,
    view::{InteractionView, changed},
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
    api.add("interactions", [external::<Interaction>("upsert_interaction", "an interaction")]);
}

impl External for Interaction {
    type New = NewInteraction;
    type Patch = InteractionPatch;
    type View = InteractionView;

    fn external_ids(&self) -> &[ExternalId] {
        &self.terms.external_ids.0
    }

    async fn seen(tx: &mut Tx<'_>, id: InteractionId) -> Result<Self> {
        queries::find(tx, &tx.scope::<Self, Read>()?, id).await
    }

    async fn create(tx: &mut Tx<'_>, scope: &Scope<Self, Create>, new: NewInteraction) -> Result<InteractionView> {
        let (interaction, next) = insert::insert(tx, scope, new).await?;
        let next = next.map(|next| changed(tx, next));
        Ok(changed(tx, interaction).with_next(next))
    }

    async fn change(
        tx: &mut Tx<'_>,
        scope: &Scope<Self, Update>,
        id: InteractionId,
        seen: &IfMatch,
        patch: InteractionPatch,
    ) -> Result<InteractionView> {
        let interaction = queries::update(tx, scope, id, seen, patch).await?;
        Ok(changed(tx, interaction))
    }
}
