//! A deputy as a caller sees it.

use diesel_async::AsyncPgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Deputy, DeputyStatus};
use crate::{
    access::{Actor, Update, load_locale},
    change::Tx,
    error::Result,
    http::View,
    values::{Day, Instant},
};

/// A deputy, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deputy, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e80", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z",
    "user_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31",
    "deputy_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e32", "starts_on": "2031-07-07", "ends_on": "2031-07-20",
    "ended_at": null, "status": "upcoming", "actions": ["end"]}))]
pub struct DeputyView {
    #[serde(flatten)]
    deputy: Deputy,
    /// Whether the deputy stands in for the colleague today.
    status: DeputyStatus,
    /// What the caller may do with it now.
    actions: Vec<&'static str>,
}

impl DeputyView {
    /// `deputy` as `actor` sees it on the organisation's day `today`.
    pub fn of(deputy: Deputy, actor: &Actor, today: Day) -> Self {
        let status = deputy.status(today);
        let may_end = status != DeputyStatus::Over && actor.may::<Deputy, Update>(&deputy);
        Self { deputy, status, actions: if may_end { vec!["end"] } else { Vec::new() } }
    }
}

impl View for DeputyView {
    type Row = Deputy;

    fn row(&self) -> &Deputy {
        &self.deputy
    }
}

/// The organisation's day at the moment `now`.
///
/// # Errors
/// When the database fails.
pub async fn today(db: &AsyncPgConnection, actor: &Actor, now: Instant) -> Result<Day> {
    let zone = match actor.zone_of_organization() {
        Some(zone) => zone,
        None => load_locale(db).await?.zone,
    };
    Ok(now.day_in(zone))
}

/// The deputy just named or ended, as the caller who did it sees it.
///
/// # Errors
/// When the database fails.
pub async fn changed(tx: &mut Tx<'_>, deputy: Deputy) -> Result<DeputyView> {
    let today = tx.contract_day().await?;
    Ok(DeputyView::of(deputy, tx.actor(), today))
}
