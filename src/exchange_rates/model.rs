//! What an exchange rate is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Belongs, Ownership},
    db::schema::exchange_rates,
    http::{Patch, PatchText, Terms},
    list::Sort,
    values::{CurrencyCode, Day, Entity, Id, Instant, Rate, Resource},
};

/// The identifier of an exchange rate.
pub type ExchangeRateId = Id<ExchangeRate>;

/// What one unit of a currency is worth in the organisation's currency, until there is a later rate.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = exchange_rates)]
#[schema(as = ExchangeRateFields)]
pub struct ExchangeRate {
    /// Identifier.
    pub id: ExchangeRateId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the rate was entered.
    pub created_at: Instant,
    /// When the rate was last changed.
    pub updated_at: Instant,
    /// The organisation's currency when the rate was entered. After the organisation has another, rates to the former one are not
    /// used any more.
    pub to_currency: CurrencyCode,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: ExchangeRateTerms,
}

/// An exchange rate to be entered.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = exchange_rates, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
#[schema(as = NewExchangeRate, example = json!({"currency": "CNY", "rate": "11.0432", "starts_on": "2026-11-25"}))]
pub struct ExchangeRateTerms {
    /// The other currency.
    pub currency: CurrencyCode,
    /// What one unit of it is worth in the organisation's currency.
    pub rate: Rate,
    /// The first day on which the rate holds. A currency has one rate from a day on.
    pub starts_on: Day,
}

/// The fields of a rate to change.
pub type ExchangeRatePatch = Patch<ExchangeRateTerms>;

impl Terms for ExchangeRateTerms {
    const PATCH: PatchText = PatchText {
        name: "ExchangeRatePatch",
        description: "The fields of an exchange rate to change.",
        example: r#"{"rate": "11.05"}"#,
    };
}

impl Resource for ExchangeRate {
    const NAME: &'static str = "exchange_rates";
}

impl Entity for ExchangeRate {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/exchange-rates/{}", self.id)
    }
}

impl Belongs for ExchangeRate {
    fn ownership(&self) -> Option<Ownership> {
        None
    }
}

/// Which rates to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ExchangeRateFilter {
    /// Only the rates with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<ExchangeRateId>,
    /// Only rates of one of these currencies.
    #[param(inline)]
    pub currency: Vec<CurrencyCode>,
    /// Only rates that begin on this day or later.
    #[param(inline)]
    pub starts_on_from: Option<Day>,
    /// Only rates that begin before this day.
    #[param(inline)]
    pub starts_on_to: Option<Day>,
    /// The order; `-starts_on` when left out.
    #[param(inline)]
    pub sort: Option<ExchangeRateSorting>,
}

/// The order of a list of rates.
pub type ExchangeRateSorting = Sort<ExchangeRateSort>;

/// What rates can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ExchangeRateSort {
    /// The first day.
    StartsOn,
    /// When the rate was last changed.
    UpdatedAt,
}
