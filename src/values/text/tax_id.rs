//! The rule for taxpayer numbers.

use crate::values::{Invalid, Rule, without_spaces};

/// See [`super::TaxId`].
#[derive(Debug)]
pub struct TaxId;
impl Rule for TaxId {
    const NAME: &'static str = "TaxId";
    const ABOUT: &'static str =
        "A Russian taxpayer number (INN): 10 digits for an organisation, 12 for a person, check digits verified.";
    const MAX: usize = 30;
    const PATTERN: &'static str = r"^\s*([0-9]\s*){10}(([0-9]\s*){2})?$";
    const EXAMPLE: &'static str = "7707083893";

    fn check(text: &str) -> Result<String, Invalid> {
        // The weights come from order MMV-7-6/435@ of the Federal Tax Service.
        const WEIGHTS: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
        let number = without_spaces(text);
        let digits: Vec<u32> = number.chars().map(|c| c.to_digit(10)).collect::<Option<_>>().ok_or(Invalid::TaxId)?;
        let check_digit = |count: usize| {
            let weights = WEIGHTS.iter().skip(11 - count);
            let sum: u32 = weights.zip(&digits).map(|(weight, digit)| weight * digit).sum();
            sum % 11 % 10
        };
        let right = match digits.as_slice() {
            [_, _, _, _, _, _, _, _, _, last] => check_digit(9) == *last,
            [_, _, _, _, _, _, _, _, _, _, first, second] => check_digit(10) == *first && check_digit(11) == *second,
            _ => false,
        };
        let is_given = digits.iter().any(|digit| *digit != 0);
        (right && is_given).then_some(number).ok_or(Invalid::TaxId)
    }
}

#[cfg(test)]
mod tests {
    use crate::values::TaxId;

    #[test]
    fn tax_id_needs_right_check_digits() {
        for right in ["7707083893", "7736050003", "500100732259", " 7707 083 893 ", "7707\u{a0}083893"] {
            assert!(TaxId::parse(right).is_ok(), "{right}");
        }
        assert_eq!(TaxId::parse(" 7707 083893").map(|number| number.as_str().to_owned()), Ok("7707083893".to_owned()));
        for wrong in
            ["7707083894", "500100732258", "500100732269", "770708389", "77070838a3", "", "0000000000", "000000000000"]
        {
            assert!(TaxId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
