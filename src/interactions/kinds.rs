//! The words that an interaction is described with.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString};
use utoipa::ToSchema;

use crate::{contacts::ConsentChannel, db::stored_as_text};

/// By what means the two sides meet.
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
#[schema(as = InteractionChannel)]
pub enum Channel {
    /// A telephone call.
    Phone,
    /// An e-mail.
    Email,
    /// A messenger.
    Messenger,
    /// A meeting in person.
    Meeting,
    /// A video call.
    VideoCall,
    /// A visit to the client.
    Visit,
    /// A letter on paper.
    Letter,
    /// Another one.
    Other,
}

/// From which side it comes.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
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
#[schema(as = InteractionDirection)]
pub enum Direction {
    /// From the client.
    Inbound,
    /// From the company.
    #[default]
    Outbound,
}

/// What it is for.
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
#[schema(as = InteractionPurpose)]
pub enum Purpose {
    /// To show what the company offers.
    Presentation,
    /// To advise.
    Consultation,
    /// To agree on terms. Contractual: it needs no consent.
    Negotiation,
    /// The client is not content. Contractual: it needs no consent.
    Complaint,
    /// The client tells what they think.
    Feedback,
    /// The company asks what the client thinks.
    Survey,
    /// To help with what was bought. Contractual: it needs no consent.
    Support,
    /// To go on with what was begun.
    FollowUp,
    /// Another one.
    Other,
}

/// How it came out.
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
#[schema(as = InteractionOutcome)]
pub enum Outcome {
    /// Well.
    Positive,
    /// Neither well nor badly.
    Neutral,
    /// Badly.
    Negative,
}

impl Channel {
    /// The channels of the consents that cover it. What no consent names by itself is covered by one for every means.
    pub fn consents(self) -> &'static [ConsentChannel] {
        use ConsentChannel::{Any, Email, Letter, Messenger, Phone, Sms};
        match self {
            Self::Phone => &[Phone, Any],
            Self::Email => &[Email, Any],
            Self::Messenger => &[Messenger, Sms, Any],
            Self::Letter => &[Letter, Any],
            Self::Meeting | Self::VideoCall | Self::Visit | Self::Other => &[Any],
        }
    }
}

impl Purpose {
    /// Whether a contract asks for it, or the client did: then it needs no consent. Advice, offers and questions need one.
    pub fn is_contractual(self) -> bool {
        match self {
            Self::Negotiation | Self::Complaint | Self::Support => true,
            Self::Presentation | Self::Consultation | Self::Feedback | Self::Survey | Self::FollowUp | Self::Other => {
                false
            }
        }
    }
}

stored_as_text!(Channel, Direction, Purpose, Outcome);
