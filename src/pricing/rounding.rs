//! How amounts become what can be paid.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, VariantNames};
use utoipa::ToSchema;

use crate::db::stored_as_text;

/// How the amounts of a paper are rounded to the minor units of its currency.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
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
pub enum Rounding {
    /// Half a minor unit becomes a whole one.
    #[default]
    HalfUp,
    /// Half a minor unit becomes the even neighbour, so that many roundings do not add up.
    HalfEven,
    /// The amounts keep four decimals, as another system gave them. Only for past orders.
    None,
}
stored_as_text!(Rounding);

/// What is rounded: each line, or the whole paper.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
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
pub enum RoundedPer {
    /// Each line is rounded by itself, and the paper is the sum of its lines.
    #[default]
    Line,
    /// The sum is rounded, and the lines share the difference: none of them is off by a whole minor unit.
    Document,
}
stored_as_text!(RoundedPer);

impl Rounding {
    /// `value` rounded to `digits` decimals.
    pub fn round(self, value: Decimal, digits: u32) -> Decimal {
        match self {
            Self::HalfUp => value.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero),
            Self::HalfEven => value.round_dp_with_strategy(digits, RoundingStrategy::MidpointNearestEven),
            Self::None => value.round_dp_with_strategy(UNROUNDED, RoundingStrategy::MidpointAwayFromZero),
        }
    }
}

/// How many decimals an amount has that is not rounded to minor units.
const UNROUNDED: u32 = 4;
