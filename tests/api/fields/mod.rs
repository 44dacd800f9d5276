//! Every writable field is stored: each one is written by itself, and read back from its resource.
//!
//! The values are valid ones from `values.rs`; a field without values there fails its test.

mod values;

use serde_json::{Value, json};

use crate::{
    calls::{Body, Call, Operation, Target, World, call, operations},
    harness::{TestApp, resolve},
};

/// The groups that are tested in parallel, by the tags of the document.
const GROUPS: [&[&str]; 5] = [
    &["clients", "contacts", "access requests", "personal data"],
    &["contracts", "interactions"],
    &["orders"],
    &[
        "products",
        "departments",
        "competitors",
        "exchange rates",
        "lost reasons",
        "custom fields",
        "organization",
        "teams",
        "saved views",
        "exports",
        "imports",
    ],
    &["auth", "users", "deputies", "service accounts"],
];

/// The fields that their resource does not show, each with the reason.
const NOT_SHOWN: [(&str, &str, &str); 12] = [
    ("amend_contract", "reason", "it stands in the history: see contracts/rules.rs"),
    ("update_order", "due_at", "a draft is due nowhere: see orders/under_way.rs"),
    ("update_custom_field", "choices", "a text has none: see custom_fields/mod.rs"),
    ("update_custom_field", "minimum", "a text has none: see custom_fields/mod.rs"),
    ("update_custom_field", "maximum", "a text has none: see custom_fields/mod.rs"),
    ("create_client_merge", "take", "it decides on the fields of the survivor: see clients/merges.rs"),
    ("create_client", "allow_duplicate", "it stands with the pair: see clients/duplicates.rs"),
    ("update_client", "allow_duplicate", "it stands with the pair: see clients/duplicates.rs"),
    ("rotate_api_key", "overlap_hours", "it ends the key that is replaced: see service_accounts/keys.rs"),
    ("create_access_request", "tax_id", "it says which client is meant: see access_requests.rs"),
    ("create_access_request", "phone", "it says which client is meant: see access_requests.rs"),
    ("create_access_request", "email", "it says which client is meant: see access_requests.rs"),
];

/// A field of the body of an operation that creates or changes a resource.
struct Field {
    operation: Operation,
    name: &'static str,
    schema: &'static Value,
}

impl Field {
    /// Every field of `operation` that its resource shows.
    fn of(operation: Operation) -> Vec<Self> {
        let body = resolve(&operation.about["requestBody"]["content"]["application/json"]["schema"]);
        let properties = body["properties"].as_object().unwrap_or_else(|| panic!("{}: no fields", operation.id));
        let all = properties.iter().map(|(name, schema)| Self { operation, name, schema });
        all.filter(|field| NOT_SHOWN.iter().all(|(id, name, _)| (*id, *name) != (operation.id, field.name))).collect()
    }

    fn is_nullable(&self) -> bool {
        let is_null = |kind: &Value| *kind == "null";
        let has_null = |kinds: &Value| kinds.as_array().is_some_and(|kinds| kinds.iter().any(is_null));
        let alternatives = self.schema["oneOf"].as_array().into_iter().flatten();
        has_null(&self.schema["type"]) || alternatives.map(|schema| &schema["type"]).any(is_null)
    }

    /// The member that shows the field when `value` is written, and its expected content.
    fn shown(&self, value: &Value) -> (&'static str, Value) {
        match (self.operation.id, self.name) {
            ("record_order", "fulfilled_on") => {
                ("fulfilled_at", json!(format!("{}T00:00:00Z", value.as_str().unwrap())))
            }
            _ => (self.name, value.clone()),
        }
    }

    /// A message if `resource` does not show the `value` that was written.
    fn lost(&self, resource: &Value, value: &Value) -> Option<String> {
        let (name, expected) = self.shown(value);
        let read = &resource[name];
        let text = || format!("{} /{}: {expected} is written, {read} is read", self.operation.id, self.name);
        (!contains(read, &expected)).then(text)
    }
}

/// Whether `expected` is in `actual`, which may have more members.
fn contains(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            expected.iter().all(|(name, value)| contains(actual.get(name).unwrap_or(&Value::Null), value))
        }
        (Value::Array(actual), Value::Array(expected)) => {
            actual.len() == expected.len() && actual.iter().zip(expected).all(|(actual, value)| contains(actual, value))
        }
        _ => actual == expected,
    }
}

fn creates(operation: &Operation) -> bool {
    let takes_json = operation.media_type() == Some("application/json");
    operation.method == "post" && operation.about["responses"].get("201").is_some() && takes_json
}

fn changes(operation: &Operation) -> bool {
    operation.method == "patch"
}

fn of_tags(tags: &[&str]) -> Vec<Operation> {
    let is_of = |operation: &Operation| tags.contains(&operation.about["tags"][0].as_str().unwrap());
    operations().into_iter().filter(is_of).filter(|operation| creates(operation) || changes(operation)).collect()
}

#[test]
fn the_groups_have_every_operation_once() {
    let all = operations().iter().filter(|operation| creates(operation) || changes(operation)).count();
    assert_eq!(GROUPS.iter().map(|tags| of_tags(tags).len()).sum::<usize>(), all);
    assert!(GROUPS.iter().all(|tags| !of_tags(tags).is_empty()));
}

#[test]
fn what_is_not_shown_is_a_field() {
    for (id, name, _reason) in NOT_SHOWN {
        let operation = operations().into_iter().find(|operation| operation.id == id).unwrap();
        let body = resolve(&operation.about["requestBody"]["content"]["application/json"]["schema"]);
        assert!(body["properties"].get(name).is_some(), "{id} /{name}");
    }
}

#[actix_web::test]
async fn fields_of_clients_and_contacts_are_kept() {
    try_group(0).await;
}

#[actix_web::test]
async fn fields_of_contracts_and_interactions_are_kept() {
    try_group(1).await;
}

#[actix_web::test]
async fn fields_of_orders_are_kept() {
    try_group(2).await;
}

#[actix_web::test]
async fn fields_of_what_is_shared_are_kept() {
    try_group(3).await;
}

#[actix_web::test]
async fn fields_of_users_and_accounts_are_kept() {
    try_group(4).await;
}

async fn try_group(group: usize) {
    let world = World::over(TestApp::start().await).await;
    let mut lost = Vec::new();
    for operation in of_tags(GROUPS[group]) {
        for field in Field::of(operation) {
            lost.extend(match operation.method {
                "post" => Box::pin(try_create(&world, &field)).await,
                _ => Box::pin(try_change(&world, &field)).await,
            });
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

async fn try_create(world: &World, field: &Field) -> Vec<String> {
    let operation = &field.operation;
    let mut lost = Vec::new();
    for nth in 0..2 {
        let call = call(world, operation.id, Target::Key).await;
        let Body::Json(mut body) = call.body.clone() else { panic!("{}: no body", operation.id) };
        let value = values::value(world, field, &client(&call), nth).await;
        merge(&mut body, &values::along(world, field, &value).await);
        body[field.name] = value.clone();
        let created = world.sue.send(call.head(operation, &world.sue).set_json(&body)).await.created();
        lost.extend(field.lost(&read(world, field, &created).await, &value));
    }
    lost
}

/// The resource that was just created, as it is read.
async fn read(world: &World, field: &Field, created: &Value) -> Value {
    if (field.operation.id, field.name) == ("create_interaction", "next") {
        // The next step is a resource of its own, which only this answer names.
        let id = created["next"]["id"].as_str().unwrap();
        return json!({"next": world.sue.get(&format!("/v1/interactions/{id}")).await.ok()});
    }
    world.sue.get(created["path"].as_str().unwrap()).await.ok()
}

async fn try_change(world: &World, field: &Field) -> Vec<String> {
    let call = call(world, field.operation.id, Target::Key).await;
    let path = call.path(&field.operation);
    let mut before = values::object(world, field, call.object.clone()).await;
    let mut lost = Vec::new();
    for value in in_turn(world, field, &client(&call)).await {
        let mut body = values::along(world, field, &value).await;
        body[field.name] = value.clone();
        if (field.operation.id, field.name, &value) == ("update_user", "role", &json!("supervisor")) {
            before = world.sam.transition("consent", &before, json!({})).await.ok();
        }
        let _ = world.sue.patch(&path, &before, body.clone()).await.ok();
        let after = world.sue.get(&path).await.ok();
        lost.extend(field.lost(&after, &value));
        let others = Field::of(field.operation).into_iter().filter(|other| body.get(other.name).is_none());
        lost.extend(others.filter_map(|other| other.lost(&after, &before[other.name])));
        before = after;
    }
    lost
}

/// The values that a change writes one after another: null, the first, each member by itself, the second.
async fn in_turn(world: &World, field: &Field, client: &Value) -> Vec<Value> {
    let first = values::value(world, field, client, 0).await;
    let second = values::value(world, field, client, 1).await;
    assert_ne!(first, second, "{} /{}", field.operation.id, field.name);
    let null = field.is_nullable().then_some(Value::Null);
    let members = second.as_object().into_iter().flatten().map(|(name, value)| json!({name: value}));
    let mut values: Vec<Value> = null.into_iter().chain([first]).chain(members).collect();
    values.push(second);
    values
}

/// The client that a call names or is about.
fn client(call: &Call) -> Value {
    match &call.body {
        Body::Json(body) if body["client_id"].is_string() => body["client_id"].clone(),
        _ => call.object["client_id"].clone(),
    }
}

fn merge(body: &mut Value, members: &Value) {
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
}
