//! The organisation as a caller sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::Organization;
use crate::{
    access::{Actor, Update},
    http::View,
};

/// The organisation, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Organization, example = json!({"version": 2, "created_at": "2026-11-24T09:30:00Z",
    "updated_at": "2026-11-24T09:30:00Z", "name": "Romashka", "legal_name": "OOO Romashka", "tax_id": "7707083893",
    "kpp": "773601001", "registration_number": "1027700132195",
    "address": {"street": "Vavilova 19", "city": "Moscow", "region": null, "postal_code": "117312", "country": "RU"},
    "bank_account": {"bank": "Sberbank", "bic": "044525225", "account": "40702810938000000001",
        "correspondent_account": "30101810400000000225"},
    "signatory": {"name": "Anna Petrova", "position": "General director", "basis": "Charter"},
    "currency": "RUB", "timezone": "Europe/Moscow", "phone_region": "RU", "language": "ru", "rounding": "half_up", "rounded_per": "line",
    "prices_include_tax": false, "fiscal_year_begins": 1,
    "expected_of_organizations": ["tax_id", "phone", "email", "address"], "expected_of_persons": ["phone", "email"],
    "actions": ["update"]}))]
pub struct OrganizationView {
    #[serde(flatten)]
    organization: Organization,
    /// What the caller may do with the organisation now.
    actions: Vec<&'static str>,
}

impl OrganizationView {
    /// `organization` as `actor` sees it.
    pub fn of(organization: Organization, actor: &Actor) -> Self {
        let may_update = actor.may::<Organization, Update>(&organization);
        Self { organization, actions: if may_update { vec!["update"] } else { Vec::new() } }
    }
}

impl View for OrganizationView {
    type Row = Organization;

    fn row(&self) -> &Organization {
        &self.organization
    }
}
