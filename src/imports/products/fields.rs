//! The fields of products that a column can fill, and the heads by which they are guessed.

use crate::{custom::CustomResource, imports::fields::Fields};

/// All of them.
pub const FIELDS: Fields = Fields { all: ALL, guesses: GUESSES, own: &[("", CustomResource::Products)] };

const ALL: &[&str] = &[
    "sku",
    "name",
    "kind",
    "category",
    "supplier",
    "unit",
    "base_price",
    "currency",
    "tax_rate",
    "min_price",
    "strengths",
    "weaknesses",
    "is_active",
    "is_discontinued",
    "external_id",
];

const GUESSES: &[(&str, &[&str])] = &[
    ("sku", &["sku", "article", "item number", "part number", "артикул", "арт"]),
    (
        "name",
        &[
            "name",
            "product",
            "product name",
            "item",
            "title",
            "название",
            "наименование",
            "товар",
            "номенклатура",
            "услуга",
        ],
    ),
    ("kind", &["kind", "type", "тип", "вид"]),
    ("category", &["category", "group", "категория", "группа", "раздел"]),
    ("supplier", &["supplier", "vendor", "manufacturer", "поставщик", "производитель"]),
    ("unit", &["unit", "unit of measure", "uom", "quantity per unit", "единица", "единица измерения", "ед изм", "ед"]),
    ("base_price", &["price", "unit price", "base price", "list price", "цена", "цена за единицу"]),
    ("currency", &["currency", "валюта"]),
    ("tax_rate", &["tax", "tax rate", "vat", "vat rate", "ндс", "ставка ндс"]),
    ("min_price", &["min price", "minimum price", "минимальная цена"]),
    ("strengths", &["strengths", "advantages", "преимущества"]),
    ("weaknesses", &["weaknesses", "недостатки"]),
    ("is_active", &["active", "on sale", "в продаже"]),
    ("is_discontinued", &["discontinued", "снят с продажи"]),
    ("external_id", &["id", "product id", "external id", "код", "внешний код"]),
];
