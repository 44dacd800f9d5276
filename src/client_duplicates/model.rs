//! What a pair of clients that may be one is.

use diesel::prelude::{Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::UserId,
    clients::{ClientDuplicateId, ClientId, ClientRef},
    db::{schema::client_duplicates, stored_as_text},
    http::View,
    values::{Entity, Instant, Line, Resource},
};

/// Two clients that may be one.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = client_duplicates)]
#[schema(as = ClientDuplicateFields)]
pub struct ClientDuplicate {
    /// Identifier.
    pub id: ClientDuplicateId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the pair was found.
    pub created_at: Instant,
    /// When the pair was last changed.
    pub updated_at: Instant,
    /// The client that was entered first.
    pub client_id: ClientId,
    /// The client that was entered later.
    pub other_id: ClientId,
    /// How likely both are one, 1 to 100.
    #[schema(minimum = 1, maximum = 100)]
    pub score: i16,
    /// Business: What both have in common: `tax_id`, `phone`, `email`, `name`, `similar_name`, `domain`, and beside one of these
    /// `city` and `contact`, a person at both.
    #[schema(max_items = 8)]
    pub reasons: Vec<String>,
    /// Whether somebody has decided.
    pub status: PairStatus,
    /// Personal: Why the second one was entered all the same.
    pub allowed_because: Option<Line>,
    /// Who decided.
    pub settled_by: Option<UserId>,
    /// When it was decided.
    pub settled_at: Option<Instant>,
}

/// Whether somebody has decided on a pair.
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
#[schema(as = ClientDuplicateStatus)]
pub enum PairStatus {
    /// Nobody has decided yet.
    Open,
    /// They are two clients.
    Distinct,
}
stored_as_text!(PairStatus);

/// A pair, its clients, and what the caller may do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientDuplicate, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e61", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z",
    "client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "other_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "score": 85,
    "reasons": ["phone"], "status": "open", "allowed_because": "A branch with the same switchboard.", "settled_by": null, "settled_at": null,
    "clients": [{"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "name": "Romashka", "status": "active", "is_key": false},
    {"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "name": "Romashka North", "status": "lead", "is_key": false}],
    "actions": ["settle"]}))]
pub struct ClientDuplicateView {
    #[serde(flatten)]
    pub(super) pair: ClientDuplicate,
    /// Both clients.
    #[schema(max_items = 2)]
    pub(super) clients: Vec<ClientRef>,
    /// What the caller may do with the pair now.
    pub(super) actions: Vec<&'static str>,
}

impl View for ClientDuplicateView {
    type Row = ClientDuplicate;

    fn row(&self) -> &ClientDuplicate {
        &self.pair
    }
}

/// Which pairs to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ClientDuplicateFilter {
    /// Only pairs with one of these clients.
    #[param(inline)]
    pub client_id: Vec<ClientId>,
    /// Only pairs that were decided or not; the open ones when left out.
    #[param(inline)]
    pub status: Vec<PairStatus>,
}

impl Resource for ClientDuplicate {
    const NAME: &'static str = "client_duplicates";
}

impl Entity for ClientDuplicate {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/client-duplicates/{}", self.id)
    }
}
