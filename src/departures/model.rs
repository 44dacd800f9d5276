//! What callers send to mark a client lost.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{lost_reasons::LostReasonId, values::Text};

/// Why a client is lost.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClientLoss, example = json!({"lost_reason_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "reason": "They found it cheaper"}))]
pub struct Loss {
    /// The reason from the list, one that is in use.
    pub lost_reason_id: LostReasonId,
    /// What else is to be said; kept in the history.
    pub reason: Option<Text<1000>>,
}
