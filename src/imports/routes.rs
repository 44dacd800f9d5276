//! `/v1/imports`.

use actix_web::web::{Data, Path};

use super::{
    inspect::inspect,
    kinds::fields_of,
    known::Known,
    model::{Import, ImportFilter, ImportId, ImportResource, ImportTerms, ImportView, UploadParams},
    queries,
    row::{ImportRowRef, RowFilter},
    rows,
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::{Change, ChangeBy},
    db::{Cost, Db},
    error::{Error, Result},
    files::Files,
    http::{Body, Changed, Created, IfMatch, OneParams, Patch, Query, Reply, Routes, Tagged, Upload, endpoint},
    list::{ListQuery, Page},
};

/// The operations on imports that are not steps.
pub fn routes(api: &mut Routes) {
    let endpoints = [
        endpoint!(list_imports),
        endpoint!(create_import),
        endpoint!(get_import),
        endpoint!(update_import),
        endpoint!(list_import_rows),
    ];
    api.add("imports", endpoints);
}

/// List imports
///
/// Use it to find the files that were sent in, and what came of them.
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/v1/imports",
    responses((status = 200, description = "A page of the imports within reach."))
)]
async fn list_imports(scope: Scope<Import, Read>, query: ListQuery<ImportFilter>, db: Db) -> Result<Page<ImportView>> {
    let db = db.reader(query.cost).await?;
    queries::list(&db, &scope, &query).await
}

/// Send in a file to import
///
/// Use it to bring clients with their contacts, products and past orders along from a spreadsheet or another system.
///
/// The file is CSV with any usual separator and encoding, or a workbook of Excel, of at most 50 MiB. A title above the heads is
/// skipped. The answer has the columns with the fields that they most likely fill; nothing is changed yet. The file and its rows
/// are removed after thirty days.
///
/// Each row of past orders is a line of one: those with the same `external_id` make one order, which is imported whole or not at
/// all. Clients and products are found by their ids in `external_source`, by taxpayer number and name, and by `sku`.
///
/// The organisation's own fields are columns as in an export: `custom_fields.beds`, and those of a client's contact
/// `contact.custom_fields.floor`. A choice is given by its value or by one of its labels, a user by e-mail address or name.
#[utoipa::path(
    post,
    path = "/v1/imports",
    responses((status = 201, description = "The new import, with its columns."))
)]
async fn create_import(
    scope: Scope<Import, Create>,
    change: ChangeBy<UploadParams>,
    files: Data<Files>,
    upload: Upload,
) -> Result<Created<ImportView>> {
    let ChangeBy(change, params) = change;
    let Upload(bytes) = upload;
    let looked_at = bytes.clone();
    let fields = Known::to(scope.actor(), fields_of(params.resource.unwrap_or(ImportResource::Clients)));
    // In a thread of its own: a large file takes a while.
    let inspected = actix_web::web::block(move || inspect(&looked_at, &fields)).await.map_err(Error::internal)??;
    change
        .run(async |tx| {
            let import = queries::insert(tx, &scope, params, inspected, (&files, bytes)).await?;
            Reply::created(&queries::view(tx, import, tx.actor()).await?)
        })
        .await
}

/// Get an import
///
/// Use it to show how far an import is, and to read the `ETag` that its steps ask for.
#[utoipa::path(
    get,
    path = "/v1/imports/{id}",
    responses((status = 200, description = "The import."))
)]
async fn get_import(
    scope: Scope<Import, Read>,
    id: Path<ImportId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<ImportView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let import = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(queries::view(&db, import, scope.actor()).await?, fields))
}

/// Change how an import is understood
///
/// Use it to correct which field a column fills, and to say what is done with duplicates and with wrong values.
///
/// What an earlier check has found no longer counts afterwards.
#[utoipa::path(
    patch,
    path = "/v1/imports/{id}",
    responses((status = 200, description = "The changed import."))
)]
async fn update_import(
    scope: Scope<Import, Update>,
    id: Path<ImportId>,
    seen: IfMatch,
    change: Change,
    patch: Body<Patch<ImportTerms>>,
) -> Result<Changed<ImportView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let import = queries::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&queries::view(tx, import, tx.actor()).await?)
        })
        .await
}

/// List the rows of an import
///
/// Use it to see what becomes of each row, and everything that is wrong with it.
///
/// In the order of the file. Rows stand here once a check has read them.
#[utoipa::path(
    get,
    path = "/v1/imports/{id}/rows",
    responses((status = 200, description = "A page of the rows."))
)]
async fn list_import_rows(
    scope: Scope<Import, Read>,
    id: Path<ImportId>,
    query: ListQuery<RowFilter>,
    db: Db,
) -> Result<Page<ImportRowRef>> {
    let db = db.reader(query.cost).await?;
    let import = queries::find(&db, &scope, *id).await?;
    rows::list(&db, &import, &query).await
}
