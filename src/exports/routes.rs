//! `/v1/exports`.

use actix_web::web::{Data, Path};

use super::{
    download::{Download, KIND},
    model::{Export, ExportFilter, ExportId, ExportView, NewExport},
    queries,
};
use crate::{
    access::{Create, Read, Scope},
    change::Change,
    clock::Clock,
    db::{Cost, Db},
    error::{Error, ProblemType, Result},
    files::Files,
    http::{Body, Created, NoParams, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
    values::Entity,
};

/// The operations on exports.
pub fn routes(api: &mut Routes) {
    let endpoints =
        [endpoint!(list_exports), endpoint!(create_export), endpoint!(get_export), endpoint!(get_export_file)];
    api.add("exports", endpoints);
}

/// List exports
///
/// Use it to find the files that were made, and to see who has exported what.
///
/// Newest first. What is known of an export is kept for ninety days, and its file for seven.
#[utoipa::path(
    get,
    path = "/v1/exports",
    responses((status = 200, description = "A page of the exports within reach."))
)]
async fn list_exports(
    scope: Scope<Export, Read>,
    query: ListQuery<ExportFilter>,
    clock: Data<Clock>,
    db: Db,
) -> Result<Page<ExportView>> {
    let db = db.reader(query.cost).await?;
    queries::list(&db, &scope, &query, clock.now()).await
}

/// Create an export
///
/// Use it to take data out: into a spreadsheet, or into another system.
///
/// A job makes the file; it has the rows of the list with the same filter, as far as the caller's right to export reaches, in
/// the order in which they were created. Confidential columns are empty where the caller may not see them. Who exported what, and
/// how many rows, stands in the audit log.
#[utoipa::path(
    post,
    path = "/v1/exports",
    responses((status = 201, description = "The new export, whose file is being made."))
)]
async fn create_export(
    scope: Scope<Export, Create>,
    change: Change,
    new: Body<NewExport>,
) -> Result<Created<ExportView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let export = queries::insert(tx, &scope, new).await?;
            let now = tx.now();
            Reply::created(&queries::view(tx, export, now).await?)
        })
        .await
}

/// Get an export
///
/// Use it to see whether the file is there: ask again until `has_file`, or until `job` has failed.
#[utoipa::path(
    get,
    path = "/v1/exports/{id}",
    responses((status = 200, description = "The export."))
)]
async fn get_export(
    scope: Scope<Export, Read>,
    id: Path<ExportId>,
    query: Query<OneParams>,
    clock: Data<Clock>,
    db: Db,
) -> Result<Tagged<ExportView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let export = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(queries::view(&db, export, clock.now()).await?, fields))
}

/// Download the file of an export
///
/// Use it when the export says `has_file`.
///
/// The file is answered as it is: CSV in UTF-8 with a byte order mark, a workbook of Excel, or a JSON object in each line.
#[utoipa::path(
    get,
    path = "/v1/exports/{id}/file",
    responses((status = 200, description = "The file."), (status = 409, description = "There is no file now."))
)]
async fn get_export_file(
    scope: Scope<Export, Read>,
    id: Path<ExportId>,
    _: Query<NoParams>,
    clock: Data<Clock>,
    files: Data<Files>,
    db: Db,
) -> Result<Download> {
    let reader = db.reader(Cost::Small).await?;
    let export = queries::find(&reader, &scope, *id).await?;
    let is_there = export.expires_at.is_some_and(|end| end > clock.now());
    let content = if is_there { files.get(KIND, export.uuid()).await? } else { None };
    content.map(|content| Download::new(export, content)).ok_or_else(no_file)
}

fn no_file() -> Error {
    Error::new(ProblemType::Conflict).detail(
        "There is no file: it is not made yet, its job has failed, or its time is over.",
        "Файла нет: он ещё не готов, задание завершилось с ошибкой или срок хранения истёк.",
    )
}
