//! What a department is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Belongs, Ownership},
    db::{schema::departments, stored_as_text},
    http::{Patch, PatchText, Terms},
    list::Sort,
    values::{Entity, Id, Instant, Line, Resource},
};

/// A department's identifier.
pub type DepartmentId = Id<Department>;

/// A part of the company that carries out what clients order.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = departments)]
#[schema(as = DepartmentFields)]
pub struct Department {
    /// Identifier.
    pub id: DepartmentId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the department was created.
    pub created_at: Instant,
    /// When the department was last changed.
    pub updated_at: Instant,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: DepartmentTerms,
}

/// A department to be created.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = departments, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDepartment, example = json!({"name": "Warehouse", "kind": "department"}))]
pub struct DepartmentTerms {
    /// Business: Its name; no two departments share one.
    pub name: Line,
    /// Whether it is a department or the management.
    pub kind: DepartmentKind,
    /// Whether anything can be handed to it now.
    #[serde(default = "active")]
    #[schema(default = true)]
    pub is_active: bool,
}

fn active() -> bool {
    true
}

/// The fields of a department to change.
pub type DepartmentPatch = Patch<DepartmentTerms>;

impl Terms for DepartmentTerms {
    const PATCH: PatchText = PatchText {
        name: "DepartmentPatch",
        description: "The fields of a department to change.",
        example: r#"{"name": "Central warehouse"}"#,
    };
}

/// Whether it is a department or the management.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    AsRefStr,
    EnumString,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum DepartmentKind {
    /// A department that carries out orders.
    Department,
    /// The management, which decides.
    Management,
}
stored_as_text!(DepartmentKind);

impl Resource for Department {
    const NAME: &'static str = "departments";
}

impl Entity for Department {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Belongs for Department {
    fn ownership(&self) -> Option<Ownership> {
        None
    }
}

/// Which departments to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DepartmentFilter {
    /// Only the departments with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<DepartmentId>,
    /// Only departments, or only the management.
    #[param(inline)]
    pub kind: Option<DepartmentKind>,
    /// Only departments that anything can be handed to now, or only the others; all when left out.
    pub is_active: Option<bool>,
    /// The order; `name` when left out.
    #[param(inline)]
    pub sort: Option<DepartmentSorting>,
}

/// The order of a list of departments.
pub type DepartmentSorting = Sort<DepartmentSort>;

/// What departments can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum DepartmentSort {
    /// The department's name.
    Name,
    /// When the department was last changed.
    UpdatedAt,
}
