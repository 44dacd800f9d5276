//! What a custom field is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::rules;
use crate::{
    access::{Belongs, Ownership},
    custom::{Choice, CustomKind, CustomResource, CustomValue},
    db::{Jsonb, schema::custom_fields},
    error::FieldError,
    http::{Parts, Patch, PatchText, Terms},
    list::Sort,
    values::{CustomNumber, Entity, FieldName, Id, Instant, Line, Resource, Text, bounds},
};

/// Most fields of one resource, those out of use included.
pub const MOST_OF_RESOURCE: i64 = 100;

/// A custom field's identifier.
pub type CustomFieldId = Id<CustomField>;

/// A field that the organisation adds to a resource.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = custom_fields, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = CustomFieldFields)]
pub struct CustomField {
    /// Identifier.
    pub id: CustomFieldId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the field was defined.
    pub created_at: Instant,
    /// When the field was last changed.
    pub updated_at: Instant,
    /// What is said only once.
    #[diesel(embed)]
    #[serde(flatten)]
    #[schema(inline)]
    pub start: CustomFieldStart,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: CustomFieldTerms,
}

/// A custom field to be defined.
pub type NewCustomField = Parts<CustomFieldStart, CustomFieldTerms>;

/// What callers say only when they define a field: rows rely on it from then on.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = custom_fields)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is said by itself")]
#[schema(as = NewCustomField, description = "A custom field to be defined.", example = json!({"resource": "clients", "name": "ward", "kind": "choice",
    "label_en": "Ward", "label_ru": "Отделение", "is_indexed": true, "required_for_kinds": ["organization"],
    "choices": [{"value": "surgery", "label_en": "Surgery", "label_ru": "Хирургия"}]}))]
pub struct CustomFieldStart {
    /// What the field is added to.
    pub resource: CustomResource,
    /// Business: Its name among the `custom_fields` of a row. No two fields of a resource share one, also not with a field that is
    /// out of use.
    pub name: FieldName,
    /// What kind of values it has.
    pub kind: CustomKind,
    /// Whether only who may read confidential fields sees its values, which then stand in `confidential_custom_fields`. Clients and
    /// products only, and neither required, unique, indexed nor searchable.
    #[serde(default)]
    #[schema(default = false)]
    pub is_confidential: bool,
    /// Whether no two rows may have the same value: of texts, numbers and days only.
    #[serde(default)]
    #[schema(default = false)]
    pub is_unique: bool,
    /// Whether lists can be filtered and sorted by it.
    #[serde(default)]
    #[schema(default = false)]
    pub is_indexed: bool,
    /// Whether rows are found by its words: of texts only.
    #[serde(default)]
    #[schema(default = false)]
    pub is_searchable: bool,
}

/// The fields of a custom field that callers write.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = custom_fields, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
pub struct CustomFieldTerms {
    /// Business: What English readers see above it.
    pub label_en: Line,
    /// Business: What Russian readers see above it.
    pub label_ru: Line,
    /// Business: What English readers see as its help.
    pub help_en: Option<Text<1000>>,
    /// Business: What Russian readers see as its help.
    pub help_ru: Option<Text<1000>>,
    /// Business: What it offers, at most 200, for the kinds `choice` and `choices`. A value that was offered once stays in the list; it can be
    /// put out of use.
    #[serde(default, deserialize_with = "bounds::at_most::<200, _, _, _>")]
    #[schema(value_type = Vec<Choice>, max_items = 200)]
    pub choices: Jsonb<Vec<Choice>>,
    /// Whether every new row needs a value. A row that is there already needs one when its values are changed next.
    #[serde(default)]
    #[schema(default = false)]
    pub is_required: bool,
    /// Business: The kinds of rows that need a value, such as `organization`, at most ten.
    #[serde(default, deserialize_with = "bounds::at_most::<10, _, _, _>")]
    #[schema(value_type = Vec<Text<50>>, max_items = 10)]
    pub required_for_kinds: Jsonb<Vec<Text<50>>>,
    /// Business: The statuses in which rows need a value, such as `active`, at most ten.
    #[serde(default, deserialize_with = "bounds::at_most::<10, _, _, _>")]
    #[schema(value_type = Vec<Text<50>>, max_items = 10)]
    pub required_in_statuses: Jsonb<Vec<Text<50>>>,
    /// The value of new rows for which none is given.
    #[schema(value_type = Option<CustomValue>)]
    pub default_value: Option<Jsonb<CustomValue>>,
    /// The least number or amount.
    pub minimum: Option<CustomNumber>,
    /// The greatest number or amount.
    pub maximum: Option<CustomNumber>,
    /// The most characters of a text.
    #[serde(default, deserialize_with = "bounds::within_or_none::<1, 2000, _>")]
    #[schema(minimum = 1, maximum = 2000)]
    pub max_length: Option<i32>,
    /// Whether it tells of a person, so that an erasure removes its values.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub is_personal: bool,
    /// Its place in forms: smaller ones come first.
    #[serde(default, deserialize_with = "bounds::within::<0, 10_000, _>")]
    #[schema(minimum = 0, maximum = 10_000)]
    pub position: i32,
    /// Whether values can be given now. Rows keep the values of a field that is out of use.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub is_active: bool,
}

fn yes() -> bool {
    true
}

/// The fields of a custom field to change.
pub type CustomFieldPatch = Patch<CustomFieldTerms>;

impl Terms for CustomFieldTerms {
    const PATCH: PatchText = PatchText {
        name: "CustomFieldPatch",
        description: "The fields of a custom field to change.",
        example: r#"{"label_en": "Department", "position": 20}"#,
    };

    fn breaches(&self) -> Vec<FieldError> {
        rules::breaches(self)
    }
}

impl Resource for CustomField {
    const NAME: &'static str = "custom_fields";
}

impl Entity for CustomField {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/custom-fields/{}", self.id)
    }
}

impl Belongs for CustomField {
    fn ownership(&self) -> Option<Ownership> {
        None
    }
}

/// Which custom fields to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CustomFieldFilter {
    /// Only the fields with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<CustomFieldId>,
    /// Only fields of one of these resources.
    #[param(inline)]
    pub resource: Vec<CustomResource>,
    /// Only fields that values can be given of now, or only the others; all when left out.
    pub is_active: Option<bool>,
    /// The order; `position` when left out.
    #[param(inline)]
    pub sort: Option<CustomFieldSorting>,
}

/// The order of a list of custom fields.
pub type CustomFieldSorting = Sort<CustomFieldSort>;

/// What custom fields can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CustomFieldSort {
    /// The place in forms.
    Position,
    /// When the field was last changed.
    UpdatedAt,
}
