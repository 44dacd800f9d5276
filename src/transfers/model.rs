//! What callers send to transfer a client.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    access::UserId,
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
