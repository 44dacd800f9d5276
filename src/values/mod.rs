//! The types of values: what a value may be, and how it is written. A value of one of these types is always valid.

pub mod bounds;
pub mod confidential;
mod example;
pub mod hint;
mod id;
mod invalid;
pub mod members;
pub mod network;
mod number;
mod plural;
mod requisites;
mod resource;
mod say;
mod scoped;
mod text;
mod time;

pub use example::example_id;
pub use id::Id;
pub use invalid::Invalid;
pub use members::{BUSINESS, CONFIDENTIAL, Member, Members, PERSONAL, members_of};
pub use number::{
    Amount, Bounded, Bounds, CustomNumber, Difference, FulfilledQuantity, Margin, Percent, Quantity, Rate, Sum, Total,
};
pub use requisites::{AccountNumber, BankAccount, Bic, Kpp, RegistrationNumber};
pub use resource::{Entity, Resource};
pub use say::{Language, Say};
pub use text::{
    Checked, CountryCode, CurrencyCode, Email, FieldName, LanguageTag, Line, Name, Phone, PhoneRegion, Prose, Rule,
    TaxId, Text, TimeZone, Website, from_region, region, without_spaces,
};
pub use time::{Day, Instant};
