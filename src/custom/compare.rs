//! Values of custom fields as they are compared, sorted and kept unique.

use rust_decimal::Decimal;

use super::CustomKind;
use crate::values::{CustomNumber, Day, Invalid};

/// A value as it is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparable {
    /// Letter by letter.
    Text(String),
    /// By size: a number, an amount, a day counted from 1970, no and yes as 0 and 1.
    Number(Decimal),
}

/// `text` as values of this kind are compared. The database function `custom_number` does the same.
///
/// # Errors
/// What keeps it from being such a value.
pub fn comparable(kind: CustomKind, text: &str) -> Result<Comparable, Invalid> {
    Ok(match kind {
        CustomKind::Number | CustomKind::Money => Comparable::Number(CustomNumber::parse(text)?.value().normalize()),
        CustomKind::Date => {
            let day = text.parse::<Day>()?.date();
            Comparable::Number(day.signed_duration_since(chrono::NaiveDate::default()).num_days().into())
        }
        CustomKind::Boolean => match text {
            "true" => Comparable::Number(Decimal::ONE),
            "false" => Comparable::Number(Decimal::ZERO),
            _ => return Err(Invalid::Choice("true, false".to_owned())),
        },
        CustomKind::Text | CustomKind::Choice | CustomKind::Choices | CustomKind::User | CustomKind::Client => {
            Comparable::Text(text.to_owned())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{Comparable, comparable};
    use crate::{custom::CustomKind, values::Invalid};

    #[test]
    fn equal_values_are_compared_alike() {
        let number = |kind, text| match comparable(kind, text) {
            Ok(Comparable::Number(number)) => number.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(number(CustomKind::Number, "1.50"), "1.5");
        assert_eq!(number(CustomKind::Number, "100"), "100");
        assert_eq!(number(CustomKind::Date, "1970-01-02"), "1");
        assert_eq!(number(CustomKind::Date, "1969-12-31"), "-1");
        assert_eq!(number(CustomKind::Boolean, "true"), "1");
        assert_eq!(comparable(CustomKind::Text, "A"), Ok(Comparable::Text("A".to_owned())));
        assert_eq!(comparable(CustomKind::Date, "soon"), Err(Invalid::Date));
    }
}
