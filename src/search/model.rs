//! What a search through everything takes and answers.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{clients::ClientId, list::search::Words};

/// What to search for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// Every word must occur, in any form of it; when nothing has them all, one wrong letter in each word of five letters or more is
    /// forgiven.
    /// Without words, nothing is found.
    #[param(inline, example = "futterkiste")]
    pub q: Option<Words>,
}

/// What was found, best matches first, at most ten of each kind. A kind that the caller may not read is `null`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"clients": [{"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "path": "/v1/clients/01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f",
    "title": "Romashka", "detail": "OOO Romashka", "client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f"}],
    "contacts": [], "products": [], "contracts": [], "orders": [], "interactions": null}))]
pub struct SearchResults {
    /// Clients, also by their contacts.
    #[schema(max_items = 10)]
    pub clients: Option<Vec<Hit>>,
    /// Contacts.
    #[schema(max_items = 10)]
    pub contacts: Option<Vec<Hit>>,
    /// Products.
    #[schema(max_items = 10)]
    pub products: Option<Vec<Hit>>,
    /// Contracts.
    #[schema(max_items = 10)]
    pub contracts: Option<Vec<Hit>>,
    /// Orders.
    #[schema(max_items = 10)]
    pub orders: Option<Vec<Hit>>,
    /// Interactions.
    #[schema(max_items = 10)]
    pub interactions: Option<Vec<Hit>>,
}

/// Something that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchHit)]
pub struct Hit {
    /// Its identifier.
    pub id: Uuid,
    /// Where it is read.
    pub path: String,
    /// Its name, number or subject.
    pub title: String,
    /// What tells it from others of the same title.
    pub detail: Option<String>,
    /// The client that it belongs to.
    pub client_id: Option<ClientId>,
}
