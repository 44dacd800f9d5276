//! Products that other systems write by their own ids.

use super::{
    model::{Product, ProductId, ProductPatch, ProductTerms},
    queries,
    view::ProductView,
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::{self, External, Tx, external},
    error::Result,
    external_ids::ExternalId,
    http::{IfMatch, Routes, StepText},
};

const UPSERT: StepText = StepText {
    id: "upsert_product",
    summary: "Create or change a product of another system",
    description: "Use it to bring over what another system has, as often as it changes there.\n\nWhere nothing has this id \
                  yet, it creates a product, and answers 201. Otherwise it changes the members that are given, as `PATCH` does, \
                  and answers 200; that needs `products:update`. What only a creation takes must be as it is. The id \
                  of the address is always among `external_ids`. An id that belongs to something out of reach is refused as taken.",
};

/// The operation that takes an id of another system.
pub fn routes(api: &mut Routes) {
    api.add("products", [external::<Product>(UPSERT)]);
}

impl External for Product {
    type New = ProductTerms;
    type Patch = ProductPatch;
    type View = ProductView;

    fn external_ids(&self) -> &[ExternalId] {
        &self.terms.external_ids.0
    }

    async fn seen(tx: &mut Tx<'_>, id: ProductId) -> Result<Self> {
        queries::find(tx, &tx.scope::<Self, Read>()?, id).await
    }

    async fn create(tx: &mut Tx<'_>, scope: &Scope<Self, Create>, new: ProductTerms) -> Result<ProductView> {
        let product = queries::insert(tx, scope, new).await?;
        Ok(ProductView::of(product, tx.actor()))
    }

    async fn change(
        tx: &mut Tx<'_>,
        scope: &Scope<Self, Update>,
        id: ProductId,
        seen: &IfMatch,
        patch: ProductPatch,
    ) -> Result<ProductView> {
        let product = change::update(tx, scope, id, seen, &patch).await?;
        Ok(ProductView::of(product, tx.actor()))
    }
}
