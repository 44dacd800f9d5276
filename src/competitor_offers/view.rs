//! An offer of a competitor as a caller sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::CompetitorOffer;
use crate::{
    access::{Actor, Update},
    http::View,
};

/// An offer of a competitor, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompetitorOffer, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z", "product_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30",
    "competitor_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "name": "Green tea, 100 bags", "price": "21.50", "currency": "USD",
    "seen_on": "2026-11-20", "source": "Their price list", "better_at": "A sealed tin", "worse_at": null, "is_active": true, "actions": ["update"]}))]
pub struct CompetitorOfferView {
    #[serde(flatten)]
    offer: CompetitorOffer,
    /// What the caller may do with the offer now.
    actions: Vec<&'static str>,
}

impl CompetitorOfferView {
    /// `offer` as `actor` sees it.
    pub fn of(offer: CompetitorOffer, actor: &Actor) -> Self {
        let may_update = actor.may::<CompetitorOffer, Update>(&offer);
        Self { offer, actions: if may_update { vec!["update"] } else { Vec::new() } }
    }
}

impl View for CompetitorOfferView {
    type Row = CompetitorOffer;

    fn row(&self) -> &CompetitorOffer {
        &self.offer
    }
}
