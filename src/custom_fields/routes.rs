//! `/v1/custom-fields`.

use actix_web::web::Path;

use super::{
    model::{CustomField, CustomFieldFilter, CustomFieldId, CustomFieldPatch, NewCustomField},
    queries,
    view::CustomFieldView,
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::Change,
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, IfMatch, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on custom fields.
pub fn routes(api: &mut Routes) {
    api.add(
        "custom fields",
        [
            endpoint!(list_custom_fields),
            endpoint!(create_custom_field),
            endpoint!(get_custom_field),
            endpoint!(update_custom_field),
        ],
    );
}

/// List custom fields
///
/// Use it to keep the list of the organisation's own fields. A front end that draws a form takes `GET /v1/schema/{resource}`.
#[utoipa::path(
    get,
    path = "/v1/custom-fields",
    responses((status = 200, description = "A page of the custom fields."))
)]
async fn list_custom_fields(
    scope: Scope<CustomField, Read>,
    query: ListQuery<CustomFieldFilter>,
    db: Db,
) -> Result<Page<CustomFieldView>> {
    let db = db.reader(query.cost).await?;
    let page = queries::list(&db, &scope, &query).await?;
    Ok(page.map(|field| CustomFieldView::of(field, scope.actor())))
}

/// Define a custom field
///
/// Use it when the organisation keeps something of its clients, contacts, interactions, products, contracts or orders that has no
/// field yet.
///
/// From then on each row can have a value of it, among its `custom_fields` under the field's name. At most 100 of a resource.
#[utoipa::path(
    post,
    path = "/v1/custom-fields",
    responses((status = 201, description = "The new custom field."))
)]
async fn create_custom_field(
    scope: Scope<CustomField, Create>,
    change: Change,
    new: NewCustomField,
) -> Result<Created<CustomFieldView>> {
    change
        .run(async |tx| {
            let field = queries::insert(tx, &scope, new).await?;
            Reply::created(&CustomFieldView::of(field, tx.actor()))
        })
        .await
}

/// Get a custom field
///
/// Use it to show how a field is defined, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/custom-fields/{id}",
    responses((status = 200, description = "The custom field."))
)]
async fn get_custom_field(
    scope: Scope<CustomField, Read>,
    id: Path<CustomFieldId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<CustomFieldView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let field = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(CustomFieldView::of(field, scope.actor()), fields))
}

/// Change a custom field
///
/// Use it to rename what people see, to add choices, to ask for values or to put the field out of use.
///
/// What rows rely on stays: the resource, the name, the kind and whether values are confidential, unique, indexed or searchable. A
/// field is never deleted, since rows have values of it: with `is_active` off, no further ones are given, and its name stays taken.
#[utoipa::path(
    patch,
    path = "/v1/custom-fields/{id}",
    responses((status = 200, description = "The changed custom field."))
)]
async fn update_custom_field(
    scope: Scope<CustomField, Update>,
    id: Path<CustomFieldId>,
    seen: IfMatch,
    change: Change,
    patch: Body<CustomFieldPatch>,
) -> Result<Changed<CustomFieldView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let field = queries::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&CustomFieldView::of(field, tx.actor()))
        })
        .await
}
