//! A saved view as a caller sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::SavedView;
use crate::{
    access::{Actor, Delete, Update},
    http::View,
};

/// A saved view, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SavedView, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z",
    "owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31",
    "name": "Buyers without a contract", "conditions": [{"ordered": {"product_ids": [], "from": "2026-01-01", "to": null}},
    {"not": {"active_contract": true}}], "sort": "-last_interaction_at", "fields": ["name", "owner", "phone"],
    "is_shared": true, "actions": ["update", "delete"]}))]
pub struct SavedViewView {
    #[serde(flatten)]
    view: SavedView,
    /// What the caller may do with the view now.
    actions: Vec<&'static str>,
}

impl SavedViewView {
    /// `view` as `actor` sees it.
    pub fn of(view: SavedView, actor: &Actor) -> Self {
        let offered =
            [("update", actor.may::<SavedView, Update>(&view)), ("delete", actor.may::<SavedView, Delete>(&view))];
        let actions = offered.into_iter().filter(|(_, may)| *may).map(|(name, _)| name).collect();
        Self { view, actions }
    }
}

impl View for SavedViewView {
    type Row = SavedView;

    fn row(&self) -> &SavedView {
        &self.view
    }
}
