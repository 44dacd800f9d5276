//! What a merge is, and what callers send for one.

use std::collections::BTreeMap;

use diesel::prelude::{Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::UserId,
    clients::{ClientId, ClientView},
    db::{Jsonb, schema::client_merges},
    http::View,
    values::{Entity, Id, Instant, Line, Name, Resource, Text, bounds},
};

/// The identifier of a merge.
pub type ClientMergeId = Id<ClientMerge>;

/// A merge of two clients.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = client_merges, treat_none_as_default_value = false)]
#[schema(as = ClientMergeFields)]
pub struct ClientMerge {
    /// Identifier.
    pub id: ClientMergeId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the clients were merged.
    pub created_at: Instant,
    /// When the merge was last changed.
    pub updated_at: Instant,
    /// The client that has everything now.
    pub survivor_id: ClientId,
    /// The client that was given up.
    pub merged_id: ClientId,
    /// Personal: What the client that was given up was called.
    pub merged_name: Name,
    /// Who merged them.
    pub merged_by: Option<UserId>,
    /// Personal: Why.
    pub reason: Option<Line>,
    /// The ids of what moved, by kind.
    #[serde(skip)]
    pub moved: Jsonb<Moved>,
    /// Personal: The rows of the client that was given up.
    #[serde(skip)]
    pub kept: Jsonb<Value>,
    /// Personal: The fields of the survivor that changed, with their former and their new values.
    #[serde(skip)]
    pub changed: Jsonb<BTreeMap<String, Changed>>,
    /// When the merge was undone.
    pub undone_at: Option<Instant>,
    /// Who undid it.
    pub undone_by: Option<UserId>,
}

/// The ids of what moved, by kind.
pub type Moved = BTreeMap<String, Vec<Uuid>>;

/// A field before and after a merge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// The value before.
    pub from: Value,
    /// The value after.
    pub to: Value,
}

/// Two clients to be merged.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"survivor_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "merged_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30",
    "take": ["phone"], "reason": "Entered twice"}))]
pub struct NewClientMerge {
    /// The client that gets everything.
    pub survivor_id: ClientId,
    /// The client that is given up. Its id answers 410 from then on, with `merged_into`.
    pub merged_id: ClientId,
    /// The fields that the survivor takes from the other one though it has them itself, at most 50. A field that it lacks is
    /// filled, and of lists it has the items of both.
    #[serde(default, deserialize_with = "bounds::at_most::<50, _, _, _>")]
    #[schema(max_items = 50)]
    pub take: Vec<Text<50>>,
    /// Why.
    pub reason: Option<Line>,
}

/// What a merge would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientMergePreview, example = json!({"survivor": {"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 3, "custom_fields": {}, "created_at": "2026-11-20T09:30:00Z",
    "updated_at": "2026-11-24T09:30:00Z", "kind": "organization", "name": "Romashka", "legal_name": null, "tax_id": "7707083893",
    "kpp": null, "registration_number": null, "foreign_ids": [], "bank_accounts": [], "parent_id": null, "industry": "Retail",
    "status": "active", "source": null, "email": null, "other_emails": [], "phone": "+74951234567", "other_phones": [],
    "formatted_phones": {"+74951234567": "+7 495 123-45-67"}, "messengers": [], "address": null, "website": null, "employees": 120,
    "language": "ru", "timezone": "Europe/Moscow", "owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30",
    "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "is_key": false, "tags": ["wholesale"], "external_ids": [{"source": "erp", "id": "4711"}], "last_verified_at": null, "last_interaction_at": "2026-11-23T14:00:00Z", "next_interaction_at": null,
    "archived_from": null, "lost_reason_id": null, "lost_at": null, "actions": ["update", "verify"]},
    "differences": [{"field": "phone", "survivor": "+74951234567", "merged": "+74957654321", "result": "+74951234567"}],
    "moved": {"contacts": 2, "contracts": 0, "orders": 3, "interactions": 7, "access_requests": 0, "children": 0}}))]
pub struct Preview {
    /// The client as it would be.
    pub survivor: ClientView,
    /// The fields in which both differ, with the values of both and the one that the survivor would have.
    #[schema(max_items = 50)]
    pub differences: Vec<Difference>,
    /// How many of each kind would move.
    pub moved: MovedCounts,
}

/// A field in which two clients differ.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientMergeDifference)]
pub struct Difference {
    /// The name of the field.
    pub field: String,
    /// The value of the survivor.
    pub survivor: Value,
    /// The value of the client that would be given up.
    pub merged: Value,
    /// The value that the survivor would have.
    pub result: Value,
}

/// How many of each kind a merge moves.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
#[schema(as = ClientMergeMoved)]
pub struct MovedCounts {
    /// The contacts.
    #[schema(minimum = 0)]
    pub contacts: i64,
    /// The contracts.
    #[schema(minimum = 0)]
    pub contracts: i64,
    /// The orders.
    #[schema(minimum = 0)]
    pub orders: i64,
    /// The interactions.
    #[schema(minimum = 0)]
    pub interactions: i64,
    /// The requests for access.
    #[schema(minimum = 0)]
    pub access_requests: i64,
    /// The clients that belong to it.
    #[schema(minimum = 0)]
    pub children: i64,
}

impl MovedCounts {
    /// How many ids there are of each kind.
    pub fn of(moved: &Moved) -> Self {
        let count = |kind: &str| moved.get(kind).map_or(0, |ids| i64::try_from(ids.len()).unwrap_or(i64::MAX));
        Self {
            contacts: count("contacts"),
            contracts: count("contracts"),
            orders: count("orders"),
            interactions: count("interactions"),
            access_requests: count("access_requests"),
            children: count("children"),
        }
    }
}

/// A merge, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientMerge, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e61", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z",
    "survivor_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "merged_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30",
    "merged_name": "Romashka LLC", "merged_by": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "reason": "Entered twice",
    "undone_at": null, "undone_by": null, "moved": {"contacts": 2, "contracts": 0, "orders": 3, "interactions": 7,
    "access_requests": 0, "children": 0}, "actions": ["undo"]}))]
pub struct ClientMergeView {
    #[serde(flatten)]
    pub(super) merge: ClientMerge,
    /// How many of each kind moved.
    pub(super) moved: MovedCounts,
    /// What the caller may do with the merge now.
    pub(super) actions: Vec<&'static str>,
}

impl View for ClientMergeView {
    type Row = ClientMerge;

    fn row(&self) -> &ClientMerge {
        &self.merge
    }
}

/// Which merges to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ClientMergeFilter {
    /// Only merges into one of these clients.
    #[param(inline)]
    pub survivor_id: Vec<ClientId>,
    /// Only merges in which one of these clients was given up.
    #[param(inline)]
    pub merged_id: Vec<ClientId>,
    /// Only merges that were undone, or only the others.
    pub is_undone: Option<bool>,
}

impl Resource for ClientMerge {
    const NAME: &'static str = "client_merges";
}

impl Entity for ClientMerge {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn client(&self) -> Option<Uuid> {
        Some(self.survivor_id.uuid())
    }

    fn path(&self) -> String {
        format!("/v1/client-merges/{}", self.id)
    }
}
