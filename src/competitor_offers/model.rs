//! What an offer of a competitor is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Belongs, Ownership},
    competitors::CompetitorId,
    db::schema::competitor_offers,
    error::FieldError,
    http::{Patch, PatchText, Terms},
    list::Sort,
    products::ProductId,
    values::{Amount, CurrencyCode, Day, Entity, Id, Instant, Invalid, Line, Prose, Resource},
};

/// The identifier of an offer of a competitor.
pub type CompetitorOfferId = Id<CompetitorOffer>;

/// What a competitor offers on the same need as one of our products.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = competitor_offers)]
#[schema(as = CompetitorOfferFields)]
pub struct CompetitorOffer {
    /// Identifier.
    pub id: CompetitorOfferId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the offer was entered.
    pub created_at: Instant,
    /// When the offer was last changed.
    pub updated_at: Instant,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: CompetitorOfferTerms,
}

/// An offer of a competitor to be entered.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = competitor_offers, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCompetitorOffer, example = json!({"product_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "competitor_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30",
    "name": "Green tea, 100 bags", "price": "21.50", "currency": "USD", "seen_on": "2026-11-20", "source": "Their price list",
    "better_at": "A sealed tin", "worse_at": "Two weeks of delivery"}))]
pub struct CompetitorOfferTerms {
    /// The product of ours that serves the same need.
    pub product_id: ProductId,
    /// Who offers it.
    pub competitor_id: CompetitorId,
    /// Business: What the offer is called; a competitor has one of a name for each product.
    pub name: Line,
    /// What it costs, when that is known.
    pub price: Option<Amount>,
    /// The currency of the price; given with it.
    pub currency: Option<CurrencyCode>,
    /// The day on which the offer was seen.
    pub seen_on: Day,
    /// Business: Where it was seen or from whom it is known.
    pub source: Option<Line>,
    /// Business: What it does better than our product.
    pub better_at: Option<Prose>,
    /// Business: What it does worse than our product.
    pub worse_at: Option<Prose>,
    /// Whether it is offered now. Others are left out of comparisons.
    #[serde(default = "active")]
    #[schema(default = true)]
    pub is_active: bool,
}

fn active() -> bool {
    true
}

/// The fields of an offer to change.
pub type CompetitorOfferPatch = Patch<CompetitorOfferTerms>;

impl Terms for CompetitorOfferTerms {
    const PATCH: PatchText = PatchText {
        name: "CompetitorOfferPatch",
        description: "The fields of a competitor's offer to change.",
        example: r#"{"price": "19.90", "seen_on": "2026-11-24"}"#,
    };

    fn breaches(&self) -> Vec<FieldError> {
        match (self.price, &self.currency) {
            (Some(_), None) => vec![FieldError::new("/currency", Invalid::Required)],
            (None, Some(_)) => vec![FieldError::new("/price", Invalid::Required)],
            _ => Vec::new(),
        }
    }
}

impl Resource for CompetitorOffer {
    const NAME: &'static str = "competitor_offers";
}

impl Entity for CompetitorOffer {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/competitor-offers/{}", self.id)
    }
}

impl Belongs for CompetitorOffer {
    fn ownership(&self) -> Option<Ownership> {
        None
    }
}

/// Which offers to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CompetitorOfferFilter {
    /// Only the offers with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<CompetitorOfferId>,
    /// Only offers on the need that one of these products serves.
    #[param(inline)]
    pub product_id: Vec<ProductId>,
    /// Only offers of one of these competitors.
    #[param(inline)]
    pub competitor_id: Vec<CompetitorId>,
    /// Only what is offered now, or only the others; all when left out.
    pub is_active: Option<bool>,
    /// The order; `-updated_at` when left out.
    #[param(inline)]
    pub sort: Option<CompetitorOfferSorting>,
}

/// The order of a list of offers.
pub type CompetitorOfferSorting = Sort<CompetitorOfferSort>;

/// What offers can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CompetitorOfferSort {
    /// When the offer was last changed.
    UpdatedAt,
}
