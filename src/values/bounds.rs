//! Bounds for members whose type has none. They are used in `#[serde(deserialize_with = …)]`, so that a breach is
//! reported together with everything else that is wrong with a body.

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::values::Invalid;

/// A list of at most `MAX` items.
///
/// # Errors
/// [`Invalid::TooLong`], or an item's own error.
pub fn at_most<'de, const MAX: usize, T: Deserialize<'de> + AsRef<[I]>, I, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let items = T::deserialize(deserializer)?;
    if items.as_ref().len() > MAX { Err(D::Error::custom(Invalid::TooLong(MAX))) } else { Ok(items) }
}

/// A whole number from `MIN` to `MAX`.
///
/// # Errors
/// [`Invalid::TooSmall`], [`Invalid::TooLarge`].
pub fn within<'de, const MIN: i32, const MAX: i32, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    match i32::deserialize(deserializer)? {
        number if number < MIN => Err(D::Error::custom(Invalid::TooSmall(MIN.to_string()))),
        number if number > MAX => Err(D::Error::custom(Invalid::TooLarge(MAX.to_string()))),
        number => Ok(number),
    }
}

/// The number of a month.
///
/// # Errors
/// [`Invalid::TooSmall`], [`Invalid::TooLarge`].
pub fn month<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i16, D::Error> {
    let month = within::<1, 12, D>(deserializer)?;
    i16::try_from(month).map_err(D::Error::custom)
}

/// A whole number from `MIN` to `MAX`, or none.
///
/// # Errors
/// As [`within`].
pub fn within_or_none<'de, const MIN: i32, const MAX: i32, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(bound = "")]
    struct Bounded<const MIN: i32, const MAX: i32>(#[serde(deserialize_with = "within::<MIN, MAX, _>")] i32);

    let number: Option<Bounded<MIN, MAX>> = Option::deserialize(deserializer)?;
    Ok(number.map(|Bounded(number)| number))
}

/// A value that may be left out, but not be `null`.
///
/// # Errors
/// [`Invalid::NotNullable`], or the value's own error.
pub fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    match Option::deserialize(deserializer)? {
        Some(value) => Ok(Some(value)),
        None => Err(D::Error::custom(Invalid::NotNullable)),
    }
}
