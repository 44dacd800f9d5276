//! What the organisation's own fields are.

use std::{collections::HashMap, sync::Arc};

use aws_lc_rs::digest;
use diesel::{QueryDsl, Queryable, Selectable, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CustomKind, CustomResource, CustomValue};
use crate::{
    db::{Jsonb, schema::custom_fields},
    error::Result,
    values::{CustomNumber, FieldName, Line, Text},
};

/// One of the values that a field offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CustomChoice)]
pub struct Choice {
    /// Business: The value that is stored.
    pub value: Text<100>,
    /// Business: What English readers see.
    pub label_en: Line,
    /// Business: What Russian readers see.
    pub label_ru: Line,
    /// Whether it can be chosen now. Rows that have it keep it.
    #[serde(default = "active")]
    #[schema(default = true)]
    pub is_active: bool,
}

fn active() -> bool {
    true
}

/// A custom field, as far as checks, filters and forms need it.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = custom_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is said by itself")]
#[expect(missing_docs, reason = "the slice `custom_fields` says what they are")]
pub struct Definition {
    pub id: Uuid,
    pub version: i64,
    pub resource: CustomResource,
    pub name: FieldName,
    pub kind: CustomKind,
    pub is_confidential: bool,
    pub is_unique: bool,
    pub is_indexed: bool,
    pub label_en: Line,
    pub label_ru: Line,
    pub help_en: Option<Text<1000>>,
    pub help_ru: Option<Text<1000>>,
    pub choices: Jsonb<Vec<Choice>>,
    pub is_required: bool,
    pub required_for_kinds: Jsonb<Vec<Text<50>>>,
    pub required_in_statuses: Jsonb<Vec<Text<50>>>,
    pub default_value: Option<Jsonb<CustomValue>>,
    pub minimum: Option<CustomNumber>,
    pub maximum: Option<CustomNumber>,
    pub max_length: Option<i32>,
    pub is_personal: bool,
    pub is_active: bool,
}

impl Definition {
    /// The member of a row that has its values.
    pub fn member(&self) -> &'static str {
        if self.is_confidential { "confidential_custom_fields" } else { "custom_fields" }
    }

    /// Where its value stands in a body.
    pub fn pointer(&self) -> String {
        format!("/{}/{}", self.member(), self.name.as_str())
    }
}

/// All custom fields, by the resources that have them.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    by_resource: HashMap<&'static str, Vec<Definition>>,
    digest: Vec<u8>,
}

impl Definitions {
    fn of(all: Vec<Definition>) -> Self {
        let mut versions = digest::Context::new(&digest::SHA256);
        let mut by_resource: HashMap<&'static str, Vec<Definition>> = HashMap::new();
        for definition in all {
            versions.update(definition.id.as_bytes());
            versions.update(&definition.version.to_be_bytes());
            by_resource.entry(definition.resource.name()).or_default().push(definition);
        }
        Self { by_resource, digest: versions.finish().as_ref().to_vec() }
    }

    /// The fields of `resource`, in the order in which forms show them.
    pub fn of_resource(&self, resource: CustomResource) -> &[Definition] {
        self.by_resource.get(resource.name()).map_or(&[], Vec::as_slice)
    }

    /// What differs as soon as one of the fields does.
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }
}

/// All custom fields.
///
/// # Errors
/// When the database fails.
pub async fn load(mut db: &AsyncPgConnection) -> Result<Arc<Definitions>> {
    let all = custom_fields::table.order((custom_fields::position, custom_fields::id)).select(Definition::as_select());
    Ok(Arc::new(Definitions::of(all.load(&mut db).await?)))
}
