//! Texts that cannot be wrong: bounded, trimmed, and each kind with its own rule.
//!
//! The bounds are part of the type, so the check, the document and the database agree by construction.

mod checked;
mod codes;
mod email;
mod phone;
mod plain;
mod spaces;
mod tax_id;
mod website;

pub use self::{
    checked::{Checked, Rule},
    plain::{Line, Prose, Text},
    spaces::without_spaces,
};

/// An e-mail address, in lower case.
pub type Email = Checked<email::Email>;
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
