//! The rule for telephone numbers.

use crate::values::{Invalid, Rule};

/// See [`super::Phone`].
#[derive(Debug)]
pub struct Phone;
impl Rule for Phone {
    const NAME: &'static str = "Phone";
    const ABOUT: &'static str = "A telephone number in the international form of ITU-T E.164.";
    const MAX: usize = 16;
    const PATTERN: &'static str = r"^\+[1-9][0-9]{6,14}$";
    const EXAMPLE: &'static str = "+79161234567";

    fn check(text: &str) -> Result<String, Invalid> {
        let digits = text.strip_prefix('+').ok_or(Invalid::Phone)?;
        let well_formed = (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        well_formed.then(|| text.to_owned()).ok_or(Invalid::Phone)
    }
}

#[cfg(test)]
mod tests {
    use crate::values::Phone;

    #[test]
    fn a_telephone_number_has_the_international_form() {
        assert!(Phone::parse("+79161234567").is_ok());
        for wrong in ["79161234567", "+09161234567", "+7 916 123", "+1234567890123456", "+123456"] {
            assert!(Phone::parse(wrong).is_err(), "{wrong}");
        }
    }
}
