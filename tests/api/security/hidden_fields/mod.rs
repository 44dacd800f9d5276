//! Fields that need a right of their own, according to the document. A caller without it cannot read, write, filter by,
//! sort by or search by them, and no answer to that caller depends on them.

mod reading;
mod writing;

use std::collections::BTreeSet;

use liaison::{
    access::permission::PERMISSIONS,
    clients::Client,
    products::Product,
    values::{Resource, members_of},
};
use serde_json::{Value, json};

use crate::{
    calls::{Operation, Target, World, call, operations},
    harness::{Answer, TestApp, TestUser, document},
};

/// A property with `x-visible-with`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hidden {
    schema: &'static str,
    field: &'static str,
    permission: &'static str,
}

fn hidden() -> Vec<Hidden> {
    let mut found = Vec::new();
    for (schema, about) in document()["components"]["schemas"].as_object().unwrap() {
        for (field, property) in about["properties"].as_object().into_iter().flatten() {
            if let Some(permission) = property["x-visible-with"].as_str() {
                found.push(Hidden { schema, field, permission });
            }
        }
    }
    found
}

/// The resources with hidden fields, and those fields.
fn resources() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let hidden = hidden();
    let permissions: BTreeSet<&str> = hidden.iter().map(|hidden| hidden.permission).collect();
    let of = |permission: &'static str| {
        let fields: BTreeSet<&str> =
            hidden.iter().filter(|hidden| hidden.permission == permission).map(|hidden| hidden.field).collect();
        (permission.split(':').next().unwrap(), permission, fields.into_iter().collect())
    };
    permissions.into_iter().map(of).collect()
}

#[test]
fn the_document_marks_every_confidential_property() {
    let marked: BTreeSet<(&str, &str)> = hidden().iter().map(|hidden| (hidden.schema, hidden.field)).collect();
    let mut described = BTreeSet::new();
    for (schema, about) in document()["components"]["schemas"].as_object().unwrap() {
        for (field, property) in about["properties"].as_object().into_iter().flatten() {
            if property["description"].as_str().is_some_and(|text| text.starts_with("Confidential:")) {
                described.insert((schema.as_str(), field.as_str()));
            }
        }
    }
    assert_eq!(marked, described);
    for hidden in hidden() {
        assert!(PERMISSIONS.iter().any(|(known, _)| *known == hidden.permission), "{hidden:?}");
    }
    let in_code = [
        (Client::NAME, members_of::<Client>().confidential()),
        (Product::NAME, members_of::<Product>().confidential()),
    ];
    for (resource, _, fields) in resources() {
        let (_, known) = in_code.iter().find(|(name, _)| *name == resource).unwrap();
        assert_eq!(BTreeSet::from_iter(fields), known.iter().copied().collect(), "{resource}");
    }
}

/// Values that occur nowhere else. A field gets the first one that it accepts.
const SECRETS: [&str; 3] = ["Quokka sees it", "7319.42", "37.91"];
const OTHERS: [&str; 3] = ["Wombat sees it", "6408.35", "26.46"];

/// An object with hidden fields, and users who may see the object but not these fields.
struct Seen<'w> {
    operation: &'static str,
    resource: &'static str,
    object: Value,
    viewers: Vec<(&'static str, &'w TestUser)>,
}

/// Two of each resource with secrets in all hidden fields. They are written through the API, so that they leave all
/// their traces.
async fn secrets(world: &World) -> Vec<Seen<'_>> {
    let mut made = Vec::new();
    for (operation, target) in
        [("get_client", Target::Ordinary), ("get_client", Target::Key), ("get_product", Target::Ordinary)]
    {
        let resource = if operation == "get_client" { "clients" } else { "products" };
        for values in [SECRETS, OTHERS] {
            let mut object = call(world, operation, target).await.object;
            if resource == "products" {
                // The lowest price is never above the usual one.
                let path = object["path"].as_str().unwrap();
                object = world.sam.patch(path, &object, json!({"base_price": "9000.00"})).await.ok();
            }
            for (_, _, fields) in resources().into_iter().filter(|(name, ..)| *name == resource) {
                for field in fields {
                    object = fill(world, &object, field, &values).await;
                }
            }
            let viewers = match (resource, target) {
                ("products", _) => vec![("a manager", &world.ann), ("a key-account manager", &world.leo)],
                (_, Target::Ordinary) => vec![("the owner", &world.ann)],
                (_, Target::Key) => vec![("a key-account manager of the team", &world.kai)],
            };
            let viewers = [viewers, vec![("a supervisor without the right", &world.sue)]].concat();
            made.push(Seen { operation, resource, object, viewers });
        }
    }
    made
}

/// Takes the right to see hidden fields from supervisors.
async fn withdraw(world: &World) {
    for (_, permission, _) in resources() {
        grant(&world.app, "supervisor", permission, "none").await;
    }
}

async fn fill(world: &World, object: &Value, field: &str, values: &[&str]) -> Value {
    let path = object["path"].as_str().unwrap();
    for value in values {
        let answer = world.sam.patch(path, object, json!({field: written(field, &json!(value))})).await;
        if answer.status == 200 {
            return answer.ok();
        }
    }
    panic!("{field} takes none of {values:?}");
}

async fn grant(app: &TestApp, role: &str, permission: &str, reach: &str) {
    let sql = format!(
        "UPDATE role_policies SET grants = grants || '{{\"{permission}\": \"{reach}\"}}' WHERE role = '{role}' \
         RETURNING role AS value"
    );
    assert_eq!(app.text(&sql).await, [role]);
    app.parts().callers.forget();
}

async fn world() -> World {
    let world = World::over(TestApp::start().await).await;
    for resource in ["clients", "products"] {
        let body = json!({"resource": resource, "name": "own", "kind": "text", "label_en": "Own", "label_ru": "Своё",
            "is_confidential": true});
        world.sam.post("/v1/custom-fields", body).await.created();
    }
    world
}

/// `value` as `field` has it.
fn written(field: &str, value: &Value) -> Value {
    match field {
        "confidential_custom_fields" if !value.is_null() => json!({"own": value}),
        _ => value.clone(),
    }
}

/// The words that the document lists for a parameter, such as `sort` or `include`.
fn words(operation: &Operation, parameter: &str) -> Vec<String> {
    let found = operation.parameters().find(|about| about["name"] == parameter);
    let schema = found.map_or(Value::Null, |about| about["schema"].clone());
    let listed = [&schema["enum"], &schema["items"]["enum"]].into_iter().filter_map(Value::as_array).flatten();
    listed.filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

/// Asserts that `answer` neither has nor names a hidden field, and contains no secret.
#[track_caller]
fn tells_nothing(answer: &Answer, what: &str) {
    let text = String::from_utf8_lossy(&answer.body);
    for secret in SECRETS.iter().chain(&OTHERS) {
        // A time may contain the digits of a short secret in its seconds.
        let looked_for = if secret.len() > 5 { (*secret).to_owned() } else { format!("\"{secret}\"") };
        assert!(!text.contains(&looked_for), "{what} tells {secret}: {text}");
    }
    if answer.status < 400 && !text.is_empty() {
        let names: BTreeSet<&str> = hidden().iter().map(|hidden| hidden.field).collect();
        names_nothing(&answer.json(), &names, what);
    }
}

#[track_caller]
fn names_nothing(value: &Value, names: &BTreeSet<&str>, what: &str) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| names_nothing(item, names, what)),
        Value::Object(members) => {
            for (name, member) in members {
                assert!(!names.contains(name.as_str()), "{what} has {name}: {value}");
                names_nothing(member, names, what);
            }
        }
        Value::String(text) => assert!(!names.contains(text.as_str()), "{what} names {text}"),
        _ => {}
    }
}

/// ASVS 8.2.3; trust 1.9
#[actix_web::test]
async fn nobody_filters_sorts_or_searches_by_what_is_hidden() {
    let world = world().await;
    for (operation, target) in [("get_client", Target::Ordinary), ("get_product", Target::Ordinary)] {
        let mut object = call(&world, operation, target).await.object;
        let resource = if operation == "get_client" { "clients" } else { "products" };
        if resource == "products" {
            let path = object["path"].as_str().unwrap();
            object = world.sam.patch(path, &object, json!({"base_price": "9000.00"})).await.ok();
        }
        for (_, _, fields) in resources().into_iter().filter(|(name, ..)| *name == resource) {
            for field in fields {
                object = fill(&world, &object, field, &SECRETS).await;
            }
        }
    }
    for (resource, _, fields) in resources() {
        let path = format!("/v1/{resource}");
        let list = operations().into_iter().find(|operation| operation.path == path && operation.is_safe()).unwrap();
        for field in fields {
            assert!(!list.parameters().any(|about| about["name"].as_str().unwrap().starts_with(field)), "{field}");
            assert!(!words(&list, "sort").iter().any(|word| word.contains(field)), "{field}");
            // This applies even to users who may see the fields: a list sorted or filtered by them would have to be
            // hidden from the others, too.
            for who in [&world.ann, &world.kim, &world.sue] {
                for query in [
                    format!("sort={field}"),
                    format!("sort=-{field}"),
                    format!("{field}=1"),
                    format!("{field}_from=1"),
                    format!("include={field}"),
                ] {
                    who.get(&format!("{path}?{query}")).await.problem(400, "invalid_parameter");
                }
            }
        }
        for search in ["Quokka", "7319.42", "37.91"] {
            let page = world.sue.get(&format!("{path}?q={search}&total=true")).await.ok();
            assert_eq!((&page["data"], &page["total"]), (&json!([]), &json!(0)), "{resource} found by {search}");
        }
    }
}
