//! Orders that other systems write by their own ids.

use super::{
    bodies::{NewOrder, OrderPatch},
    model::{Order, OrderId},
    queries, update,
    view::{OrderView, changed},
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
    api.add("orders", [external::<Order>("upsert_order", "the draft of an order")]);
}

impl External for Order {
    type New = NewOrder;
    type Patch = OrderPatch;
    type View = OrderView;

    fn external_ids(&self) -> &[ExternalId] {
        &self.terms.external_ids.0
    }

    async fn seen(tx: &mut Tx<'_>, id: OrderId) -> Result<Self> {
        queries::find(tx, &tx.scope::<Self, Read>()?, id).await
    }

    async fn create(tx: &mut Tx<'_>, scope: &Scope<Self, Create>, new: NewOrder) -> Result<OrderView> {
        let order = queries::insert(tx, scope, new).await?;
        changed(tx, order).await
    }

    async fn change(
        tx: &mut Tx<'_>,
        scope: &Scope<Self, Update>,
        id: OrderId,
        seen: &IfMatch,
        patch: OrderPatch,
    ) -> Result<OrderView> {
        let order = update::update(tx, scope, id, seen, patch).await?;
        changed(tx, order).await
    }
}
