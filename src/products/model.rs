//! What a product is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Belongs, Ownership},
    custom::{Custom, CustomResource, CustomValues, Given},
    db::{Jsonb, schema::products, stored_as_text},
    error::FieldError,
    external_ids::{self, ExternalId},
    http::{Patch, PatchText, Terms},
    list::{CustomFilter, CustomSort, Sort, search},
    values::{Amount, CurrencyCode, Entity, Id, Instant, Line, Percent, Prose, Resource, Text, bounds, confidential},
};

/// A product's identifier.
pub type ProductId = Id<Product>;

/// A good or a service that the company sells.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = products)]
#[schema(as = ProductFields)]
pub struct Product {
    /// Identifier.
    pub id: ProductId,
    /// Grows by one with each change that the caller may see.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the product was created.
    pub created_at: Instant,
    /// When the product was last changed, confidential fields aside.
    pub updated_at: Instant,
    /// How many versions changed nothing but confidential fields.
    #[serde(skip)]
    pub hidden_changes: i64,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: ProductTerms,
}

/// A product to be created.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = products, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
#[schema(as = NewProduct, example = json!({"sku": "TEA-018", "name": "Chai", "kind": "good", "category": "Beverages", "supplier": "Exotic Liquids",
    "unit": "10 boxes x 30 bags", "base_price": "18.00", "currency": "USD", "tax_rate": "20.00"}))]
pub struct ProductTerms {
    /// Business: The stock keeping unit; no two products share one.
    pub sku: Text<50>,
    /// Business: What the product is called.
    pub name: Line,
    /// Whether the product is a good or a service.
    pub kind: ProductKind,
    /// Business: The part of the catalogue that it belongs to.
    pub category: Option<Text<100>>,
    /// Business: Who makes or delivers it.
    pub supplier: Option<Line>,
    /// Business: The unit that it is sold in: a piece, a box, an hour.
    pub unit: Text<50>,
    /// The price of one unit, before discount and tax.
    pub base_price: Amount,
    /// The currency of its prices.
    pub currency: CurrencyCode,
    /// The tax on its price, in percent.
    pub tax_rate: Percent,
    /// Confidential: the lowest price at which it may be sold.
    #[serde(skip_serializing_if = "confidential::is_hidden")]
    pub min_price: Option<Amount>,
    /// Business: Confidential: the values of the organisation's own fields that only some may see, by their names.
    #[serde(skip_serializing_if = "confidential::is_hidden")]
    #[schema(value_type = Option<CustomValues>)]
    pub confidential_custom_fields: Option<Jsonb<CustomValues>>,
    /// Business: What speaks for it.
    pub strengths: Option<Prose>,
    /// Business: What speaks against it.
    pub weaknesses: Option<Prose>,
    /// Business: The values of the organisation's own fields, by their names.
    #[serde(default)]
    #[schema(value_type = CustomValues)]
    pub custom_fields: Jsonb<CustomValues>,
    /// Business: The ids by which other systems know the product, at most twenty. Each is unique in its source.
    #[serde(default, deserialize_with = "bounds::at_most::<20, _, _, _>")]
    #[schema(value_type = Vec<ExternalId>, max_items = 20)]
    pub external_ids: Jsonb<Vec<ExternalId>>,
    /// Whether it is sold in parts of a unit, such as 1.5 hours.
    #[serde(default)]
    pub is_divisible: bool,
    /// Whether it is sold now.
    #[serde(default = "active")]
    #[schema(default = true)]
    pub is_active: bool,
}

fn active() -> bool {
    true
}

/// The fields of a product to change.
pub type ProductPatch = Patch<ProductTerms>;

impl Terms for ProductTerms {
    const PATCH: PatchText = PatchText {
        name: "ProductPatch",
        description: "The fields of a product to change.",
        example: r#"{"base_price": "19.50", "weaknesses": null}"#,
    };

    fn breaches(&self) -> Vec<FieldError> {
        external_ids::repeated(&self.external_ids.0).collect()
    }
}

/// Whether a product is a good or a service.
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
    VariantNames,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum ProductKind {
    /// Something that is delivered.
    Good,
    /// Something that is done.
    Service,
}
stored_as_text!(ProductKind);

impl Resource for Product {
    const NAME: &'static str = "products";
}

impl Entity for Product {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Custom for Product {
    const RESOURCE: CustomResource = CustomResource::Products;

    fn given(&self) -> Given<'_> {
        Given {
            open: &self.terms.custom_fields.0,
            confidential: self.terms.confidential_custom_fields.as_ref().map(|values| &values.0),
            kind: Some(self.terms.kind.as_ref()),
            status: None,
        }
    }

    fn values_mut(&mut self) -> &mut CustomValues {
        &mut self.terms.custom_fields.0
    }
}

impl Belongs for Product {
    fn ownership(&self) -> Option<Ownership> {
        None
    }

    fn hidden_changes(&self) -> i64 {
        self.hidden_changes
    }

    fn show_version(&mut self, version: i64) {
        self.version = version;
    }
}

/// Which products to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ProductFilter {
    /// Only the products with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<ProductId>,
    /// Only products of one of these kinds.
    #[param(inline)]
    pub kind: Vec<ProductKind>,
    /// Only products of one of these categories.
    #[param(inline)]
    pub category: Vec<Text<100>>,
    /// Only products that are sold now, or only others.
    pub is_active: Option<bool>,
    /// Only the products with one of these stock keeping units.
    #[param(inline)]
    pub sku: Vec<Text<50>>,
    /// Only products that this other system knows.
    #[param(inline)]
    pub external_source: Option<Text<50>>,
    /// Only products with this id in another system.
    #[param(inline)]
    pub external_id: Option<Text<100>>,
    /// Only products changed at or after this moment.
    #[param(inline)]
    pub updated_at_from: Option<Instant>,
    /// Only products changed before this moment.
    #[param(inline)]
    pub updated_at_to: Option<Instant>,
    /// Every word must occur in the name, the stock keeping unit, the category or the supplier. Best matches first,
    /// a thousand at most, unless `sort` says otherwise.
    #[param(inline)]
    pub q: Option<search::Words>,
    /// Only products whose custom fields have such values, at most ten conditions: `beds=120`, and of numbers, amounts and days also
    /// `beds>=100` and `beds<200`. The fields must be indexed.
    #[param(inline)]
    pub custom_field: Vec<CustomFilter>,
    /// The order of a custom field in place of `sort`: its name, with `-` before it for largest first. It must be indexed; products
    /// without a value are left out.
    #[param(inline)]
    pub custom_sort: Option<CustomSort>,
    /// The order; `name` when left out.
    #[param(inline)]
    pub sort: Option<ProductSorting>,
}

/// The order of a list of products.
pub type ProductSorting = Sort<ProductSort>;

/// What products can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ProductSort {
    /// What the product is called.
    Name,
    /// When the product was last changed.
    UpdatedAt,
}
