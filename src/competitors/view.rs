//! A competitor as a caller sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::Competitor;
use crate::{
    access::{Actor, Update},
    http::View,
};

/// A competitor, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Competitor, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z", "name": "Tokyo Tea Traders",
    "website": "https://tea.example", "strengths": "Delivers within a day", "weaknesses": null, "is_active": true, "actions": ["update"]}))]
pub struct CompetitorView {
    #[serde(flatten)]
    competitor: Competitor,
    /// What the caller may do with the competitor now.
    actions: Vec<&'static str>,
}

impl CompetitorView {
    /// `competitor` as `actor` sees it.
    pub fn of(competitor: Competitor, actor: &Actor) -> Self {
        let may_update = actor.may::<Competitor, Update>(&competitor);
        Self { competitor, actions: if may_update { vec!["update"] } else { Vec::new() } }
    }
}

impl View for CompetitorView {
    type Row = Competitor;

    fn row(&self) -> &Competitor {
        &self.competitor
    }
}
