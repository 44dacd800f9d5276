//! Numbers with right check digits, and telephone numbers that may exist.

use super::dice::Dice;

/// The weights of a taxpayer number, for its last digit from the right end; `values::TaxId` has them to check.
const WEIGHTS: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];

/// So many digits that no two of ten million numbers share: other companies do not have the same number by chance.
fn digits_of(number: u32, count: usize, below: u64) -> String {
    // The factor has no divisor in common with any power of ten, nor with their halves.
    let spread = u64::from(number) * 7_368_787 % below;
    format!("{spread:0count$}")
}

/// A taxpayer number of the organisation `number` in the region `code`.
pub fn of_organization(number: u32, code: &str) -> String {
    let mut digits = format!("{code}{}", digits_of(number, 7, 10_000_000));
    digits.push(check_digit(&digits));
    digits
}

/// A taxpayer number of the person `number` in the region `code`.
pub fn of_person(number: u32, code: &str) -> String {
    let mut digits = format!("{code}{}", digits_of(number, 8, 100_000_000));
    digits.push(check_digit(&digits));
    digits.push(check_digit(&digits));
    digits
}

fn check_digit(digits: &str) -> char {
    let weights = WEIGHTS.iter().skip(WEIGHTS.len() - digits.len().min(WEIGHTS.len()));
    let sum: u32 = weights.zip(digits.chars().filter_map(|digit| digit.to_digit(10))).map(|(w, digit)| w * digit).sum();
    char::from_digit(sum % 11 % 10, 10).unwrap_or('0')
}

/// A number in the register of companies.
pub fn registration(dice: &mut Dice, code: &str) -> String {
    let digits = format!("1{}{code}{}", dice.one(&["02", "07", "12", "15", "18", "21"]), dice.digits(7));
    let rest = digits.parse::<u64>().unwrap_or_default() % 11 % 10;
    format!("{digits}{rest}")
}

/// The telephone number of the client `number` in the town with this area code. Up to five millions are all different.
pub fn phone(number: u32, area: &str) -> String {
    let digits = digits_of(number, 7, 5_000_000);
    let (first, rest) = digits.split_at(1);
    let place = first.parse::<usize>().unwrap_or_default();
    let one_of = |firsts: [&'static str; 5]| firsts.into_iter().nth(place).unwrap_or_default();
    match area {
        "44" => format!("+44207{}{rest}", one_of(["1", "4", "6", "8", "9"])),
        _ if area.starts_with('1') => format!("+{area}{}{rest}", one_of(["2", "3", "4", "5", "6"])),
        _ => format!("+7{area}{}{rest}", one_of(["2", "3", "4", "5", "6"])),
    }
}

/// A mobile number of the town's country.
pub fn mobile(dice: &mut Dice, area: &str) -> String {
    match area {
        "44" => format!("+44771{}", dice.digits(7)),
        _ if area.starts_with('1') => format!("+{area}7{}", dice.digits(6)),
        _ => {
            format!("+79{}{}", dice.one(&["03", "05", "10", "15", "16", "21", "26", "62", "65", "85"]), dice.digits(7))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Dice, mobile, of_organization, of_person, phone, registration};
    use crate::values::{Phone, RegistrationNumber, TaxId};

    #[test]
    fn numbers_are_right() {
        let mut all = HashSet::new();
        for number in 0..500 {
            let mut dice = Dice::of(7, 0, u64::from(number));
            for tax_id in [of_organization(number, "77"), of_person(number, "78")] {
                assert!(TaxId::parse(&tax_id).is_ok(), "{tax_id}");
            }
            let registered = registration(&mut dice, "77");
            assert!(RegistrationNumber::parse(&registered).is_ok(), "{registered}");
            for area in ["495", "44", "1206"] {
                assert!(all.insert(phone(number, area)), "{number}");
                for called in [phone(number, area), mobile(&mut dice, area)] {
                    assert_eq!(Phone::parse(&called).map(|phone| phone.as_str().to_owned()), Ok(called));
                }
            }
        }
    }
}
