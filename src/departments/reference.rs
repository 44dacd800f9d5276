//! A department as it is shown with the orders handed to it.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
    prelude::{Queryable, Selectable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::DepartmentId;
use crate::{
    db::schema::departments,
    error::{Error, Result},
    values::Line,
};

/// The name of a department, as it is shown with the orders handed to it.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = departments)]
pub struct DepartmentRef {
    /// Identifier.
    pub id: DepartmentId,
    /// What the department is called.
    pub name: Line,
}

/// The names of the departments `ids`, in one query. Everyone may read them: a name is shown with what the department
/// works on.
///
/// # Errors
/// When the database fails.
pub async fn references(
    mut db: &AsyncPgConnection,
    ids: Vec<DepartmentId>,
) -> Result<HashMap<DepartmentId, DepartmentRef>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<DepartmentRef> =
        departments::table.filter(departments::id.eq_any(ids)).select(DepartmentRef::as_select()).load(&mut db).await?;
    Ok(rows.into_iter().map(|department| (department.id, department)).collect())
}

/// Checks that the department `id` exists.
///
/// # Errors
/// 404 when it does not.
pub async fn check_exists(mut db: &AsyncPgConnection, id: DepartmentId) -> Result<()> {
    let found: Option<DepartmentId> =
        departments::table.find(id).select(departments::id).first(&mut db).await.optional()?;
    found.map(|_| ()).ok_or_else(Error::not_found)
}
