//! Conditions on what belongs to a client. Contracts and orders stand above clients, which know of them only what these
//! conditions need.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    access::Owned,
    products::ProductId,
    values::{Day, Resource, bounds},
};

/// An order by which something was ordered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClientOrderedCondition, example = json!({"product_ids": ["01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f"], "from": "2026-01-01"}))]
pub struct Ordered {
    /// It has a line of one of these products; of any product when the list is empty or left out.
    #[serde(default, deserialize_with = "bounds::at_most::<200, _, _, _>")]
    #[schema(max_items = 200)]
    pub product_ids: Vec<ProductId>,
    /// It is of this day or later.
    pub from: Option<Day>,
    /// It is of a day before this one.
    pub to: Option<Day>,
}

/// The contracts that a caller may read.
#[derive(Debug)]
pub enum Contracts {}

/// The orders that a caller may read.
#[derive(Debug)]
pub enum Orders {}

impl Resource for Contracts {
    const NAME: &'static str = "contracts";
}

impl Owned for Contracts {}

impl Resource for Orders {
    const NAME: &'static str = "orders";
}

impl Owned for Orders {
    const DEPARTMENT: Option<&'static str> = Some("department_id");
}
