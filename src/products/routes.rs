//! `/v1/products`.

use actix_web::{HttpResponse, get, patch, post, web::Path};
use utoipa_actix_web::service_config::ServiceConfig;

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
    http::{Body, IfMatch, OneParams, Query, Reply, Tagged},
    list::{ListQuery, Page, PageParams},
};

/// The operations on products.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_products).service(create_product).service(get_product).service(update_product);
}

/// List products
#[utoipa::path(
    tag = "products",
    params(ProductFilter, PageParams),
    responses((status = 200, description = "A page of the products.", body = Page<ProductView>)),
    extensions(("x-permission" = json!("products:read")))
)]
#[get("/v1/products")]
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
/// `min_price` also needs `products:read_confidential`.
#[utoipa::path(
    tag = "products",
    request_body = ProductTerms,
    responses((status = 201, description = "The new product.", body = ProductView)),
    extensions(("x-permission" = json!("products:create")))
)]
#[post("/v1/products")]
async fn create_product(
    scope: Scope<Product, Create>,
    change: Change,
    new: Body<ProductTerms>,
) -> Result<HttpResponse> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let product = queries::insert(tx, &scope, new).await?;
            Reply::created(&ProductView::of(product, tx.actor()))
        })
        .await
}

/// Get a product
#[utoipa::path(
    tag = "products",
    params(("id" = ProductId, Path, description = "The product."), OneParams),
    responses((status = 200, description = "The product.", body = ProductView)),
    extensions(("x-permission" = json!("products:read")))
)]
#[get("/v1/products/{id}")]
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
/// A product is never deleted: `is_active` takes it out of sale. `min_price` also needs `products:read_confidential`.
#[utoipa::path(
    tag = "products",
    params(("id" = ProductId, Path, description = "The product.")),
    request_body = ProductPatch,
    responses((status = 200, description = "The changed product.", body = ProductView)),
    extensions(("x-permission" = json!("products:update")))
)]
#[patch("/v1/products/{id}")]
async fn update_product(
    scope: Scope<Product, Update>,
    id: Path<ProductId>,
    seen: IfMatch,
    change: Change,
    patch: Body<ProductPatch>,
) -> Result<HttpResponse> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let product = change::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&ProductView::of(product, tx.actor()))
        })
        .await
}
