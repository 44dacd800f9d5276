//! What a client is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::status::ClientStatus;
use crate::{
    access::{
        actions::Action,
        caller::{TeamId, UserId},
        scope::{Belongs, Owned},
    },
    db::{Jsonb, schema::clients, stored_as_text},
    error::{Error, FieldError, Result},
    rest::{
        entity::{Entity, Resource},
        id::Id,
        invalid::Invalid,
        list::{Sort, Words},
        number::{Amount, Margin},
        patch::{self, change},
        search,
        text::{CountryCode, Email, LanguageTag, Line, Phone, Prose, TaxId, Text, TimeZone, Website},
        time::Instant,
    },
};

/// A client's identifier.
pub type ClientId = Id<Client>;

/// An organisation or a person that the company works with.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = clients, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = ClientFields)]
pub struct Client {
    /// Identifier.
    pub id: ClientId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the client was created.
    pub created_at: Instant,
    /// When the client was last changed.
    pub updated_at: Instant,
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
    /// Where the company stands with the client; changed by transitions.
    pub status: ClientStatus,
    /// Where the client came from.
    pub source: Option<Text<100>>,
    /// The e-mail address.
    pub email: Option<Email>,
    /// The telephone number.
    pub phone: Option<Phone>,
    /// The messengers, at most ten.
    #[schema(value_type = Vec<Messenger>, max_items = 10)]
    pub messengers: Jsonb<Vec<Messenger>>,
    /// The postal address.
    #[schema(value_type = Option<Address>)]
    pub address: Option<Jsonb<Address>>,
    /// The website.
    pub website: Option<Website>,
    /// How many people work there.
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub employees: Option<i32>,
    /// The language that the client speaks.
    pub language: Option<LanguageTag>,
    /// Where the client's clock stands.
    pub timezone: Option<TimeZone>,
    /// Who works with the client; changed by a transfer.
    pub owner_id: UserId,
    /// The owner's team.
    pub team_id: TeamId,
    /// Whether the client is designated as key.
    pub is_key: bool,
    /// Free labels, at most fifty.
    #[schema(max_items = 50)]
    pub tags: Vec<Text<50>>,
    /// The system that `external_id` is from.
    pub external_source: Option<Text<50>>,
    /// The client's id in another system; unique within its source.
    pub external_id: Option<Text<100>>,
    /// When someone last confirmed that the data is right.
    pub last_verified_at: Option<Instant>,
    /// When the last interaction took place.
    pub last_interaction_at: Option<Instant>,
    /// When the next planned interaction is due.
    pub next_interaction_at: Option<Instant>,
    /// Confidential: how much the client may owe. Absent for who may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_limit: Option<Amount>,
    /// Confidential: the margin on the client's orders. Absent for who may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin_percent: Option<Margin>,
    /// Confidential: a note for those who may see it. Absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidential_note: Option<Prose>,
    /// The status before the archive.
    pub archived_from: Option<ClientStatus>,
}

/// Whether a client is an organisation or a person.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    AsRefStr,
    EnumString,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum Kind {
    /// A company or another body.
    Organization,
    /// A natural person.
    Person,
}
stored_as_text!(Kind);

/// An account at a messenger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Messenger {
    /// Which messenger.
    pub kind: MessengerKind,
    /// The account's name or number there.
    pub handle: Text<100>,
}

/// A messenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessengerKind {
    /// Telegram.
    Telegram,
    /// `WhatsApp`.
    Whatsapp,
    /// Viber.
    Viber,
    /// VK.
    Vk,
    /// Signal.
    Signal,
    /// Another one.
    Other,
}

/// A postal address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street, house and flat.
    pub street: Option<Line>,
    /// Town.
    pub city: Option<Text<100>>,
    /// Region, state or district.
    pub region: Option<Text<100>>,
    /// Postal code.
    pub postal_code: Option<Text<20>>,
    /// Country.
    pub country: Option<CountryCode>,
}

impl Resource for Client {
    const NAME: &'static str = "clients";
}

impl Entity for Client {
    const CONFIDENTIAL: &'static [&'static str] = &["credit_limit", "margin_percent", "confidential_note"];

    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn client(&self) -> Option<Uuid> {
        Some(self.id.uuid())
    }
}

impl Owned for Client {}

impl Belongs for Client {
    fn owner(&self) -> UserId {
        self.owner_id
    }

    fn team(&self) -> TeamId {
        self.team_id
    }

    fn is_key(&self) -> bool {
        self.is_key
    }
}

impl Client {
    /// The rules between fields.
    ///
    /// # Errors
    /// 422 with every breach.
    pub fn check(&self) -> Result<()> {
        let mut breaches = Vec::new();
        if self.messengers.0.len() > 10 {
            breaches.push(FieldError::new("/messengers", Invalid::TooLong(10)));
        }
        if self.tags.len() > 50 {
            breaches.push(FieldError::new("/tags", Invalid::TooLong(50)));
        }
        match self.employees {
            Some(count) if count < 0 => breaches.push(FieldError::new("/employees", Invalid::TooSmall("0".into()))),
            Some(count) if count > 10_000_000 => {
                breaches.push(FieldError::new("/employees", Invalid::TooLarge("10000000".into())));
            }
            _ => {}
        }
        if self.external_source.is_some() != self.external_id.is_some() {
            let missing = if self.external_id.is_some() { "/external_source" } else { "/external_id" };
            breaches.push(FieldError::new(missing, Invalid::Required));
        }
        if breaches.is_empty() { Ok(()) } else { Err(Error::fields(breaches)) }
    }
}

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

/// Which clients to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ClientFilter {
    /// Only clients with one of these statuses; when left out, all but the archived.
    #[param(inline)]
    pub status: Vec<ClientStatus>,
    /// Only clients of this kind.
    #[param(inline)]
    pub kind: Option<Kind>,
    /// Only clients of one of these owners.
    #[param(inline)]
    pub owner_id: Vec<UserId>,
    /// Only clients of one of these teams.
    #[param(inline)]
    pub team_id: Vec<TeamId>,
    /// Only key clients, or only others.
    pub is_key: Option<bool>,
    /// Only clients with all of these tags.
    #[param(inline)]
    pub tag: Vec<Text<50>>,
    /// Only the clients with this taxpayer number.
    #[param(inline)]
    pub tax_id: Option<TaxId>,
    /// Only clients known to this system.
    #[param(inline)]
    pub external_source: Option<Text<50>>,
    /// Only clients with this id in another system.
    #[param(inline)]
    pub external_id: Option<Text<100>>,
    /// Only clients changed at or after this moment.
    #[param(inline)]
    pub updated_at_from: Option<Instant>,
    /// Only clients changed before this moment.
    #[param(inline)]
    pub updated_at_to: Option<Instant>,
    /// Only clients created at or after this moment.
    #[param(inline)]
    pub created_at_from: Option<Instant>,
    /// Only clients created before this moment.
    #[param(inline)]
    pub created_at_to: Option<Instant>,
    /// Only clients never verified, or not since this moment: the queue of stale records.
    #[param(inline)]
    pub unverified_since: Option<Instant>,
    /// Every word must occur in the name, the legal name, the taxpayer number, the e-mail address, the telephone number
    /// or the external id. Best matches first, unless `sort` says otherwise.
    #[param(inline)]
    pub q: Option<search::Words>,
    /// The order; `-updated_at` when left out.
    #[param(inline)]
    pub sort: Option<ClientOrder>,
    /// Related resources to put in, separated by commas.
    #[param(inline)]
    pub include: ClientIncludes,
}

/// How to answer one client.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ClientParams {
    /// Related resources to put in, separated by commas.
    #[param(inline)]
    pub include: ClientIncludes,
    /// Only these fields, separated by commas, such as `id,version`; the others are absent then.
    #[param(max_length = 1000)]
    pub fields: Option<String>,
}

/// The order of a list of clients.
pub type ClientOrder = Sort<ClientSort>;

/// What clients can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ClientSort {
    /// What the client is called.
    Name,
    /// When the client was created.
    CreatedAt,
    /// When the client was last changed.
    UpdatedAt,
}

/// What to put into a client.
pub type ClientIncludes = Words<ClientInclude>;

/// What can be put into a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ClientInclude {
    /// Who works with the client.
    Owner,
    /// The contact to turn to first.
    PrimaryContact,
}

/// Whom to give a client to, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "reason": "Anna is on leave"}))]
pub struct Transfer {
    /// The new owner.
    pub owner_id: UserId,
    /// Why; kept in the client's history.
    pub reason: Text<1000>,
}

/// Give a client to another owner.
#[derive(Debug)]
pub enum TransferClient {}
impl Action for TransferClient {
    const NAME: &'static str = "transfer";
}

/// Designate a client as key, or revoke that.
#[derive(Debug)]
pub enum DesignateKey {}
impl Action for DesignateKey {
    const NAME: &'static str = "designate_key";
}

/// Put a client away, or take it out again.
#[derive(Debug)]
pub enum Archive {}
impl Action for Archive {
    const NAME: &'static str = "archive";
}
