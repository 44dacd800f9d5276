//! The fields of past orders that a column can fill, and the heads by which they are guessed.

use crate::{custom::CustomResource, imports::fields::Fields};

/// All of them.
pub const FIELDS: Fields = Fields { all: ALL, guesses: GUESSES, own: &[("", CustomResource::Orders)] };

/// The id that the rows of one order have in common.
pub const ORDER: &str = "external_id";

const ALL: &[&str] = &[
    ORDER,
    "number",
    "client.external_id",
    "client.tax_id",
    "client.name",
    "ordered_on",
    "fulfilled_on",
    "requested_delivery_on",
    "status",
    "currency",
    "comment",
    "line.sku",
    "line.external_id",
    "line.quantity",
    "line.unit_price",
    "line.discount_percent",
    "line.discount_fraction",
    "line.tax_rate",
];

const GUESSES: &[(&str, &[&str])] = &[
    (
        ORDER,
        &["order", "order id", "order number", "order no", "id", "external id", "заказ", "номер заказа", "код заказа"],
    ),
    ("number", &["number", "номер"]),
    ("client.external_id", &["client id", "customer id", "account id", "код клиента", "код контрагента"]),
    ("client.tax_id", &["tax id", "tax number", "inn", "инн", "инн клиента"]),
    (
        "client.name",
        &[
            "client",
            "customer",
            "company",
            "company name",
            "customer name",
            "клиент",
            "компания",
            "контрагент",
            "покупатель",
        ],
    ),
    ("ordered_on", &["date", "order date", "ordered", "дата", "дата заказа"]),
    ("fulfilled_on", &["shipped date", "ship date", "delivered", "delivery date", "дата отгрузки", "дата выполнения"]),
    ("requested_delivery_on", &["required date", "requested date", "желаемая дата", "срок поставки"]),
    ("status", &["status", "статус"]),
    ("currency", &["currency", "валюта"]),
    ("comment", &["comment", "note", "notes", "комментарий", "примечание"]),
    ("line.sku", &["sku", "article", "item number", "артикул"]),
    ("line.external_id", &["product id", "item id", "код товара", "код номенклатуры"]),
    ("line.quantity", &["quantity", "qty", "количество", "кол во"]),
    ("line.unit_price", &["price", "unit price", "цена", "цена за единицу"]),
    ("line.discount_percent", &["discount", "discount percent", "скидка", "скидка процент"]),
    ("line.discount_fraction", &["discount fraction", "доля скидки"]),
    ("line.tax_rate", &["tax", "tax rate", "vat", "ндс", "ставка ндс"]),
];
