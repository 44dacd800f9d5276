//! Marks the properties that only some may see: `x-visible-with` names the right that shows them.

use serde_json::{Value, json};

use super::complete::set;

/// The confidential fields of a resource.
#[derive(Clone, Copy, Debug)]
pub struct Confidential {
    /// The resource.
    pub resource: &'static str,
    /// The names of its confidential fields.
    pub fields: &'static [&'static str],
    /// The schemas that have them.
    pub schemas: &'static [&'static str],
}

/// Marks the confidential properties where they are answered and where they are sent.
pub fn mark(document: &mut Value, all: &[Confidential]) {
    for Confidential { resource, fields, schemas } in all {
        let permission = json!(format!("{resource}:read_confidential"));
        for (schema, field) in schemas.iter().flat_map(|schema| fields.iter().map(move |field| (schema, field))) {
            let property = format!("/components/schemas/{schema}/properties/{field}/x-visible-with");
            set(document, &property, permission.clone());
        }
    }
}
