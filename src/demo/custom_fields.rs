//! The fields that the demonstration company has added.

use serde_json::json;

use crate::{
    access::Scope,
    change::Tx,
    custom_fields,
    error::{Error, Result},
    http::Parts,
};

/// Defines the fields.
///
/// # Errors
/// When the database fails.
pub async fn load(tx: &mut Tx<'_>) -> Result<()> {
    for (start, terms) in [
        (
            json!({"resource": "clients", "name": "delivery_days", "kind": "choices", "is_indexed": true}),
            json!({"label_en": "Delivery days", "label_ru": "Дни поставки", "position": 10, "is_personal": false, "choices": [
                {"value": "mon", "label_en": "Monday", "label_ru": "Понедельник"},
                {"value": "thu", "label_en": "Thursday", "label_ru": "Четверг"}]}),
        ),
        (
            json!({"resource": "products", "name": "shelf_life_days", "kind": "number", "is_indexed": true}),
            json!({"label_en": "Shelf life, days", "label_ru": "Срок годности, дней", "position": 10, "is_personal": false,
                "minimum": "1", "maximum": "3650"}),
        ),
    ] {
        let start = serde_json::from_value(start).map_err(Error::internal)?;
        let terms = serde_json::from_value(terms).map_err(Error::internal)?;
        custom_fields::insert(tx, &Scope::system(), Parts(start, terms)).await?;
    }
    Ok(())
}
