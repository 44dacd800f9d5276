//! What callers send of a client.

use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{Address, Client, Kind, Messenger};
use crate::{
    access::UserId,
    db::Jsonb,
    values::{
        Amount, Email, LanguageTag, Line, Margin, Phone, Prose, TaxId, Text, TimeZone, Website,
        patch::{self, change},
    },
};

/// A client to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "organization", "name": "Romashka", "legal_name": "OOO Romashka", "tax_id": "7707083893",
    "phone": "+74951234567", "email": "office@romashka.example", "tags": ["wholesale"]}))]
pub struct NewClient {
    /// Whether the client is an organisation or a person.
    pub kind: Kind,
    /// What the client is called.
    pub name: Line,
    /// The name in the register of companies.
    pub legal_name: Option<Line>,
    /// The taxpayer number.
    pub tax_id: Option<TaxId>,
    /// The number in the register of companies.
    pub registration_number: Option<Text<50>>,
    /// The branch of business.
    pub industry: Option<Text<100>>,
    /// Where the client came from.
    pub source: Option<Text<100>>,
    /// The e-mail address.
    pub email: Option<Email>,
    /// The telephone number.
    pub phone: Option<Phone>,
    /// The messengers, at most ten.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub messengers: Vec<Messenger>,
    /// The postal address.
    pub address: Option<Address>,
    /// The website.
    pub website: Option<Website>,
    /// How many people work there.
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub employees: Option<i32>,
    /// The language that the client speaks.
    pub language: Option<LanguageTag>,
    /// Where the client's clock stands.
    pub timezone: Option<TimeZone>,
    /// Who is to work with the client; the caller when left out.
    pub owner_id: Option<UserId>,
    /// Free labels, at most fifty.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub tags: Vec<Text<50>>,
    /// The system that `external_id` is from.
    pub external_source: Option<Text<50>>,
    /// The client's id in another system.
    pub external_id: Option<Text<100>>,
    /// Confidential: how much the client may owe.
    pub credit_limit: Option<Amount>,
    /// Confidential: the margin on the client's orders.
    pub margin_percent: Option<Margin>,
    /// Confidential: a note for those who may see it.
    pub confidential_note: Option<Prose>,
}

/// What of a client to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"phone": "+74957654321", "website": null}))]
pub struct ClientPatch {
    /// What the client is called.
    #[serde(deserialize_with = "patch::set")]
    #[schema(nullable = false)]
    pub name: Option<Line>,
    /// The name in the register of companies.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Line>)]
    pub legal_name: Option<Option<Line>>,
    /// The taxpayer number.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<TaxId>)]
    pub tax_id: Option<Option<TaxId>>,
    /// The number in the register of companies.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Text<50>>)]
    pub registration_number: Option<Option<Text<50>>>,
    /// The branch of business.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Text<100>>)]
    pub industry: Option<Option<Text<100>>>,
    /// Where the client came from.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Text<100>>)]
    pub source: Option<Option<Text<100>>>,
    /// The e-mail address.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Email>)]
    pub email: Option<Option<Email>>,
    /// The telephone number.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Phone>)]
    pub phone: Option<Option<Phone>>,
    /// The messengers, at most ten; they replace those before.
    #[serde(deserialize_with = "patch::set")]
    #[schema(nullable = false, max_items = 10)]
    pub messengers: Option<Vec<Messenger>>,
    /// The postal address; it replaces the one before.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Address>)]
    pub address: Option<Option<Address>>,
    /// The website.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Website>)]
    pub website: Option<Option<Website>>,
    /// How many people work there.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<i32>, minimum = 0, maximum = 10_000_000)]
    pub employees: Option<Option<i32>>,
    /// The language that the client speaks.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<LanguageTag>)]
    pub language: Option<Option<LanguageTag>>,
    /// Where the client's clock stands.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<TimeZone>)]
    pub timezone: Option<Option<TimeZone>>,
    /// Free labels, at most fifty; they replace those before.
    #[serde(deserialize_with = "patch::set")]
    #[schema(nullable = false, max_items = 50)]
    pub tags: Option<Vec<Text<50>>>,
    /// The system that `external_id` is from.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Text<50>>)]
    pub external_source: Option<Option<Text<50>>>,
    /// The client's id in another system.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Text<100>>)]
    pub external_id: Option<Option<Text<100>>>,
    /// Confidential: how much the client may owe.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Amount>)]
    pub credit_limit: Option<Option<Amount>>,
    /// Confidential: the margin on the client's orders.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Margin>)]
    pub margin_percent: Option<Option<Margin>>,
    /// Confidential: a note for those who may see it.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Prose>)]
    pub confidential_note: Option<Option<Prose>>,
}

impl NewClient {
    /// Whether a confidential field is named.
    pub fn is_confidential(&self) -> bool {
        self.credit_limit.is_some() || self.margin_percent.is_some() || self.confidential_note.is_some()
    }
}

impl ClientPatch {
    /// Whether a confidential field is named.
    pub fn is_confidential(&self) -> bool {
        self.credit_limit.is_some() || self.margin_percent.is_some() || self.confidential_note.is_some()
    }

    /// Puts what the patch says into `client`.
    pub fn apply(self, client: &mut Client) {
        change(&mut client.name, self.name);
        change(&mut client.legal_name, self.legal_name);
        change(&mut client.tax_id, self.tax_id);
        change(&mut client.registration_number, self.registration_number);
        change(&mut client.industry, self.industry);
        change(&mut client.source, self.source);
        change(&mut client.email, self.email);
        change(&mut client.phone, self.phone);
        change(&mut client.messengers, self.messengers.map(Jsonb));
        change(&mut client.address, self.address.map(|address| address.map(Jsonb)));
        change(&mut client.website, self.website);
        change(&mut client.employees, self.employees);
        change(&mut client.language, self.language);
        change(&mut client.timezone, self.timezone);
        change(&mut client.tags, self.tags);
        change(&mut client.external_source, self.external_source);
        change(&mut client.external_id, self.external_id);
        change(&mut client.credit_limit, self.credit_limit);
        change(&mut client.margin_percent, self.margin_percent);
        change(&mut client.confidential_note, self.confidential_note);
    }
}
