//! `/v1/departments`.

use actix_web::web::Path;

use super::{
    model::{Department, DepartmentFilter, DepartmentId, DepartmentPatch, DepartmentTerms},
    queries,
    view::DepartmentView,
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::{self, Change},
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, IfMatch, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on departments.
pub fn routes(api: &mut Routes) {
    api.add(
        "departments",
        [
            endpoint!(list_departments),
            endpoint!(create_department),
            endpoint!(get_department),
            endpoint!(update_department),
        ],
    );
}

/// List departments
///
/// Use it to offer the departments that an order can be handed to.
#[utoipa::path(
    get,
    path = "/v1/departments",
    responses((status = 200, description = "A page of the departments."))
)]
async fn list_departments(
    scope: Scope<Department, Read>,
    query: ListQuery<DepartmentFilter>,
    db: Db,
) -> Result<Page<DepartmentView>> {
    let db = db.reader(query.cost).await?;
    let page = queries::list(&db, &scope, &query).await?;
    Ok(page.map(|department| DepartmentView::of(department, scope.actor())))
}

/// Create a department
///
/// Use it when a new department is to fulfil orders.
#[utoipa::path(
    post,
    path = "/v1/departments",
    responses((status = 201, description = "The new department."))
)]
async fn create_department(
    scope: Scope<Department, Create>,
    change: Change,
    new: Body<DepartmentTerms>,
) -> Result<Created<DepartmentView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let department = queries::insert(tx, &scope, new).await?;
            Reply::created(&DepartmentView::of(department, tx.actor()))
        })
        .await
}

/// Get a department
///
/// Use it to show one department, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/departments/{id}",
    responses((status = 200, description = "The department."))
)]
async fn get_department(
    scope: Scope<Department, Read>,
    id: Path<DepartmentId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<DepartmentView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let department = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(DepartmentView::of(department, scope.actor()), fields))
}

/// Change a department
///
/// Use it to rename a department or to take it out of service.
///
/// A department is never deleted: with `is_active` off, nothing more can be handed to it.
#[utoipa::path(
    patch,
    path = "/v1/departments/{id}",
    responses((status = 200, description = "The changed department."))
)]
async fn update_department(
    scope: Scope<Department, Update>,
    id: Path<DepartmentId>,
    seen: IfMatch,
    change: Change,
    patch: Body<DepartmentPatch>,
) -> Result<Changed<DepartmentView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let department = change::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&DepartmentView::of(department, tx.actor()))
        })
        .await
}
