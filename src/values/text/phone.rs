//! The rule for telephone numbers, and the region that a number without a country code belongs to.

use std::cell::Cell;

use rlibphonenumber::{PhoneNumber, PhoneNumberFormat};

use crate::values::{Checked, Invalid, Rule, scoped};

/// A country or territory whose people write each other's numbers without the country code.
pub type PhoneRegion = rlibphonenumber::Region;

thread_local! {
    static REGION: Cell<Option<PhoneRegion>> = const { Cell::new(None) };
}

/// Runs `work`, which reads telephone numbers. Those without a country code are numbers of `region`, and are refused when
/// there is none.
pub fn from_region<T>(region: Option<PhoneRegion>, work: impl FnOnce() -> T) -> T {
    scoped::with(&REGION, region, work)
}

/// The region of which [`from_region`] was told.
pub fn region() -> Option<PhoneRegion> {
    REGION.get()
}

/// See [`super::Phone`].
#[derive(Debug)]
pub struct Phone;
impl Rule for Phone {
    const NAME: &'static str = "Phone";
    const ABOUT: &'static str = "A telephone number. It is taken in every usual spelling, such as `8 (495) 123-45-67`, also without \
         the country code when it is one of the organisation's region, and kept in the international form of ITU-T E.164, \
         with `;ext=` and the extension behind it when it has one (RFC 3966). A number that no numbering plan has is refused.";
    const MAX: usize = 50;
    const PATTERN: &'static str = r"^[^\x00-\x1F]*([0-9][^\x00-\x1F]*){3}$";
    const EXAMPLE: &'static str = "+79161234567";

    fn check(text: &str) -> Result<String, Invalid> {
        let number = PhoneNumber::parse(text, region()).map_err(|_unreadable| Invalid::Phone)?;
        if !number.is_valid() || text.chars().any(|c| c.is_numeric() && !c.is_ascii()) {
            return Err(Invalid::Phone);
        }
        let e164 = number.format_as(PhoneNumberFormat::E164);
        match number.extension() {
            "" => Ok(e164.into_owned()),
            extension => Ok(format!("{e164};ext={extension}")),
        }
    }
}

impl Checked<Phone> {
    /// The number as people read it, with the country code: `+7 495 123-45-67` (ITU-T E.123).
    pub fn formatted(&self) -> String {
        match PhoneNumber::parse(self.as_str(), None) {
            Ok(number) => number.format_as(PhoneNumberFormat::International).into_owned(),
            Err(_) => self.as_str().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PhoneRegion, from_region};
    use crate::values::Phone;

    fn read(region: Option<PhoneRegion>, text: &str) -> Option<String> {
        from_region(region, || Phone::parse(text).ok().map(|phone| phone.as_str().to_owned()))
    }

    #[test]
    fn every_usual_spelling_is_the_same_number() {
        for text in [
            "+74951234567",
            "8 (495) 123-45-67",
            "+7 495 123 45 67",
            "84951234567",
            "  8-495-123-45-67 ",
            "(495) 123.45.67",
            "tel:+7-495-123-45-67",
            "7\u{a0}495\u{a0}1234567",
        ] {
            assert_eq!(read(Some(PhoneRegion::RU), text).as_deref(), Some("+74951234567"), "{text}");
        }
    }

    #[test]
    fn a_number_without_a_country_belongs_to_the_region() {
        assert_eq!(read(Some(PhoneRegion::US), "(206) 555-9857").as_deref(), Some("+12065559857"));
        assert_eq!(read(Some(PhoneRegion::RU), "+1 206 555 9857").as_deref(), Some("+12065559857"));
        assert_eq!(read(None, "8 (495) 123-45-67"), None);
        assert_eq!(read(None, "+7 (495) 123-45-67").as_deref(), Some("+74951234567"));
    }

    #[test]
    fn an_extension_stays_with_its_number() {
        let read = |text: &str| read(Some(PhoneRegion::RU), text);
        for text in ["8 (8182) 65-20-10, доб. 12", "+78182652010 ext. 12", "+78182652010;ext=12"] {
            assert_eq!(read(text).as_deref(), Some("+78182652010;ext=12"), "{text}");
        }
    }

    #[test]
    fn a_number_that_nobody_can_have_is_refused() {
        for wrong in [
            "+70000000000",
            "+09161234567",
            "+7 916 123",
            "+1234567890123456",
            "тел. нет",
            "123-45-67",
            "",
            "٠٨٤٩٥١٢٣٤٥٦٧",
        ] {
            assert_eq!(read(Some(PhoneRegion::RU), wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_number_is_shown_as_people_read_it() {
        let shown = |text: &str| Phone::parse(text).map(|phone| phone.formatted());
        assert_eq!(shown("+74951234567"), Ok("+7 495 123-45-67".to_owned()));
        assert_eq!(shown("+78182652010;ext=12"), Ok("+7 818 265-20-10 ext. 12".to_owned()));
    }
}
