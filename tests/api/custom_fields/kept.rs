//! What erasures, merges and exports make of the values of custom fields.

use serde_json::json;

use super::{client, create, define, path, world};

#[actix_web::test]
async fn an_erasure_takes_the_values_that_tell_of_a_person() {
    let world = world().await;
    define(&world, "allergy", "text", json!({"is_indexed": true, "is_searchable": true})).await;
    define(&world, "ward", "text", json!({"is_indexed": true, "is_personal": false})).await;
    let mut body = client(json!({"allergy": "Penicillin-canary", "ward": "north"}));
    body["kind"] = json!("person");
    let made = world.sue.post("/v1/clients", body).await.created();
    world.sue.transition("erase", &made, json!({"reason": "asked"})).await.created();
    let row = format!("SELECT custom_fields::text AS value FROM clients WHERE id = '{}'", made["id"].as_str().unwrap());
    assert_eq!(world.app.text(&row).await, [r#"{"ward": "north"}"#]);
    assert_eq!(world.app.text("SELECT text_value AS value FROM custom_values").await, ["north"]);
    for table in ["clients", "audit_events", "outbox_events", "idempotency_keys"] {
        let left = format!("SELECT row::text AS value FROM {table} AS row WHERE row::text ILIKE '%canary%'");
        assert_eq!(world.app.text(&left).await, Vec::<String>::new(), "{table}");
    }
}

#[actix_web::test]
async fn a_merge_takes_the_values_that_the_survivor_lacks() {
    let world = world().await;
    define(&world, "a", "text", json!({"is_unique": true})).await;
    define(&world, "b", "text", json!({})).await;
    let (survivor, merged) =
        (create(&world.sue, json!({"b": "kept"})).await, create(&world.sue, json!({"a": "taken", "b": "lost"})).await);
    let body = json!({"survivor_id": survivor["id"], "merged_id": merged["id"]});
    let merge = world.sue.post("/v1/client-merges", body).await.created();
    let after = world.sue.get(path(&survivor)).await.ok();
    assert_eq!(after["custom_fields"], json!({"a": "taken", "b": "kept"}));
    world.sue.transition("undo", &merge, json!({})).await.ok();
    assert_eq!(world.sue.get(path(&survivor)).await.ok()["custom_fields"], json!({"b": "kept"}));
    assert_eq!(world.sue.get(path(&merged)).await.ok()["custom_fields"], json!({"a": "taken", "b": "lost"}));
    assert_eq!(world.app.text("SELECT text_value AS value FROM custom_values").await, ["taken"]);
}

#[actix_web::test]
async fn an_export_has_a_column_for_each_field() {
    let world = world().await;
    define(&world, "beds", "number", json!({"is_indexed": true})).await;
    define(&world, "rating", "text", json!({"is_confidential": true})).await;
    create(&world.ann, json!({"beds": "12"})).await;
    create(&world.ann, json!({"beds": "7"})).await;
    let body = json!({"resource": "clients", "format": "csv", "columns": ["custom_fields.beds"],
        "filter": {"custom_field": ["beds>=10"]}});
    let export = world.ann.post("/v1/exports", body).await.created();
    world.app.work().await;
    let file = world.ann.get(&format!("{}/file", path(&export))).await;
    let text = String::from_utf8(file.body.to_vec()).unwrap();
    assert_eq!(text.trim_start_matches('\u{feff}').lines().collect::<Vec<_>>(), ["custom_fields.beds", "12"]);
    let all = world.ann.post("/v1/exports", json!({"resource": "clients", "format": "csv"})).await.created();
    let columns = all["columns"].as_array().unwrap();
    assert!(
        columns.contains(&json!("custom_fields.beds"))
            && !columns.contains(&json!("confidential_custom_fields.rating"))
    );
    let hidden = json!({"resource": "clients", "format": "csv", "columns": ["confidential_custom_fields.rating"]});
    world.ann.post("/v1/exports", hidden).await.problem(403, "forbidden");
    let unknown = json!({"resource": "clients", "format": "csv", "columns": ["custom_fields.rooms"]});
    world.ann.post("/v1/exports", unknown).await.field_error("/columns/0", "invalid_choice");
}
