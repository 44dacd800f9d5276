//! An exchange rate as a caller sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::ExchangeRate;
use crate::{
    access::{Actor, Update},
    http::View,
};

/// An exchange rate, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExchangeRate, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z", "to_currency": "RUB", "currency": "USD",
    "rate": "92.50", "starts_on": "2026-11-24", "actions": ["update"]}))]
pub struct ExchangeRateView {
    #[serde(flatten)]
    rate: ExchangeRate,
    /// What the caller may do with the rate now.
    actions: Vec<&'static str>,
}

impl ExchangeRateView {
    /// `rate` as `actor` sees it.
    pub fn of(rate: ExchangeRate, actor: &Actor) -> Self {
        let may_update = actor.may::<ExchangeRate, Update>(&rate);
        Self { rate, actions: if may_update { vec!["update"] } else { Vec::new() } }
    }
}

impl View for ExchangeRateView {
    type Row = ExchangeRate;

    fn row(&self) -> &ExchangeRate {
        &self.rate
    }
}
