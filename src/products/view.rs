//! A product as a caller sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::Product;
use crate::{
    access::{Actor, Update},
    http::{Shown, View},
};

/// A product, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Product, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 2, "custom_fields": {},
    "created_at": "2026-11-20T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z", "sku": "TEA-018", "name": "Chai", "kind": "good",
    "category": "Beverages", "supplier": "Exotic Liquids", "unit": "10 boxes x 30 bags", "base_price": "18.00", "currency": "USD",
    "tax_rate": "20.00", "strengths": "Brews in a minute", "weaknesses": "Dearer than the competitors'", "external_ids": [{"source": "erp", "id": "4711"}], "is_divisible": false, "is_active": true,
    "actions": []}))]
pub struct ProductView {
    #[serde(flatten)]
    #[schema(value_type = Product)]
    product: Shown<Product>,
    /// What the caller may do with the product now.
    actions: Vec<&'static str>,
}

impl ProductView {
    /// `product` as `actor` sees it.
    pub fn of(product: Product, actor: &Actor) -> Self {
        let may_update = actor.may::<Product, Update>(&product);
        Self { product: Shown::to(actor, product), actions: if may_update { vec!["update"] } else { Vec::new() } }
    }
}

impl View for ProductView {
    type Row = Product;

    fn row(&self) -> &Product {
        &self.product
    }
}
