//! A reason for losing clients as a caller sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::LostReason;
use crate::{
    access::{Actor, Update},
    http::View,
};

/// A reason for losing clients, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LostReason, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z", "name": "Price", "position": 10,
    "is_active": true, "actions": ["update"]}))]
pub struct LostReasonView {
    #[serde(flatten)]
    reason: LostReason,
    /// What the caller may do with the reason now.
    actions: Vec<&'static str>,
}

impl LostReasonView {
    /// `reason` as `actor` sees it.
    pub fn of(reason: LostReason, actor: &Actor) -> Self {
        let may_update = actor.may::<LostReason, Update>(&reason);
        Self { reason, actions: if may_update { vec!["update"] } else { Vec::new() } }
    }
}

impl View for LostReasonView {
    type Row = LostReason;

    fn row(&self) -> &LostReason {
        &self.reason
    }
}
