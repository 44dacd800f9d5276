//! A department as a caller sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::Department;
use crate::{
    access::{Actor, Update},
    http::View,
};

/// A department, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Department, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z", "name": "Warehouse", "kind": "department",
    "is_active": true, "actions": ["update"]}))]
pub struct DepartmentView {
    #[serde(flatten)]
    department: Department,
    /// What the caller may do with the department now.
    actions: Vec<&'static str>,
}

impl DepartmentView {
    /// `department` as `actor` sees it.
    pub fn of(department: Department, actor: &Actor) -> Self {
        let may_update = actor.may::<Department, Update>(&department);
        Self { department, actions: if may_update { vec!["update"] } else { Vec::new() } }
    }
}

impl View for DepartmentView {
    type Row = Department;

    fn row(&self) -> &Department {
        &self.department
    }
}
