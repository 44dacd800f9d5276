//! How a resource is described.

use serde::Serialize;
use utoipa::ToSchema;

use crate::custom::CustomResource;

/// What a resource consists of, and what the caller may write of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"resource": "products", "fields": [{"name": "kind", "label_en": "Kind", "label_ru": "Вид",
    "about": "Whether the product is a good or a service.", "kind": "choice", "format": null, "pattern": null, "minimum": null, "maximum": null,
    "max_length": null, "max_items": null, "choices": [{"value": "good", "label_en": "Good", "label_ru": "Товар", "is_active": true}],
    "members": [], "is_required": true, "required_for_kinds": [], "required_in_statuses": [], "is_nullable": false, "is_custom": false,
    "is_confidential": false, "is_unique": false, "is_indexed": false, "may_create": true, "may_update": true}]}))]
pub struct ResourceSchema {
    /// The resource.
    pub resource: CustomResource,
    /// Its fields: the fixed ones by name, then the organisation's own in the order of forms.
    #[schema(max_items = 300)]
    pub fields: Vec<SchemaField>,
}

/// A field of a resource.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is said by itself")]
pub struct SchemaField {
    /// Its name: that of a member of the resource or, of the organisation's own fields, of a member of `custom_fields` or
    /// `confidential_custom_fields`.
    #[schema(max_length = 100)]
    pub name: String,
    /// What English readers see above it.
    #[schema(max_length = 200)]
    pub label_en: String,
    /// What Russian readers see above it.
    #[schema(max_length = 200)]
    pub label_ru: String,
    /// What it is, in English; of the organisation's own fields, the help in the language of the request.
    #[schema(max_length = 1000)]
    pub about: Option<String>,
    /// What values it has.
    #[serde(flatten)]
    pub shape: Shape,
    /// Whether a new row needs a value.
    pub is_required: bool,
    /// The kinds of rows that need a value.
    #[schema(max_items = 10)]
    pub required_for_kinds: Vec<String>,
    /// The statuses in which rows need a value.
    #[schema(max_items = 10)]
    pub required_in_statuses: Vec<String>,
    /// Whether a patch may clear it with `null`.
    pub is_nullable: bool,
    /// Whether it is one of the organisation's own fields.
    pub is_custom: bool,
    /// Whether only some callers may see it.
    pub is_confidential: bool,
    /// Whether no two rows may have the same value; known of the organisation's own fields.
    pub is_unique: bool,
    /// Whether lists are filtered and sorted by it as `custom_field` and `custom_sort`; known of the organisation's own fields.
    pub is_indexed: bool,
    /// Whether the caller may give a new row a value.
    pub may_create: bool,
    /// Whether the caller may change the value of a row that they may change.
    pub may_update: bool,
}

/// What values a field has.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = FieldShape)]
pub struct Shape {
    /// What kind of values.
    pub kind: ValueKind,
    /// The format of a text, as JSON Schema names it.
    #[schema(max_length = 50)]
    pub format: Option<String>,
    /// A regular expression that a text must match.
    #[schema(max_length = 2000)]
    pub pattern: Option<String>,
    /// The least number.
    #[schema(max_length = 30)]
    pub minimum: Option<String>,
    /// The greatest number.
    #[schema(max_length = 30)]
    pub maximum: Option<String>,
    /// The most characters of a text.
    #[schema(minimum = 0)]
    pub max_length: Option<i64>,
    /// The most items of a list.
    #[schema(minimum = 0)]
    pub max_items: Option<i64>,
    /// What can be chosen.
    #[schema(max_items = 200)]
    pub choices: Vec<SchemaChoice>,
    /// The members of an object, or of each item of a list of objects.
    #[schema(max_items = 100, no_recursion)]
    pub members: Vec<SchemaField>,
}

/// A value that can be chosen.
#[derive(Debug, Serialize, ToSchema)]
pub struct SchemaChoice {
    /// The value.
    #[schema(max_length = 100)]
    pub value: String,
    /// What English readers see.
    #[schema(max_length = 200)]
    pub label_en: String,
    /// What Russian readers see.
    #[schema(max_length = 200)]
    pub label_ru: String,
    /// Whether it can be chosen now.
    pub is_active: bool,
}

/// What kind of values a field has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// A text.
    #[default]
    Text,
    /// A whole number.
    Integer,
    /// A decimal number, as a string.
    Number,
    /// An amount with its currency.
    Money,
    /// A day.
    Date,
    /// A moment.
    Moment,
    /// `true` or `false`.
    Boolean,
    /// One of the choices.
    Choice,
    /// A list of the choices.
    Choices,
    /// The id of something.
    Id,
    /// The id of a user.
    User,
    /// The id of a client.
    Client,
    /// An object with members.
    Object,
    /// A list of texts, ids or objects.
    List,
}
