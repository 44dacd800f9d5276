//! Which interactions to list, and how.

use chrono_tz::Tz;
use serde::Deserialize;
use strum::{EnumString, VariantNames};
use utoipa::IntoParams;

use super::{
    due::Due,
    kinds::{Channel, Direction, Outcome, Purpose},
    model::InteractionId,
    status::InteractionStatus,
};
use crate::{
    access::UserId,
    clients::ClientId,
    contacts::ContactId,
    contracts::ContractId,
    list::{CustomFilter, CustomSort, Sort, Words, search},
    orders::OrderId,
    values::{Instant, Text, TimeZone},
};

/// Which interactions to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct InteractionFilter {
    /// Only the interactions with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<InteractionId>,
    /// Only interactions with one of these clients.
    #[param(inline)]
    pub client_id: Vec<ClientId>,
    /// Only interactions with one of these contacts.
    #[param(inline)]
    pub contact_id: Vec<ContactId>,
    /// Only interactions that one of these users does or did.
    #[param(inline)]
    pub user_id: Vec<UserId>,
    /// Only interactions with clients of one of these owners.
    #[param(inline)]
    pub owner_id: Vec<UserId>,
    /// Only interactions by one of these means.
    #[param(inline)]
    pub channel: Vec<Channel>,
    /// Only interactions from this side.
    #[param(inline)]
    pub direction: Option<Direction>,
    /// Only interactions for one of these purposes.
    #[param(inline)]
    pub purpose: Vec<Purpose>,
    /// Only interactions with one of these statuses.
    #[param(inline)]
    pub status: Vec<InteractionStatus>,
    /// Only interactions with one of these outcomes.
    #[param(inline)]
    pub outcome: Vec<Outcome>,
    /// Only interactions about one of these contracts.
    #[param(inline)]
    pub contract_id: Vec<ContractId>,
    /// Only interactions about one of these orders.
    #[param(inline)]
    pub order_id: Vec<OrderId>,
    /// Only interactions that take or took place at or after this moment.
    #[param(inline)]
    pub at_from: Option<Instant>,
    /// Only interactions that take or took place before this moment.
    #[param(inline)]
    pub at_to: Option<Instant>,
    /// Only interactions that this other system knows.
    #[param(inline)]
    pub external_source: Option<Text<50>>,
    /// Only interactions with this id in another system.
    #[param(inline)]
    pub external_id: Option<Text<100>>,
    /// Only interactions changed at or after this moment.
    #[param(inline)]
    pub updated_at_from: Option<Instant>,
    /// Only interactions changed before this moment.
    #[param(inline)]
    pub updated_at_to: Option<Instant>,
    /// Only planned interactions: `overdue` are those whose time has passed, `today` those of the current day,
    /// `upcoming` those after it.
    #[param(inline)]
    pub due: Option<Due>,
    /// The time zone of the current day for `due`; the caller's when left out.
    #[param(inline)]
    pub timezone: Option<TimeZone>,
    /// Every word must occur in the subject or the summary. Best matches first, a thousand at most, unless `sort` says
    /// otherwise.
    #[param(inline)]
    pub q: Option<search::Words>,
    /// Only interactions whose custom fields have such values, at most ten conditions: `beds=120`, and of numbers, amounts and days also
    /// `beds>=100` and `beds<200`. The fields must be indexed.
    #[param(inline)]
    pub custom_field: Vec<CustomFilter>,
    /// The order of a custom field in place of `sort`: its name, with `-` before it for largest first. It must be indexed; interactions
    /// without a value are left out.
    #[param(inline)]
    pub custom_sort: Option<CustomSort>,
    /// The order; `-at` when left out.
    #[param(inline)]
    pub sort: Option<InteractionSorting>,
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: InteractionIncludes,
}

impl InteractionFilter {
    /// The time zone that is asked for, or `own`.
    pub fn zone_or(&self, own: Tz) -> Tz {
        self.timezone.as_ref().and_then(|zone| zone.as_str().parse().ok()).unwrap_or(own)
    }
}

/// How to answer one interaction.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct InteractionParams {
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: InteractionIncludes,
    /// Only these fields; the others are absent then. One parameter each, or all in one, separated by commas.
    #[param(inline, value_type = Option<Vec<String>>, max_items = 100)]
    pub fields: Option<String>,
}

/// The order of a list of interactions.
pub type InteractionSorting = Sort<InteractionSort>;

/// What interactions can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum InteractionSort {
    /// When the interaction takes or took place.
    At,
    /// When the interaction was last changed.
    UpdatedAt,
}

/// What to put into an interaction.
pub type InteractionIncludes = Words<InteractionInclude>;

/// What can be put into an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum InteractionInclude {
    /// The client.
    Client,
    /// The person at the client.
    Contact,
    /// Who does or did it.
    User,
}
