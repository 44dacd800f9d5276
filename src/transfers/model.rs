//! What callers send to transfer clients, and what they are answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    access::UserId,
    clients::ClientId,
    values::{Prose, Text},
};

/// Whom to give a client to, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "reason": "Anna is on leave",
    "note": "They expect a call on Monday. Olga decides."}))]
pub struct Transfer {
    /// The new owner, whose role must let them see their clients.
    pub owner_id: UserId,
    /// Why; kept in the client's history.
    pub reason: Text<1000>,
    /// Personal: What the new owner should know; kept with the owners at `/v1/clients/{id}/owners`.
    pub note: Option<Prose>,
}

/// Who gets what a blocked user has worked on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"receiver_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "reason": "Anna has left"}))]
pub struct Blocking {
    /// Who gets the user's clients that are not archived and their planned interactions. Needed when there are any.
    pub receiver_id: Option<UserId>,
    /// Personal: Why; kept in the history of the user and of each client.
    pub reason: Option<Text<1000>>,
}

/// Most clients that one request transfers.
pub const MOST: usize = 500;

/// Which clients of an owner to give to whom, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f",
    "receiver_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "client_ids": ["01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31"],
    "reason": "Anna works in another region now", "note": "They expect a call on Monday.",
    "skip_those_that_cannot_go": true}))]
pub struct ClientTransfer {
    /// Whose clients.
    pub owner_id: UserId,
    /// The new owner, whose role must let them see their clients.
    pub receiver_id: UserId,
    /// Only these clients, at most 500. When left out, the owner's clients that are not archived: the first 500 of them, in
    /// the order of their ids.
    #[schema(max_items = 500)]
    pub client_ids: Option<Vec<ClientId>>,
    /// Personal: Why; kept in the history of each client.
    pub reason: Text<1000>,
    /// Personal: What the new owner should know; kept with the owners of each client.
    pub note: Option<Prose>,
    /// Whether those that can go do so although others cannot.
    #[serde(default)]
    pub skip_those_that_cannot_go: bool,
}

/// What a transfer of many clients does.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"client_count": 41, "interaction_count": 17, "remaining_count": 0,
    "cannot_go": [{"client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "obstacle": "key_client"}]}))]
pub struct ClientTransferResult {
    /// How many clients go.
    #[schema(minimum = 0)]
    pub client_count: i64,
    /// How many planned interactions that the caller may see go along.
    #[schema(minimum = 0)]
    pub interaction_count: i64,
    /// How many clients of the owner were not looked at, since one request transfers at most 500.
    #[schema(minimum = 0)]
    pub remaining_count: i64,
    /// The clients that cannot go.
    #[schema(max_items = 500)]
    pub cannot_go: Vec<CannotGo>,
}

/// A client that cannot go.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CannotGo {
    /// The client.
    pub client_id: ClientId,
    /// Why it cannot.
    pub obstacle: Obstacle,
}

/// Why a client cannot be given to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// There is no such client within the caller's reach.
    NotFound,
    /// It belongs to another owner.
    OtherOwner,
    /// It is archived.
    Archived,
    /// The caller may see it, but not transfer it.
    Forbidden,
    /// The receiver is in another team, which the caller's right does not reach.
    ReceiverOutOfReach,
    /// The caller would take it for themselves, and the right does not reach everywhere.
    Taking,
    /// It is a key client, which the receiver's role may not own.
    KeyClient,
}
