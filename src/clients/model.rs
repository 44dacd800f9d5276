//! What a client is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString};
use utoipa::ToSchema;
use uuid::Uuid;

use super::status::ClientStatus;
use crate::{
    access::{Action, Belongs, Owned, TeamId, UserId},
    db::{Jsonb, schema::clients, stored_as_text},
    error::{Error, FieldError, Result},
    values::{
        Amount, CountryCode, Email, Entity, Id, Instant, Invalid, LanguageTag, Line, Margin, Phone, Prose, Resource,
        TaxId, Text, TimeZone, Website,
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
    const PERSONAL: &'static [&'static str] = &[
        "name",
        "legal_name",
        "tax_id",
        "registration_number",
        "source",
        "email",
        "phone",
        "messengers",
        "address",
        "website",
        "tags",
        "external_id",
        "confidential_note",
    ];

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

impl Owned for Client {
    const CLIENT: Option<&'static str> = Some("id");
}

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
