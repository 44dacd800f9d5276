//! Texts that cannot be wrong: bounded, trimmed, and each kind with its own rule.
//!
//! The bounds are part of the type, so the check, the document and the database agree by construction.

mod checked;
mod codes;
mod email;
mod field_name;
mod name;
mod phone;
mod plain;
mod spaces;
mod tax_id;
mod website;

pub use self::{
    checked::{Checked, Rule},
    phone::{PhoneRegion, from_region, region},
    plain::{Line, Prose, Text},
    spaces::without_spaces,
};

/// An e-mail address, in lower case.
pub type Email = Checked<email::Email>;
/// The name of a field that the organisation defines.
pub type FieldName = Checked<field_name::FieldName>;
/// A name with a letter or a digit in it.
pub type Name = Checked<name::Name>;
/// A telephone number by E.164.
pub type Phone = Checked<phone::Phone>;
/// A taxpayer number (INN) with right check digits.
pub type TaxId = Checked<tax_id::TaxId>;
/// An http or https address.
pub type Website = Checked<website::Website>;
/// A language tag.
pub type LanguageTag = Checked<codes::LanguageTag>;
/// A time zone of the IANA database.
pub type TimeZone = Checked<codes::TimeZone>;
/// A country code of ISO 3166-1.
pub type CountryCode = Checked<codes::CountryCode>;
/// A currency code of ISO 4217.
pub type CurrencyCode = Checked<codes::CurrencyCode>;
