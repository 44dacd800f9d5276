//! Marks the properties that only some may see: `x-visible-with` names the right that shows them.

use serde_json::{Value, json};

use super::complete::set;
use crate::{clients::Client, products::Product, rest::entity::Entity};

/// Marks the confidential properties where they are answered and where they are sent.
pub fn mark(document: &mut Value) {
    mark_of::<Client>(document, &["ClientFields", "ClientPatch", "NewClient"]);
    mark_of::<Product>(document, &["NewProduct", "ProductFields", "ProductPatch"]);
}

fn mark_of<E: Entity>(document: &mut Value, schemas: &[&str]) {
    let permission = json!(format!("{}:read_confidential", E::NAME));
    for schema in schemas {
        for field in E::CONFIDENTIAL {
            let property = format!("/components/schemas/{schema}/properties/{field}/x-visible-with");
            set(document, &property, permission.clone());
        }
    }
}
