//! How forms are drawn from the description of a resource.

use serde_json::{Value, json};

use super::{define, world};

#[actix_web::test]
async fn a_schema_tells_what_forms_need() {
    let world = world().await;
    define(
        &world,
        "ward",
        "choice",
        json!({"choices": [{"value": "a", "label_en": "A", "label_ru": "А"}], "position": 2,
        "is_required": true, "help_ru": "Где лежит"}),
    )
    .await;
    define(&world, "rating", "number", json!({"is_confidential": true, "maximum": "10", "position": 1})).await;
    let schema = world.sue.get("/v1/schema/clients").await.ok();
    let field = |schema: &Value, name: &str| {
        schema["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).cloned().unwrap_or_default()
    };
    let own: Vec<Value> =
        schema["fields"].as_array().unwrap().iter().filter(|field| field["is_custom"] == true).cloned().collect();
    assert_eq!(own.iter().map(|field| &field["name"]).collect::<Vec<_>>(), ["rating", "ward"]);
    assert_eq!(
        (&own[1]["kind"], &own[1]["is_required"], &own[1]["may_create"]),
        (&json!("choice"), &json!(true), &json!(true))
    );
    assert_eq!(own[0]["maximum"], "10");
    let status = field(&schema, "status");
    assert_eq!(
        (&status["kind"], &status["may_create"], &status["may_update"]),
        (&json!("choice"), &json!(false), &json!(false))
    );
    assert_eq!(
        status["choices"][0],
        json!({"value": "lead", "label_en": "Lead", "label_ru": "Лид", "is_active": true})
    );
    let kind = field(&schema, "kind");
    assert_eq!(
        (&kind["is_required"], &kind["may_create"], &kind["may_update"]),
        (&json!(true), &json!(true), &json!(false))
    );
    let address = field(&schema, "address");
    assert_eq!((&address["kind"], &address["label_ru"]), (&json!("object"), &json!("Адрес")));
    assert!(address["members"].as_array().unwrap().iter().any(|member| member["name"] == "city"));
    let credit = field(&schema, "credit_limit");
    assert_eq!(
        (&credit["kind"], &credit["is_confidential"], &credit["may_update"]),
        (&json!("number"), &json!(true), &json!(true))
    );
    let seen = world.ann.get("/v1/schema/clients").await.ok();
    assert_eq!((field(&seen, "credit_limit"), field(&seen, "rating")), (Value::Null, Value::Null));
    let products = world.ann.get("/v1/schema/products").await.ok();
    assert_eq!(field(&products, "name")["may_create"], false);
    world.ann.get("/v1/schema/teams").await.problem(404, "not_found");
}

#[actix_web::test]
async fn every_field_and_every_word_has_a_label_in_both_languages() {
    fn unlabelled(field: &Value, missing: &mut Vec<String>) {
        let choices = field["choices"].as_array().into_iter().flatten();
        for labelled in std::iter::once(field).chain(choices) {
            if labelled["label_en"] == "" || labelled["label_ru"] == "" {
                missing.push(format!("{} {}", field["name"], labelled["value"]));
            }
        }
        field["members"].as_array().into_iter().flatten().for_each(|member| unlabelled(member, missing));
    }
    let world = world().await;
    let mut missing = Vec::new();
    for resource in ["clients", "contacts", "interactions", "products", "contracts", "orders"] {
        let schema = world.sue.get(&format!("/v1/schema/{resource}")).await.ok();
        schema["fields"].as_array().unwrap().iter().for_each(|field| unlabelled(field, &mut missing));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
