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
    http::{IfMatch, Routes},
};

/// The operation that takes an id of another system.
pub fn routes(api: &mut Routes) {
    api.add("products", [external::<Product>("upsert_product", "a product")]);
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
