//! A custom field as a caller sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::CustomField;
use crate::{
    access::{Actor, Update},
    http::View,
};

/// A custom field, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomField, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z", "resource": "clients", "name": "ward", "kind": "choice",
    "is_confidential": false, "is_unique": false, "is_indexed": true, "is_searchable": false, "label_en": "Ward", "label_ru": "Отделение",
    "help_en": null, "help_ru": null, "choices": [{"value": "surgery", "label_en": "Surgery", "label_ru": "Хирургия", "is_active": true}],
    "is_required": false, "required_for_kinds": ["organization"], "required_in_statuses": [], "default_value": null, "minimum": null,
    "maximum": null, "max_length": null, "is_personal": false, "position": 10, "is_active": true, "actions": ["update"]}))]
pub struct CustomFieldView {
    #[serde(flatten)]
    field: CustomField,
    /// What the caller may do with the field now.
    actions: Vec<&'static str>,
}

impl CustomFieldView {
    /// `field` as `actor` sees it.
    pub fn of(field: CustomField, actor: &Actor) -> Self {
        let may_update = actor.may::<CustomField, Update>(&field);
        Self { field, actions: if may_update { vec!["update"] } else { Vec::new() } }
    }
}

impl View for CustomFieldView {
    type Row = CustomField;

    fn row(&self) -> &CustomField {
        &self.field
    }
}
