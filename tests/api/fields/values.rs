//! Two valid values for each field, and the fields that must be written with it.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::Field;
use crate::{
    calls::{World, unique, unique_word},
    harness::resolve,
};

/// The first or second value of a field, with all its members. A reference points to something of `client`.
pub async fn value(world: &World, field: &Field, client: &Value, nth: usize) -> Value {
    // The organisation rounds in one of two ways.
    if field.name == "rounding" {
        return json!(["half_up", "half_even"][nth]);
    }
    // A currency has one rate from a day on.
    if field.operation.path.starts_with("/v1/exchange-rates") && field.name == "starts_on" {
        let number = next_number();
        return json!(format!("{}-{:02}-{:02}", 2000 + number / 336, number / 28 % 12 + 1, number % 28 + 1));
    }
    if (field.operation.id, field.name) == ("create_custom_field", "name") {
        return json!(unique_word("field"));
    }
    // Persons have no number of a company.
    if field.name == "kind" && field.operation.id == "create_client" {
        return json!("organization");
    }
    if ["custom_fields", "confidential_custom_fields"].contains(&field.name) {
        return custom(world, field, nth).await;
    }
    let named = plain(field.name).filter(|_| essential(field.schema)["enum"].is_null());
    let value = match (named, of_schema(field.schema)) {
        (Some([first, second]), _) | (None, Some([first, second])) => [first, second][nth].clone(),
        (None, None) => reference(world, field, client, nth).await,
    };
    assert_whole(field, field.schema, &value, field.name);
    value
}

/// A value of a field that is defined for it.
async fn custom(world: &World, field: &Field, nth: usize) -> Value {
    let resource = field.operation.path.split('/').nth(2).unwrap();
    let name = unique_word("own");
    let definition = json!({"resource": resource, "name": name, "kind": "text", "label_en": "Own", "label_ru": "Своё",
        "is_confidential": field.name == "confidential_custom_fields"});
    world.sue.post("/v1/custom-fields", definition).await.created();
    let value = ["First", "Second"][nth];
    json!({name: value})
}

/// The values of fields that the name alone determines.
fn plain(name: &str) -> Option<[Value; 2]> {
    Some(match name {
        "category" | "comment" | "confidential_note" | "description" | "external_source" | "industry" | "job_title"
        | "legal_name" | "name" | "number" | "payment_terms" | "reason" | "sku" | "source" | "strengths"
        | "subject" | "summary" | "supplier" | "title" | "unit" | "weaknesses" | "better_at" | "worse_at" => {
            [unique("First"), unique("Second")]
        }
        "amount" | "base_price" | "credit_limit" => [json!("1000.50"), json!("250.00")],
        "min_price" => [json!("15.50"), json!("12.00")],
        "columns" => [json!(["id", "updated_at"]), json!(["created_at"])],
        "filter" => {
            [json!({"updated_at_from": "2026-11-20T09:00:00Z"}), json!({"updated_at_to": "2026-12-20T09:00:00Z"})]
        }
        "mapping" => [json!(["name", "phone"]), json!(["legal_name", null])],
        "price" => [json!("20.00"), json!("30.50")],
        "effective_on" => [json!("2026-12-15"), json!("2027-01-01")],
        "rate" => [json!("92.50"), json!("11.0432")],
        "seen_on" | "signed_on" => [json!("2026-11-20"), json!("2026-11-21")],
        "margin_percent" => [json!("-3.50"), json!("23.40")],
        "tax_rate" => [json!("10.00"), json!("7.50")],
        "currency" => [json!("USD"), json!("EUR")],
        "email" => [address(), address()],
        "phone" => [phone(), phone()],
        "registration_number" => [json!("1027700132195"), json!("304500116000157")],
        "kpp" => [json!("773601001"), json!("7736AB001")],
        "phone_region" => [json!("RU"), json!("US")],
        "tax_id" => [tax_id(), tax_id()],
        "website" => [website(), website()],
        "language" => [json!("ru"), json!("en-GB")],
        "timezone" => [json!("Europe/Moscow"), json!("Asia/Omsk")],
        "conditions" => [
            json!([{"field": {"name": "is_key", "op": "eq", "value": true}}]),
            json!([{"not": {"active_contract": true}}, {"ordered": {"product_ids": [], "from": "2026-01-01", "to": null}}]),
        ],
        "fields" => [json!(["name"]), json!(["owner_id", "phone"])],
        "sort" => [json!("name"), json!("-updated_at")],
        "tags" => [json!(["retail"]), json!(["export", "wholesale"])],
        "scopes" => [json!(["clients:read"]), json!(["contacts:read", "products:read"])],
        "allowed_networks" => [json!(["192.0.2.0/24"]), json!(["198.51.100.0/24", "2001:db8::/32"])],
        "starts_on" => [json!("2026-12-05"), json!("2027-01-01")],
        "ends_on" => [json!("2027-12-31"), json!("2028-06-30")],
        "requested_delivery_on" => [json!("2026-12-10"), json!("2026-12-11")],
        "ordered_on" => [json!("2026-07-02"), json!("2026-07-03")],
        "fulfilled_on" => [json!("2026-07-16"), json!("2026-07-17")],
        "occurred_at" => [json!("2026-11-20T09:00:00Z"), json!("2026-11-21T10:15:00Z")],
        "scheduled_at" => [json!("2026-12-01T10:00:00Z"), json!("2026-12-02T11:15:00Z")],
        "expires_at" => [json!("2026-12-24T09:30:00Z"), json!("2027-01-10T12:00:00Z")],
        "address" | "bank_account" | "bank_accounts" | "consents" | "external_ids" | "foreign_ids" | "messengers"
        | "other_emails" | "other_phones" | "signatories" | "signatory" => return nested(name),
        _ => return of_definition(name),
    })
}

/// The values of what defines a field, or says which fields are expected.
fn of_definition(name: &str) -> Option<[Value; 2]> {
    Some(match name {
        "label_en" | "label_ru" | "help_en" | "help_ru" | "default_value" => [unique("First"), unique("Second")],
        "choices" => [
            json!([{"value": "a", "label_en": "A", "label_ru": "А", "is_active": true}]),
            json!([{"value": "b", "label_en": "B", "label_ru": "Б", "is_active": false}]),
        ],
        "expected_of_organizations" | "expected_of_persons" => [json!(["phone"]), json!(["tax_id", "timezone"])],
        "required_for_kinds" => [json!(["person"]), json!(["organization", "person"])],
        "required_in_statuses" => [json!(["active"]), json!(["lead", "lost"])],
        "minimum" | "maximum" => [json!("-3.5000"), json!("120.0000")],
        _ => return None,
    })
}

fn nested(name: &str) -> Option<[Value; 2]> {
    Some(match name {
        "address" => [
            json!({"city": "Moscow", "country": "RU", "postal_code": "101000", "region": "Moscow", "street": "Tverskaya 1"}),
            json!({"city": "Leipzig", "country": "DE", "postal_code": "04109", "region": "Saxony", "street": "Markt 2"}),
        ],
        "bank_account" => [
            json!({"bank": "First", "bic": "DEUTDEFF", "account": "DE89370400440532013000", "correspondent_account": "12345"}),
            json!({"bank": "Second", "bic": "BARCGB22", "account": "GB29NWBK60161331926819", "correspondent_account": "54321"}),
        ],
        "bank_accounts" => nested("bank_account")?.map(|account| json!([account])),
        "external_ids" => [
            json!([{"source": "erp", "id": unique("First")}]),
            json!([{"source": "erp", "id": unique("Second")}, {"source": "web", "id": unique("Third")}]),
        ],
        "foreign_ids" => [
            json!([{"country": "KZ", "kind": "tax", "number": "600400123456"}]),
            json!([{"country": "DE", "kind": "vat", "number": "DE811569869"}, {"country": "DE", "kind": "register", "number": "HRB 1"}]),
        ],
        "other_emails" => [
            json!([{"label": "Invoices", "address": address()}]),
            json!([{"label": "Press", "address": address()}, {"label": "Jobs", "address": address()}]),
        ],
        "other_phones" => [
            json!([{"label": "Reception", "number": phone()}]),
            json!([{"label": "Night", "number": phone()}, {"label": "Fax", "number": phone()}]),
        ],
        "signatory" => [
            json!({"name": "Anna Petrova", "position": "General director", "basis": "Charter"}),
            json!({"name": "Ivan Sidorov", "position": "Sales director", "basis": "Power of attorney 7"}),
        ],
        "messengers" => [
            json!([{"kind": "telegram", "handle": "@first"}]),
            json!([{"kind": "vk", "handle": "second"}, {"kind": "signal", "handle": "+79161234567"}]),
        ],
        "consents" => [
            json!([{"channel": "email", "purpose": "marketing", "given_at": "2026-10-01T09:00:00Z", "source": "A form",
                "withdrawn_at": "2026-11-01T09:00:00Z"}]),
            json!([{"channel": "phone", "purpose": "surveys", "given_at": "2026-10-02T10:00:00Z", "source": "A call",
                "withdrawn_at": "2026-11-02T10:00:00Z"}]),
        ],
        "signatories" => [
            json!([{"name": "Anna Petrova", "position": "Sales director", "side": "ours"}]),
            json!([{"name": "Ivan Sidorov", "position": "General director", "side": "client"}]),
        ],
        _ => return None,
    })
}

/// A number that no other value has: what identifies a client is entered once.
fn next_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn word() -> String {
    unique("new").as_str().unwrap().replace(' ', "")
}

fn address() -> Value {
    json!(format!("office@{}.example", word()))
}

fn website() -> Value {
    json!(format!("https://{}.example/shop", word()))
}

fn phone() -> Value {
    json!(format!("+7495{}", 2_000_000 + next_number()))
}

/// A taxpayer number of an organisation, with its check digit.
fn tax_id() -> Value {
    let digits = format!("77{:07}", next_number());
    let weighted =
        digits.bytes().zip([2, 4, 10, 3, 5, 9, 4, 6, 8]).map(|(digit, weight)| u32::from(digit - b'0') * weight);
    json!(format!("{digits}{}", weighted.sum::<u32>() % 11 % 10))
}

/// The values that follow from the schema: choices, booleans and whole numbers.
fn of_schema(schema: &'static Value) -> Option<[Value; 2]> {
    let schema = essential(schema);
    if let Some(choices) = schema["enum"].as_array() {
        return Some([choices.first()?.clone(), choices.last()?.clone()]);
    }
    let is_of = |kind: &str| {
        schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!(kind)))
    };
    match () {
        () if is_of("boolean") => Some([json!(true), json!(false)]),
        () if is_of("integer") => Some([schema["maximum"].clone(), json!(schema["minimum"].as_i64()? + 1)]),
        () => None,
    }
}

/// The schema of a value that is not null, if null is allowed, too.
fn essential(schema: &'static Value) -> &'static Value {
    let schema = resolve(schema);
    let mut alternatives = schema["oneOf"].as_array().into_iter().flatten();
    alternatives.find(|alternative| alternative["type"] != "null").map_or(schema, resolve)
}

/// A reference to another object, or a value that contains one.
async fn reference(world: &World, field: &Field, client: &Value, nth: usize) -> Value {
    let row = match field.name {
        "owner_id" | "default_owner_id" => return json!([world.kim.id, world.kai.id][nth]),
        "author_id" => return json!([world.ann.id, world.kim.id][nth]),
        "deputy_id" => return json!([world.bob.id, world.ann.id][nth]),
        "user_id" => return json!([world.kai.id, world.kim.id][nth]),
        "team_id" => return json!([world.ann.team_id, world.mia.team_id][nth]),
        "next" => return next(world, client, nth).await,
        "lines" => return lines(world, nth).await,
        "client_id" | "parent_id" | "survivor_id" | "merged_id" => world.client(crate::calls::Target::Key).await,
        "competitor_id" => world.sam.post("/v1/competitors", json!({"name": unique("Competitor")})).await.created(),
        "product_id" => return product(world, &json!("RUB")).await,
        "contact_id" => contact(world, client).await,
        "contract_id" => contract(world, client).await,
        "order_id" => {
            world.sam.post("/v1/orders", json!({"client_id": client, "lines": lines(world, nth).await})).await.created()
        }
        "department_id" => {
            let body = json!({"kind": "department", "name": unique("Department")});
            world.sam.post("/v1/departments", body).await.created()
        }
        "department_ids" => {
            let body = json!({"kind": "department", "name": unique("Department")});
            return json!([world.sam.post("/v1/departments", body).await.created()["id"]]);
        }
        name => panic!("no value for {} /{name}", field.operation.id),
    };
    row["id"].clone()
}

async fn contact(world: &World, client: &Value) -> Value {
    world.sam.post("/v1/contacts", json!({"client_id": client, "name": unique("Maria")})).await.created()
}

/// An active contract, which also covers the days of the tests' past orders.
async fn contract(world: &World, client: &Value) -> Value {
    let body = json!({"client_id": client, "title": "Supply", "amount": "1000000.00", "currency": "RUB",
        "starts_on": "2026-01-01"});
    let contract = world.sam.post("/v1/contracts", body).await.created();
    world.put_into("contracts", &contract, "active").await;
    contract
}

async fn product(world: &World, currency: &Value) -> Value {
    let body = json!({"sku": unique("SKU"), "name": unique("Product"), "kind": "good", "unit": "piece",
        "base_price": "18.00", "currency": currency, "tax_rate": "20.00", "is_divisible": true});
    world.sam.post("/v1/products", body).await.created()["id"].clone()
}

async fn lines(world: &World, nth: usize) -> Value {
    let product = product(world, &json!("RUB")).await;
    match nth {
        0 => {
            json!([{"product_id": product, "sku": null, "quantity": "3.500", "unit_price": "14.00", "discount_percent": "5.00",
            "tax_rate": "10.00", "tax_reason": "Books"}])
        }
        _ => {
            json!([{"product_id": product, "sku": null, "quantity": "7.000", "unit_price": "15.50", "discount_percent": "2.50",
            "tax_rate": "7.50", "tax_reason": "Abroad"}])
        }
    }
}

async fn next(world: &World, client: &Value, nth: usize) -> Value {
    let contact = contact(world, client).await["id"].clone();
    match nth {
        0 => {
            json!({"scheduled_at": "2026-12-01T10:00:00Z", "channel": "meeting", "purpose": "survey", "subject": "Prices",
            "contact_id": contact, "user_id": world.kai.id})
        }
        _ => {
            json!({"scheduled_at": "2026-12-02T11:00:00Z", "channel": "visit", "purpose": "support", "subject": "Terms",
            "contact_id": contact, "user_id": world.kim.id})
        }
    }
}

/// Checks that a value has all members of its schema: otherwise a member could be lost unnoticed.
fn assert_whole(field: &Field, schema: &'static Value, value: &Value, at: &str) {
    let schema = essential(schema);
    if schema["maxProperties"] == 1 {
        return;
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let member = value.get(name).unwrap_or_else(|| panic!("no value for {} /{at}/{name}", field.operation.id));
        assert_whole(field, schema, member, &format!("{at}/{name}"));
    }
    for item in value.as_array().into_iter().flatten() {
        assert_whole(field, &schema["items"], item, &format!("{at}/0"));
    }
}

/// The fields that must be written along with a value of the field.
pub async fn along(world: &World, field: &Field, value: &Value) -> Value {
    match (field.operation.id, field.name) {
        ("update_import", _) => json!({}),
        ("create_custom_field", "choices") => json!({"kind": "choice"}),
        ("create_custom_field", "minimum" | "maximum") => json!({"kind": "number"}),
        (_, "auto_renew") => json!({"ends_on": "2027-12-31"}),
        // A price has a currency.
        ("create_competitor_offer" | "update_competitor_offer", "price") if value.is_null() => {
            json!({"currency": null})
        }
        ("create_competitor_offer" | "update_competitor_offer", "price") => json!({"currency": "RUB"}),
        ("create_competitor_offer" | "update_competitor_offer", "currency") if value.is_null() => {
            json!({"price": null})
        }
        ("create_competitor_offer" | "update_competitor_offer", "currency") => json!({"price": "20.00"}),
        // The prepared body plans an interaction, which can have none of these fields.
        ("create_interaction", "next" | "occurred_at" | "outcome") => json!({"scheduled_at": null}),
        ("create_order" | "record_order", "currency") => {
            let product = product(world, value).await;
            json!({"lines": [{"product_id": product, "quantity": "2", "unit_price": "9.00", "tax_rate": "0"}]})
        }
        _ => json!({}),
    }
}

/// The object, brought into a state in which the field can be changed.
pub async fn object(world: &World, field: &Field, object: Value) -> Value {
    match (field.operation.id, field.name) {
        ("update_interaction", "occurred_at" | "outcome") => world.step(&object, "complete").await,
        ("update_me", _) => world.sue.get("/v1/me").await.ok(),
        _ => object,
    }
}
