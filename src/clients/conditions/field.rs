//! The fields that conditions can be about.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    clients::{
        Kind,
        moments::{LAST_INTERACTION, LAST_VERIFIED, NEXT_INTERACTION},
        status::ClientStatus,
    },
    list::Moment,
    values::{CountryCode, Email, Instant, Invalid, Phone, TaxId},
};

/// A field of a client that a condition can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ClientConditionField)]
pub enum Field {
    /// The identifier.
    Id,
    /// Organisation or person.
    Kind,
    /// The status.
    Status,
    /// The name, letter by letter.
    Name,
    /// The name in law, letter by letter.
    LegalName,
    /// The taxpayer number.
    TaxId,
    /// The branch of business.
    Industry,
    /// Where the client came from.
    Source,
    /// The town of the address.
    City,
    /// The region of the address.
    Region,
    /// The country of the address.
    Country,
    /// The first telephone number, in any spelling.
    Phone,
    /// The first e-mail address.
    Email,
    /// The website.
    Website,
    /// How many people work there.
    Employees,
    /// The language.
    Language,
    /// The time zone.
    Timezone,
    /// Each of the tags.
    Tags,
    /// The owner.
    OwnerId,
    /// The owner's team.
    TeamId,
    /// The client that this one belongs to.
    ParentId,
    /// Why the client was lost.
    LostReasonId,
    /// Whether it is a key client.
    IsKey,
    /// Each of the other systems that know the client.
    ExternalSource,
    /// Each of the ids in other systems.
    ExternalId,
    /// When the client was created.
    CreatedAt,
    /// When the client was last changed.
    UpdatedAt,
    /// When the data was last checked with the client.
    LastVerifiedAt,
    /// When the last interaction took place.
    LastInteractionAt,
    /// When the next interaction is due.
    NextInteractionAt,
    /// When the client was lost.
    LostAt,
    /// The credit limit; only of clients whose confidential fields the caller may read.
    CreditLimit,
    /// The margin; only of clients whose confidential fields the caller may read.
    MarginPercent,
}

/// What kind of values a field has, and how one is read.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// A text, brought into the form in which it is stored.
    Text(fn(&str) -> Result<String, Invalid>),
    /// Several texts.
    Texts,
    /// An identifier.
    Id,
    /// A number.
    Number,
    /// A moment.
    Moment,
    /// Yes or no.
    Flag,
}

impl Field {
    /// The field in SQL.
    pub fn column(self) -> &'static str {
        match self {
            Self::Id => "clients.id",
            Self::Kind => "clients.kind",
            Self::Status => "clients.status",
            Self::Name => "clients.name",
            Self::LegalName => "clients.legal_name",
            Self::TaxId => "clients.tax_id",
            Self::Industry => "clients.industry",
            Self::Source => "clients.source",
            Self::City => "(clients.address ->> 'city')",
            Self::Region => "(clients.address ->> 'region')",
            Self::Country => "(clients.address ->> 'country')",
            Self::Phone => "clients.phone",
            Self::Email => "clients.email",
            Self::Website => "clients.website",
            Self::Employees => "clients.employees",
            Self::Language => "clients.language",
            Self::Timezone => "clients.timezone",
            Self::Tags => "clients.tags",
            Self::OwnerId => "clients.owner_id",
            Self::TeamId => "clients.team_id",
            Self::ParentId => "clients.parent_id",
            Self::LostReasonId => "clients.lost_reason_id",
            Self::IsKey => "clients.is_key",
            Self::ExternalSource => "external_ids.source",
            Self::ExternalId => "external_ids.external_id",
            Self::CreatedAt => "clients.created_at",
            Self::UpdatedAt => "clients.updated_at",
            Self::LastVerifiedAt => "clients.last_verified_at",
            Self::LastInteractionAt => "clients.last_interaction_at",
            Self::NextInteractionAt => "clients.next_interaction_at",
            Self::LostAt => "clients.lost_at",
            Self::CreditLimit => "clients.credit_limit",
            Self::MarginPercent => "clients.margin_percent",
        }
    }

    /// The field as an index has it, where that is another expression.
    pub fn indexed(self) -> Option<Moment> {
        match self {
            Self::LastVerifiedAt => Some(LAST_VERIFIED),
            Self::LastInteractionAt => Some(LAST_INTERACTION),
            Self::NextInteractionAt => Some(NEXT_INTERACTION),
            _ => None,
        }
    }

    /// What kind of values it has.
    pub fn values(self) -> Type {
        match self {
            Self::Kind => Type::Text(value::<Kind>),
            Self::Status => Type::Text(value::<ClientStatus>),
            Self::TaxId => Type::Text(value::<TaxId>),
            Self::Country => Type::Text(value::<CountryCode>),
            Self::Phone => Type::Text(value::<Phone>),
            Self::Email => Type::Text(value::<Email>),
            Self::Name
            | Self::LegalName
            | Self::Industry
            | Self::Source
            | Self::City
            | Self::Region
            | Self::Website
            | Self::Language
            | Self::Timezone
            | Self::ExternalSource
            | Self::ExternalId => Type::Text(plain),
            Self::Tags => Type::Texts,
            Self::Id | Self::OwnerId | Self::TeamId | Self::ParentId | Self::LostReasonId => Type::Id,
            Self::IsKey => Type::Flag,
            Self::Employees | Self::CreditLimit | Self::MarginPercent => Type::Number,
            Self::CreatedAt
            | Self::UpdatedAt
            | Self::LastVerifiedAt
            | Self::LastInteractionAt
            | Self::NextInteractionAt
            | Self::LostAt => Type::Moment,
        }
    }

    /// Whether a client has any number of it, in rows of their own.
    pub fn is_external(self) -> bool {
        matches!(self, Self::ExternalSource | Self::ExternalId)
    }

    /// Whether only some may read it.
    pub fn is_confidential(self) -> bool {
        matches!(self, Self::CreditLimit | Self::MarginPercent)
    }
}

/// The longest text of a condition.
pub const LONGEST: usize = 500;

fn plain(text: &str) -> Result<String, Invalid> {
    if text.chars().count() > LONGEST {
        return Err(Invalid::TooLong(LONGEST));
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid::ControlCharacter);
    }
    Ok(text.trim().to_owned())
}

/// A text as `T` reads and writes it.
fn value<T: for<'de> Deserialize<'de> + Serialize>(text: &str) -> Result<String, Invalid> {
    let read: T = serde_json::from_value(text.into()).map_err(|error| Invalid::from_message(&error.to_string()))?;
    match serde_json::to_value(read) {
        Ok(serde_json::Value::String(written)) => Ok(written),
        _ => Err(Invalid::Value),
    }
}

/// An identifier.
pub fn id(text: &str) -> Result<Uuid, Invalid> {
    Uuid::from_str(text).map_err(|_not_an_id| Invalid::Id)
}

/// A moment.
pub fn moment(text: &str) -> Result<Instant, Invalid> {
    serde_json::from_value(text.into()).map_err(|error| Invalid::from_message(&error.to_string()))
}
