//! Which clients are listed, and how they are answered.

use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};

use super::{
    conditions::{Condition, SavedViewId},
    model::{ClientId, Kind},
    status::ClientStatus,
};
use crate::{
    access::{TeamId, UserId},
    error::{Error, Result},
    list::{CustomFilter, CustomSort, Sort, Words, search},
    lost_reasons::LostReasonId,
    values::{CountryCode, Email, Instant, Phone, TaxId, Text, bounds},
};

/// Which clients to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ClientFilter {
    /// Only the clients with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<ClientId>,
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
    /// Only clients in one of these branches of business.
    #[param(inline)]
    pub industry: Vec<Text<100>>,
    /// Only clients that came from one of these sources.
    #[param(inline)]
    pub source: Vec<Text<100>>,
    /// Only clients with their address in one of these towns.
    #[param(inline)]
    pub city: Vec<Text<100>>,
    /// Only clients with their address in one of these countries.
    #[param(inline)]
    pub country: Vec<CountryCode>,
    /// Only clients with this telephone number, in any spelling, as their first or a further one.
    #[param(inline)]
    pub phone: Option<Phone>,
    /// Only clients with this e-mail address, as their first or a further one.
    #[param(inline)]
    pub email: Option<Email>,
    /// Only clients that belong to one of these, such as the companies of a holding.
    #[param(inline)]
    pub parent_id: Vec<ClientId>,
    /// Only clients that this other system knows.
    #[param(inline)]
    pub external_source: Option<Text<50>>,
    /// Only clients with this id in another system.
    #[param(inline)]
    pub external_id: Option<Text<100>>,
    /// Only clients that were lost for one of these reasons.
    #[param(inline)]
    pub lost_reason_id: Vec<LostReasonId>,
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
    /// Only clients verified at or after this moment.
    #[param(inline)]
    pub last_verified_at_from: Option<Instant>,
    /// Only clients last verified before this moment.
    #[param(inline)]
    pub last_verified_at_to: Option<Instant>,
    /// Only clients with a planned interaction, or only those without.
    pub has_next_interaction: Option<bool>,
    /// Only clients whose next interaction is due at or after this moment.
    #[param(inline)]
    pub next_interaction_at_from: Option<Instant>,
    /// Only clients whose next interaction is due before this moment.
    #[param(inline)]
    pub next_interaction_at_to: Option<Instant>,
    /// Only clients whose last interaction took place at or after this moment.
    #[param(inline)]
    pub last_interaction_at_from: Option<Instant>,
    /// Only clients whose last interaction took place before this moment.
    #[param(inline)]
    pub last_interaction_at_to: Option<Instant>,
    /// Only clients with whom there was no interaction ever, or none since this moment: those who are being forgotten.
    #[param(inline)]
    pub no_contact_since: Option<Instant>,
    /// Only clients that meet the conditions of this saved view.
    #[param(inline)]
    pub view_id: Option<SavedViewId>,
    /// Every word must occur in the names, the numbers, an address, a telephone number in any spelling, a messenger, the city,
    /// a tag or a contact, in any form of the word. When nothing has them all, one wrong letter in each word of five
    /// letters or more is forgiven; for who sees all clients, a word that more than a thousand of them have goes before others. Best
    /// matches first, a thousand at most and those called just so in any case, unless `sort` says otherwise.
    #[param(inline)]
    pub q: Option<search::Words>,
    /// Only clients whose custom fields have such values, at most ten conditions: `beds=120`, and of numbers, amounts and days also
    /// `beds>=100` and `beds<200`. The fields must be indexed.
    #[param(inline)]
    pub custom_field: Vec<CustomFilter>,
    /// The order of a custom field in place of `sort`: its name, with `-` before it for largest first. It must be indexed; clients
    /// without a value are left out.
    #[param(inline)]
    pub custom_sort: Option<CustomSort>,
    /// The order; `-updated_at` when left out. Clients never contacted or never verified come before all others in
    /// `last_interaction_at` and `last_verified_at`, and those without a planned interaction after all others in
    /// `next_interaction_at`.
    #[param(inline)]
    pub sort: Option<ClientSorting>,
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: ClientIncludes,
}

/// Conditions by which to search clients.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"conditions": [{"field": {"name": "city", "op": "in", "value": ["Berlin", "London"]}},
    {"or": [{"ordered": {"from": "1998-01-01"}}, {"active_contract": true}]},
    {"not": {"field": {"name": "status", "op": "eq", "value": "lost"}}}]}))]
pub struct ClientSearch {
    /// What the clients meet, all of it. At most eight levels deep and 100 conditions in all.
    #[serde(deserialize_with = "bounds::at_most::<100, _, _, _>")]
    #[schema(max_items = 100)]
    pub conditions: Vec<Condition>,
}

impl ClientSearch {
    /// Checks the conditions as a whole.
    ///
    /// # Errors
    /// 422 when they stand too deep within each other, or are too many.
    pub fn check(&self) -> Result<()> {
        Condition::breach(&self.conditions, "/conditions").map_or(Ok(()), |breach| Err(Error::fields(vec![breach])))
    }
}

/// The order of a list of clients.
pub type ClientSorting = Sort<ClientSort>;

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
    /// When something last passed between the company and the client; those with whom nothing ever did come first.
    LastInteractionAt,
    /// When the next interaction is due; those without one come last.
    NextInteractionAt,
    /// When the data was last verified; those never verified come first.
    LastVerifiedAt,
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
