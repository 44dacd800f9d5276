//! Which values custom fields take.

use serde_json::{Value, json};

use super::{client, create, define, path, refused, world};
use crate::calls::{Target, unique};

#[actix_web::test]
async fn values_are_those_of_their_kind() {
    let world = world().await;
    let choices = json!([{"value": "a", "label_en": "A", "label_ru": "А"},
        {"value": "old", "label_en": "Old", "label_ru": "Старое", "is_active": false}]);
    define(&world, "note", "text", json!({"max_length": 5})).await;
    define(&world, "beds", "number", json!({"minimum": "1", "maximum": "500"})).await;
    define(&world, "budget", "money", json!({"maximum": "1000"})).await;
    define(&world, "since", "date", json!({})).await;
    define(&world, "is_open", "boolean", json!({})).await;
    define(&world, "ward", "choice", json!({"choices": choices})).await;
    define(&world, "wards", "choices", json!({"choices": choices})).await;
    define(&world, "doctor", "user", json!({})).await;
    define(&world, "partner", "client", json!({})).await;
    let (own, others) = (create(&world.ann, json!({})).await, create(&world.mia, json!({})).await);
    let values = json!({"note": "night", "beds": "12.5", "budget": {"amount": "10.00", "currency": "RUB"}, "since": "2020-02-29",
        "is_open": false, "ward": "a", "wards": ["a"], "doctor": world.bob.id, "partner": own["id"]});
    let made = create(&world.ann, values.clone()).await;
    assert_eq!(made["custom_fields"], values);
    assert_eq!(world.ann.get(path(&made)).await.ok()["custom_fields"], values);
    for (name, wrong, code) in [
        ("note", json!("nights"), "too_long"),
        ("note", json!(true), "invalid_type"),
        ("beds", json!(12), "invalid_type"),
        ("beds", json!("0"), "too_small"),
        ("beds", json!("501"), "too_large"),
        ("beds", json!("1.23456"), "too_many_decimals"),
        ("beds", json!("1e3"), "invalid_decimal"),
        ("budget", json!("10.00"), "invalid_type"),
        ("budget", json!({"amount": "10.00", "currency": "XXX"}), "invalid_currency"),
        ("budget", json!({"amount": "2000.00", "currency": "RUB"}), "too_large"),
        ("since", json!("2021-02-29"), "invalid_date"),
        ("is_open", json!("false"), "invalid_type"),
        ("ward", json!("b"), "invalid_choice"),
        ("ward", json!("old"), "invalid_choice"),
        ("wards", json!([]), "too_short"),
        ("wards", json!(["a", "a"]), "invalid_value"),
        ("doctor", json!("ann"), "invalid_id"),
        ("doctor", own["id"].clone(), "unknown_reference"),
        ("partner", others["id"].clone(), "unknown_reference"),
        ("rooms", json!("1"), "unknown_field"),
    ] {
        refused(&world.ann, json!({name: wrong}), &format!("/custom_fields/{name}"), code).await;
    }
}

#[actix_web::test]
async fn a_patch_merges_values_and_clears_them() {
    let world = world().await;
    define(&world, "a", "text", json!({})).await;
    define(&world, "b", "text", json!({})).await;
    let made = create(&world.ann, json!({"a": "1", "b": "2"})).await;
    let changed = world.ann.patch(path(&made), &made, json!({"custom_fields": {"b": "3"}})).await.ok();
    assert_eq!(changed["custom_fields"], json!({"a": "1", "b": "3"}));
    let changed = world.ann.patch(path(&made), &changed, json!({"custom_fields": {"a": null}})).await.ok();
    assert_eq!((&changed["custom_fields"], &changed["version"]), (&json!({"b": "3"}), &json!(3)));
    world
        .ann
        .patch(path(&made), &changed, json!({"custom_fields": {"c": "1"}}))
        .await
        .field_error("/custom_fields/c", "unknown_field");
    let seen = world.app.audit(&made["id"]).await;
    assert_eq!(seen[1].1["custom_fields"], json!({"from": {"a": "1", "b": "2"}, "to": {"a": "1", "b": "3"}}));
}

#[actix_web::test]
async fn a_field_out_of_use_keeps_its_values_and_its_name() {
    let world = world().await;
    let field = define(&world, "old", "text", json!({"is_required": true})).await;
    define(&world, "new", "text", json!({})).await;
    let made = create(&world.ann, json!({"old": "kept"})).await;
    world.sue.patch(path(&field), &field, json!({"is_active": false})).await.ok();
    refused(&world.ann, json!({"old": "more"}), "/custom_fields/old", "unknown_field").await;
    let changed = world.ann.patch(path(&made), &made, json!({"custom_fields": {"new": "x"}})).await.ok();
    assert_eq!(changed["custom_fields"], json!({"old": "kept", "new": "x"}));
    let again = json!({"resource": "clients", "name": "old", "kind": "date", "label_en": "x", "label_ru": "x"});
    world.sue.post("/v1/custom-fields", again).await.problem(409, "already_exists");
}

#[actix_web::test]
async fn values_are_asked_for_always_or_by_kind_or_status() {
    let world = world().await;
    let before = create(&world.ann, json!({})).await;
    define(&world, "always", "text", json!({"is_required": true, "default_value": "usual"})).await;
    define(&world, "licence", "text", json!({"required_for_kinds": ["organization"]})).await;
    define(&world, "reason", "text", json!({"required_in_statuses": ["active"]})).await;
    refused(&world.ann, json!({}), "/custom_fields/licence", "required").await;
    let made = create(&world.ann, json!({"licence": "L-1"})).await;
    assert_eq!(made["custom_fields"], json!({"licence": "L-1", "always": "usual"}));
    let person = json!({"kind": "person", "name": unique("Maria")});
    world.ann.post("/v1/clients", person).await.created();
    let cleared = world.ann.patch(path(&made), &made, json!({"custom_fields": {"licence": null}})).await;
    cleared.field_error("/custom_fields/licence", "required");
    let prospect = world.ann.transition("qualify", &made, json!({})).await.ok();
    let refused = world.ann.transition("activate", &prospect, json!({})).await;
    refused.field_error("/custom_fields/reason", "required");
    let filled = world.ann.patch(path(&made), &prospect, json!({"custom_fields": {"reason": "won"}})).await.ok();
    world.ann.transition("activate", &filled, json!({})).await.ok();
    // What has become required since keeps nobody from changing something else.
    world.ann.patch(path(&before), &before, json!({"industry": "Health"})).await.ok();
}

#[actix_web::test]
async fn a_unique_value_is_given_once_also_at_the_same_time() {
    let world = world().await;
    define(&world, "card", "number", json!({"is_unique": true})).await;
    let made = create(&world.ann, json!({"card": "7"})).await;
    for (user, same) in [(&world.ann, "7.00"), (&world.mia, "7")] {
        let refused = user.post("/v1/clients", client(json!({"card": same}))).await;
        assert_eq!(refused.problem(409, "already_exists")["errors"][0]["pointer"], "/custom_fields/card");
    }
    world.ann.patch(path(&made), &made, json!({"custom_fields": {"card": "8"}})).await.ok();
    create(&world.mia, json!({"card": "7"})).await;
    let racing = (0..8).map(|_| world.ann.post("/v1/clients", client(json!({"card": "99"}))));
    let answers = futures_util::future::join_all(racing).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
}

#[actix_web::test]
async fn confidential_values_are_seen_by_who_may() {
    let world = world().await;
    define(&world, "rating", "text", json!({"is_confidential": true})).await;
    let made = world.client(Target::Ordinary).await;
    let set = json!({"confidential_custom_fields": {"rating": "risky"}});
    world.ann.patch(path(&made), &made, set.clone()).await.problem(403, "forbidden");
    let rated = world.sue.patch(path(&made), &made, set).await.ok();
    assert_eq!(rated["confidential_custom_fields"], json!({"rating": "risky"}));
    let seen = world.ann.get(path(&made)).await.ok();
    assert_eq!((&seen["confidential_custom_fields"], &seen["version"]), (&Value::Null, &made["version"]));
    refused(&world.sue, json!({"rating": "open"}), "/custom_fields/rating", "unknown_field").await;
}
