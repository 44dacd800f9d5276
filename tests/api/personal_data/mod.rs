//! Personal data: taking it out, and erasing it. trust 1.15, S15, S16.

mod erasure;
mod export;
mod gone;
mod places;

use liaison::access::Role;
use serde_json::{Value, json};

use crate::harness::{TestApp, TestUser};

/// What stands in every personal field of a person, in the spellings in which the database may have it.
const CANARIES: [&str; 9] = [
    "canary",
    "canari",
    "канарейк",
    "kanareik",
    "500100732259",
    "304500116000157",
    "9161112233",
    "9164445566",
    "370400440532013000",
];

fn path(resource: &Value) -> &str {
    resource["path"].as_str().unwrap()
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap()
}

/// Defines a field of `resource`, unless that was done before. Whether the user may.
async fn define(user: &TestUser, resource: &str, name: &str, is_confidential: bool) -> bool {
    let body = json!({"resource": resource, "name": name, "kind": "text", "label_en": "Own", "label_ru": "Своё",
        "is_confidential": is_confidential});
    user.post("/v1/custom-fields", body).await.status != 403
}

/// A client who is a person, with something in every personal field.
async fn person(user: &TestUser) -> Value {
    assert!(define(user, "clients", "own", false).await && define(user, "clients", "secret", true).await);
    let body = json!({"kind": "person", "name": "Zoe Canary", "legal_name": "Sole trader Канарейкина", "tax_id": "500100732259",
        "registration_number": "304500116000157", "source": "canary fair", "email": "zoe@canary.example", "phone": "+79161112233",
        "foreign_ids": [{"country": "KZ", "kind": "tax", "number": "CANARY600400"}],
        "bank_accounts": [{"bank": "Bank of Canary", "bic": "DEUTDEFF", "account": "DE89370400440532013000"}],
        "other_emails": [{"label": "canary home", "address": "home@canary.example"}],
        "other_phones": [{"label": "canary mobile", "number": "+79164445566"}],
        "messengers": [{"kind": "telegram", "handle": "@zoe_canary"}],
        "address": {"street": "Canary Wharf 1", "city": "Canaryville", "region": "Canary", "postal_code": "CANARY", "country": "RU"},
        "website": "https://canary.example/", "tags": ["canary"], "external_ids": [{"source": "erp", "id": "canary-7"}],
        "custom_fields": {"own": "Canary owns"}, "confidential_custom_fields": {"secret": "Canary hides"},
        "confidential_note": "Canary owes", "credit_limit": "1000.50", "industry": "Zoo"});
    user.post("/v1/clients", body).await.created()
}

/// A person at a client, with something in every personal field.
async fn contact(user: &TestUser, client: &Value) -> Value {
    let own = define(user, "contacts", "own", false).await;
    let mut body = json!({"client_id": client["id"], "name": "Mia Canary", "job_title": "Head of canaries", "is_primary": true,
        "email": "mia@canary.example", "phone": "+79161112233", "decision_role": "user",
        "other_emails": [{"label": "canary home", "address": "mia.home@canary.example"}],
        "other_phones": [{"label": "canary mobile", "number": "+79164445566"}],
        "messengers": [{"kind": "telegram", "handle": "@mia_canary"}],
        "consents": [{"channel": "any", "purpose": "canary news", "given_at": "2026-11-20T09:30:00Z", "source": "Канарейка"}],
        "external_ids": [{"source": "erp", "id": "canary-8"}]});
    if own {
        body["custom_fields"] = json!({"own": "Canary owns"});
    }
    user.post("/v1/contacts", body).await.created()
}

async fn interaction(user: &TestUser, client: &Value, more: Value) -> Value {
    let own = define(user, "interactions", "own", false).await;
    let mut body = json!({"client_id": client["id"], "channel": "phone", "purpose": "support", "subject": "Canary food",
        "summary": "The канарейка eats well"});
    if own && more.get("subject").is_none() {
        body["custom_fields"] = json!({"own": "Canary owns"});
    }
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user.post("/v1/interactions", body).await.created()
}

/// A contract that nothing is under way with any more.
async fn contract(user: &TestUser, client: &Value, signatory: &str) -> Value {
    let own = define(user, "contracts", "own", false).await;
    let mut body = json!({"client_id": client["id"], "title": "Canary contract", "amount": "70000.00", "currency": "RUB",
        "payment_terms": "Canary pays late", "starts_on": "2026-12-01",
        "signatories": [{"name": signatory, "position": "Head of canaries", "side": "client"},
            {"name": "Ivan Sidorov", "position": "Director", "side": "ours"}]});
    if own {
        body["custom_fields"] = json!({"own": "Canary owns"});
    }
    user.post("/v1/contracts", body).await.created()
}

/// An order that was cancelled for a reason.
async fn order(sue: &TestUser, client: &Value) -> Value {
    assert!(define(sue, "orders", "own", false).await);
    let product = json!({"sku": "C-1", "name": "Cage", "kind": "good", "unit": "pc", "base_price": "100.00", "currency": "RUB",
        "tax_rate": "20.00"});
    let product = sue.post("/v1/products", product).await.created();
    let body = json!({"client_id": client["id"], "currency": "RUB", "comment": "For the canary", "custom_fields": {"own": "Canary owns"},
        "lines": [{"product_id": product["id"], "quantity": "2"}]});
    let order = sue.post("/v1/orders", body).await.created();
    let cancelled = sue.transition("cancel", &order, json!({"reason": "The canary died"})).await.ok();
    with_path(cancelled, &order)
}

fn with_path(mut changed: Value, before: &Value) -> Value {
    changed["path"] = before["path"].clone();
    changed
}

/// Every value of every table as text, and the canaries in it.
async fn canaries_in(app: &TestApp) -> Vec<String> {
    let tables =
        "SELECT relname::text AS value FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";
    let mut found = Vec::new();
    for table in app.text(tables).await {
        for row in app.text(&format!("SELECT lower(whole::text) AS value FROM {table} AS whole")).await {
            let canary = CANARIES.iter().find(|canary| row.contains(**canary));
            found.extend(canary.map(|canary| format!("{table}: {canary} in {row}")));
        }
    }
    found
}

/// A service account with every right that one can have.
async fn program(app: &TestApp) -> TestUser {
    app.service_account(Role::Supervisor, &crate::calls::every_scope()).await
}
