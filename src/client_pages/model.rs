//! What can be shown with a client.

use serde::Deserialize;
use strum::{EnumString, VariantNames};
use utoipa::IntoParams;

use crate::{clients::ClientInclude, db::Cost, list::Words};

/// How to answer one client.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ClientParams {
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: ClientPageIncludes,
    /// Only these fields; the others are absent then. One parameter each, or all in one, separated by commas.
    #[param(inline, value_type = Option<Vec<String>>, max_items = 100)]
    pub fields: Option<String>,
}

/// What to put into the page of a client.
pub type ClientPageIncludes = Words<ClientPageInclude>;

/// What can be put into the page of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ClientPageInclude {
    /// Who works with the client.
    Owner,
    /// The contact to turn to first.
    PrimaryContact,
    /// The first 50 contacts.
    Contacts,
    /// Who else works with the client.
    AccountTeam,
    /// The next 20 planned interactions.
    OpenInteractions,
    /// The last 20 interactions that are not planned any more.
    LastInteractions,
    /// The 20 contracts that changed last.
    Contracts,
    /// The 20 orders that changed last.
    Orders,
    /// How many there are of each, and what the orders come to.
    Totals,
    /// How much of what the organisation expects is known.
    Completeness,
}

impl ClientPageIncludes {
    /// What of it a list of clients can show as well.
    pub fn of_lists(&self) -> Words<ClientInclude> {
        let both = [
            (ClientPageInclude::Owner, ClientInclude::Owner),
            (ClientPageInclude::PrimaryContact, ClientInclude::PrimaryContact),
        ];
        both.into_iter().filter(|(asked, _)| self.has(*asked)).map(|(_, include)| include).collect()
    }

    /// What the page costs the database.
    pub fn cost(&self) -> Cost {
        if self.has(ClientPageInclude::Totals) { Cost::Large } else { Cost::Small }
    }
}
