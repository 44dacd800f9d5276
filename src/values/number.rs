//! Decimal numbers with bounds: amounts of money, percentages, quantities. Never a float.

use std::{borrow::Cow, fmt, marker::PhantomData};

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::Pg,
    serialize::{self, Output, ToSql},
    sql_types,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::values::Invalid;

/// The bounds of a kind of number.
pub trait Bounds {
    /// The name of the schema.
    const NAME: &'static str;
    /// What the number is.
    const ABOUT: &'static str;
    /// Smallest value.
    const MIN: Decimal;
    /// Largest value.
    const MAX: Decimal;
    /// The largest number of decimals.
    const SCALE: u32;
    /// How many decimals are written at least; those beyond are left out when they are zeros.
    const SHOWN: u32 = Self::SCALE;
    /// An example for the document.
    const EXAMPLE: &'static str;
}

/// A decimal number within the bounds `B`: a string in JSON, `numeric` in Postgres.
#[derive(AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Numeric)]
pub struct Bounded<B>(Decimal, PhantomData<fn() -> B>);

impl<B: Bounds> Bounded<B> {
    /// Reads a number as JSON has it: digits, an optional point and an optional minus.
    ///
    /// # Errors
    /// [`Invalid::Decimal`], or as [`Self::new`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::new(parse(text)?)
    }

    /// The smallest of its kind.
    pub fn least() -> Self {
        Self::scaled(B::MIN)
    }

    /// The largest of its kind.
    pub fn most() -> Self {
        Self::scaled(B::MAX)
    }

    /// Checks `value` against the bounds and gives it the scale of its kind.
    ///
    /// # Errors
    /// [`Invalid::TooSmall`], [`Invalid::TooLarge`] or [`Invalid::TooManyDecimals`].
    pub fn new(value: Decimal) -> Result<Self, Invalid> {
        if value < B::MIN {
            return Err(Invalid::TooSmall(B::MIN.to_string()));
        }
        if value > B::MAX {
            return Err(Invalid::TooLarge(B::MAX.to_string()));
        }
        if value.normalize().scale() > B::SCALE {
            return Err(Invalid::TooManyDecimals(B::SCALE));
        }
        Ok(Self::scaled(value))
    }

    /// The number as it is written.
    fn shown(self) -> Decimal {
        if B::SHOWN == B::SCALE {
            return self.0;
        }
        let mut shown = self.0.normalize();
        if shown.scale() < B::SHOWN {
            shown.rescale(B::SHOWN);
        }
        shown
    }

    fn scaled(mut value: Decimal) -> Self {
        value.rescale(B::SCALE);
        Self(value, PhantomData)
    }
}

impl<B> Bounded<B> {
    /// The number.
    pub fn value(self) -> Decimal {
        self.0
    }
}

impl<B> Clone for Bounded<B> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<B> Copy for Bounded<B> {}
impl<B> PartialEq for Bounded<B> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<B> fmt::Debug for Bounded<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<B> fmt::Display for Bounded<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<B: Bounds> Serialize for Bounded<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.shown())
    }
}

impl<'de, B: Bounds> Deserialize<'de> for Bounded<B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

/// Digits, an optional point and an optional minus; no exponent, no plus, no spaces.
fn parse(text: &str) -> Result<Decimal, Invalid> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = (1..=30).contains(&digits.len())
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !plain {
        return Err(Invalid::Decimal);
    }
    Decimal::from_str_exact(text).map_err(|_ignored| Invalid::Decimal)
}

impl<B> ToSql<sql_types::Numeric, Pg> for Bounded<B> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Numeric, Pg>::to_sql(&self.0, out)
    }
}

impl<B> FromSql<sql_types::Numeric, Pg> for Bounded<B> {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <Decimal as FromSql<sql_types::Numeric, Pg>>::from_sql(bytes).map(|value| Self(value, PhantomData))
    }
}

impl<B: Bounds> PartialSchema for Bounded<B> {
    fn schema() -> RefOr<Schema> {
        let sign = if B::MIN.is_sign_negative() { "-?" } else { "" };
        let whole = B::MAX.trunc().normalize().to_string().len();
        let scale = B::SCALE;
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(format!(r"^{sign}[0-9]{{1,{whole}}}(\.[0-9]{{1,{scale}}})?$")))
            .description(Some(format!(
                "{} From {} to {}, at most {scale} decimals, as a string.",
                B::ABOUT,
                B::MIN,
                B::MAX
            )))
            .examples([B::EXAMPLE])
            .into()
    }
}

impl<B: Bounds> ToSchema for Bounded<B> {
    fn name() -> Cow<'static, str> {
        B::NAME.into()
    }
}

/// The bounds of [`Amount`], [`Percent`] and the others.
pub mod bounds {
    use rust_decimal::Decimal;

    use crate::values::Bounds;

    /// See [`super::Amount`].
    #[derive(Debug)]
    pub struct Amount;
    impl Bounds for Amount {
        const NAME: &'static str = "Amount";
        const ABOUT: &'static str = "An amount of money.";
        const MIN: Decimal = Decimal::ZERO;
        const MAX: Decimal = Decimal::from_parts(1_316_134_911, 2328, 0, false, 0); // 9 999 999 999 999
        const SCALE: u32 = 2;
        const EXAMPLE: &'static str = "1250.00";
    }

    /// See [`super::Percent`].
    #[derive(Debug)]
    pub struct Percent;
    impl Bounds for Percent {
        const NAME: &'static str = "Percent";
        const ABOUT: &'static str = "A percentage.";
        const MIN: Decimal = Decimal::ZERO;
        const MAX: Decimal = Decimal::ONE_HUNDRED;
        const SCALE: u32 = 2;
        const EXAMPLE: &'static str = "12.50";
    }

    /// See [`super::Margin`].
    #[derive(Debug)]
    pub struct Margin;
    impl Bounds for Margin {
        const NAME: &'static str = "Margin";
        const ABOUT: &'static str = "A margin in percent; a loss is negative.";
        const MIN: Decimal = Decimal::from_parts(100, 0, 0, true, 0);
        const MAX: Decimal = Decimal::ONE_HUNDRED;
        const SCALE: u32 = 2;
        const EXAMPLE: &'static str = "23.40";
    }

    /// See [`super::Quantity`].
    #[derive(Debug)]
    pub struct Quantity;
    impl Bounds for Quantity {
        const NAME: &'static str = "Quantity";
        const ABOUT: &'static str = "How much of a product.";
        const MIN: Decimal = Decimal::from_parts(1, 0, 0, false, 3);
        const MAX: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);
        const SCALE: u32 = 3;
        const EXAMPLE: &'static str = "12";
    }

    /// See [`super::FulfilledQuantity`].
    #[derive(Debug)]
    pub struct FulfilledQuantity;
    impl Bounds for FulfilledQuantity {
        const NAME: &'static str = "FulfilledQuantity";
        const ABOUT: &'static str = "How much of what was ordered is fulfilled.";
        const MIN: Decimal = Decimal::ZERO;
        const MAX: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);
        const SCALE: u32 = 3;
        const EXAMPLE: &'static str = "4.000";
    }

    /// See [`super::Total`].
    #[derive(Debug)]
    pub struct Total;
    impl Bounds for Total {
        const NAME: &'static str = "Total";
        const ABOUT: &'static str = "An amount of money computed by the server, in what can be paid; of some past orders, with up to four decimals.";
        const MIN: Decimal = Decimal::ZERO;
        const MAX: Decimal = Decimal::from_parts(2_313_682_943, 2_328_306_436, 0, false, 4); // all 19 digits 9
        const SCALE: u32 = 4;
        const SHOWN: u32 = 2;
        const EXAMPLE: &'static str = "1187.50";
    }

    /// See [`super::Sum`].
    #[derive(Debug)]
    pub struct Sum;
    impl Bounds for Sum {
        const NAME: &'static str = "Sum";
        const ABOUT: &'static str = "A sum of money over many rows, rounded once.";
        const MIN: Decimal = Decimal::ZERO;
        const MAX: Decimal = Decimal::from_parts(2_701_131_776, 466_537_709, 54_210, false, 0); // 10^24
        const SCALE: u32 = 2;
        const EXAMPLE: &'static str = "1265793.04";
    }

    /// See [`super::Rate`].
    #[derive(Debug)]
    pub struct Rate;
    impl Bounds for Rate {
        const NAME: &'static str = "Rate";
        const ABOUT: &'static str = "What one unit of a currency is worth in another.";
        const MIN: Decimal = Decimal::from_parts(1, 0, 0, false, 8);
        const MAX: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);
        const SCALE: u32 = 8;
        const SHOWN: u32 = 2;
        const EXAMPLE: &'static str = "92.50";
    }

    /// See [`super::Difference`].
    #[derive(Debug)]
    pub struct Difference;
    impl Bounds for Difference {
        const NAME: &'static str = "Difference";
        const ABOUT: &'static str = "A difference in percent; negative for less.";
        const MIN: Decimal = Decimal::from_parts(100, 0, 0, true, 0);
        const MAX: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);
        const SCALE: u32 = 2;
        const EXAMPLE: &'static str = "20.00";
    }

    /// See [`super::CustomNumber`].
    #[derive(Debug)]
    pub struct CustomNumber;
    impl Bounds for CustomNumber {
        const NAME: &'static str = "CustomNumber";
        const ABOUT: &'static str = "A number of a field that the organisation defined.";
        const MIN: Decimal = Decimal::from_parts(1_316_134_911, 2328, 0, true, 0); // −9 999 999 999 999
        const MAX: Decimal = Decimal::from_parts(1_316_134_911, 2328, 0, false, 0); // 9 999 999 999 999
        const SCALE: u32 = 4;
        const EXAMPLE: &'static str = "120";
    }
}

/// An amount of money of at most two decimals, 0 to 9 999 999 999 999; the currency is a separate value.
pub type Amount = Bounded<bounds::Amount>;
/// 0 to 100 with two decimals.
pub type Percent = Bounded<bounds::Percent>;
/// −100 to 100 with two decimals.
pub type Margin = Bounded<bounds::Margin>;
/// 0.001 to 1 000 000 with three decimals.
pub type Quantity = Bounded<bounds::Quantity>;
/// 0 to 1 000 000 with three decimals: the part of a [`Quantity`] that is fulfilled.
pub type FulfilledQuantity = Bounded<bounds::FulfilledQuantity>;
/// What the server computes from prices: up to four decimals, as wide as the column.
pub type Total = Bounded<bounds::Total>;
/// A sum of [`Total`]s, for people: two decimals.
pub type Sum = Bounded<bounds::Sum>;
/// −100 to 1 000 000 with two decimals.
pub type Difference = Bounded<bounds::Difference>;
/// 0.00000001 to 1 000 000 000 with eight decimals.
pub type Rate = Bounded<bounds::Rate>;
/// −9 999 999 999 999 to 9 999 999 999 999 with four decimals.
pub type CustomNumber = Bounded<bounds::CustomNumber>;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::{Amount, Bounds, Margin, Quantity, bounds};

    fn amount(text: &str) -> Result<String, String> {
        serde_json::from_value::<Amount>(serde_json::json!(text))
            .map(|amount| amount.value().to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn amounts_are_plain_decimals_within_their_bounds() {
        assert_eq!(amount("12.5"), Ok("12.50".to_owned()));
        assert_eq!(amount("12.500"), Ok("12.50".to_owned()));
        assert_eq!(amount("0"), Ok("0.00".to_owned()));
        assert_eq!(amount("9999999999999"), Ok("9999999999999.00".to_owned()));
        assert_eq!(amount("9999999999999.01"), Err("too_large:9999999999999".to_owned()));
        assert_eq!(amount("-0.01"), Err("too_small:0".to_owned()));
        assert_eq!(amount("0.001"), Err("too_many_decimals:2".to_owned()));
        for wrong in ["", "1e3", "+1", " 1", "1.", ".1", "1,5", "NaN", "0x10", "1_000", "--1", "1.2.3"] {
            assert_eq!(amount(wrong), Err("invalid_decimal".to_owned()), "{wrong}");
        }
    }

    #[test]
    fn the_largest_totals_and_sums_are_what_they_are_meant_to_be() {
        assert_eq!(bounds::Total::MAX.to_string(), "999999999999999.9999");
        assert_eq!(bounds::Sum::MAX.to_string(), format!("1{}", "0".repeat(24)));
    }

    #[test]
    fn a_number_is_not_a_decimal_string() {
        assert!(serde_json::from_str::<Amount>("12.5").is_err());
    }

    proptest! {
        #[test]
        fn what_is_accepted_comes_out_as_it_went_in(cents in 0_i64..=999_999_999_999_900) {
            let value = Decimal::new(cents, 2);
            let amount = serde_json::from_value::<Amount>(serde_json::json!(value.to_string())).unwrap();
            prop_assert_eq!(amount.value(), value);
            prop_assert_eq!(serde_json::to_value(amount).unwrap(), serde_json::json!(format!("{value:.2}")));
        }

        #[test]
        fn bounds_hold_for_every_decimal(mantissa in any::<i64>(), scale in 0_u32..10) {
            let value = Decimal::new(mantissa, scale);
            if let Ok(quantity) = Quantity::new(value) {
                prop_assert!(quantity.value() >= Decimal::new(1, 3) && quantity.value() <= Decimal::from(1_000_000));
                prop_assert_eq!(quantity.value(), value);
            }
            if let Ok(margin) = Margin::new(value) {
                prop_assert!(margin.value().abs() <= Decimal::ONE_HUNDRED);
            }
        }
    }
}
