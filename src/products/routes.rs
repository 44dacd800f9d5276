//! `/v1/products`.

use actix_web::web::Path;

use super::{
    model::{Product, ProductFilter, ProductId, ProductPatch, ProductTerms},
    queries,
    view::ProductView,
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::{self, Change},
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, IfMatch, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on products.
pub fn routes(api: &mut Routes) {
    api.add(
        "products",
        [endpoint!(list_products), endpoint!(create_product), endpoint!(get_product), endpoint!(update_product)],
    );
}

/// List products
///
/// Use it to search the catalogue, such as for what is on sale.
#[utoipa::path(
    get,
    path = "/v1/products",
    responses((status = 200, description = "A page of the products."))
)]
async fn list_products(
    scope: Scope<Product, Read>,
    query: ListQuery<ProductFilter>,
    db: Db,
) -> Result<Page<ProductView>> {
    let db = db.reader(query.cost).await?;
    let page = queries::list(&db, &scope, &query).await?;
    Ok(page.map(|product| ProductView::of(product, scope.actor())))
}

/// Create a product
///
/// Use it to add to the catalogue.
///
/// `min_price` also needs `products:read_confidential`.
#[utoipa::path(
    post,
    path = "/v1/products",
    responses((status = 201, description = "The new product."))
)]
async fn create_product(
    scope: Scope<Product, Create>,
    change: Change,
    new: Body<ProductTerms>,
) -> Result<Created<ProductView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let product = queries::insert(tx, &scope, new).await?;
            Reply::created(&ProductView::of(product, tx.actor()))
        })
        .await
}

/// Get a product
///
/// Use it to show one product, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/products/{id}",
    responses((status = 200, description = "The product."))
)]
async fn get_product(
    scope: Scope<Product, Read>,
    id: Path<ProductId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<ProductView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let product = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(ProductView::of(product, scope.actor()), fields))
}

/// Change a product
///
/// Use it when a price changes, or a product is no longer sold.
///
/// A product is never deleted: `is_active` takes it out of sale. `min_price` also needs `products:read_confidential`.
#[utoipa::path(
    patch,
    path = "/v1/products/{id}",
    responses((status = 200, description = "The changed product."))
)]
async fn update_product(
    scope: Scope<Product, Update>,
    id: Path<ProductId>,
    seen: IfMatch,
    change: Change,
    patch: Body<ProductPatch>,
) -> Result<Changed<ProductView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let product = change::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&ProductView::of(product, tx.actor()))
        })
        .await
}
