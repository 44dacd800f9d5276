//! How lists ask for custom fields.

use serde_json::{Value, json};

use super::{create, define, found, path, world};
use crate::calls::Target;

#[actix_web::test]
async fn lists_are_filtered_and_sorted_by_indexed_fields() {
    let world = world().await;
    define(&world, "beds", "number", json!({"is_indexed": true})).await;
    define(&world, "city_name", "text", json!({"is_indexed": true})).await;
    define(&world, "since", "date", json!({"is_indexed": true})).await;
    define(&world, "plain", "text", json!({})).await;
    define(
        &world,
        "days",
        "choices",
        json!({"is_indexed": true, "choices": [{"value": "mon", "label_en": "M", "label_ru": "П"},
        {"value": "thu", "label_en": "T", "label_ru": "Ч"}]}),
    )
    .await;
    let mut ids = Vec::new();
    for (beds, city, days) in
        [("9", "ёлкино", json!(["mon"])), ("10", "Ельня", json!(["mon", "thu"])), ("10", "Орёл", json!(["thu"]))]
    {
        let custom = json!({"beds": beds, "city_name": city, "days": days, "since": "2020-01-01", "plain": "x"});
        ids.push(create(&world.ann, custom).await["id"].clone());
    }
    create(&world.ann, json!({})).await;
    create(&world.mia, json!({"beds": "10"})).await;
    let [a, b, c] = [&ids[0], &ids[1], &ids[2]];
    for (query, expected) in [
        ("custom_field=beds=10.0&sort=name", 2),
        ("custom_field=beds>=9", 3),
        ("custom_field=beds<10", 1),
        ("custom_field=days=thu", 2),
        ("custom_field=since>=2020-01-01&custom_field=beds<10", 1),
        ("custom_field=city_name=нет", 0),
    ] {
        assert_eq!(found(&world.ann, query).await.len(), expected, "{query}");
    }
    assert_eq!(found(&world.ann, "custom_sort=city_name").await, [a.clone(), b.clone(), c.clone()]);
    assert_eq!(found(&world.ann, "custom_sort=beds").await[0], *a);
    assert_eq!(found(&world.ann, "custom_sort=-beds").await[2], *a);
    assert_eq!(found(&world.sue, "custom_sort=beds").await.len(), 4);
    let page = world.ann.get("/v1/clients?custom_sort=beds&limit=1&total=true").await.ok();
    assert_eq!(page["total"], 3);
    let (mut walked, mut next) = (vec![page["data"][0]["id"].clone()], page["next_cursor"].clone());
    while let Some(cursor) = next.as_str() {
        let page =
            world.ann.get(&format!("/v1/clients?custom_sort=beds&limit=1&total=true&cursor={cursor}")).await.ok();
        walked.push(page["data"][0]["id"].clone());
        next = page["next_cursor"].clone();
    }
    assert_eq!(walked, [a.clone(), b.clone(), c.clone()]);
    let asked = json!({"conditions": [{"custom_field": "beds>=10"}, {"not": {"custom_field": "days=mon"}}]});
    let asked = world.ann.post("/v1/clients/search", asked).await;
    assert_eq!(asked.ok()["data"][0]["id"], *c);
    for wrong in [
        "custom_field=plain%3Dx",
        "custom_field=none%3D1",
        "custom_field=beds%3Dmany",
        "custom_field=days%3E%3Dmon",
        "custom_field=beds",
        "custom_sort=days",
        "custom_sort=plain",
    ] {
        world.ann.get(&format!("/v1/clients?{wrong}")).await.problem(400, "invalid_parameter");
    }
}

#[actix_web::test]
async fn every_resource_with_own_fields_is_filtered_and_sorted_by_them() {
    let world = world().await;
    for (resource, create) in [
        ("contacts", "create_contact"),
        ("interactions", "create_interaction"),
        ("products", "create_product"),
        ("contracts", "create_contract"),
        ("orders", "create_order"),
    ] {
        let body = json!({"resource": resource, "name": "rank", "kind": "number", "label_en": "x", "label_ru": "x", "is_indexed": true});
        world.sue.post("/v1/custom-fields", body).await.created();
        let mut ids = Vec::new();
        for rank in ["3", "1", "2"] {
            let call = crate::calls::call(&world, create, Target::Key).await;
            let crate::calls::Body::Json(mut body) = call.body.clone() else { panic!("{create}: no body") };
            body["custom_fields"] = json!({"rank": rank});
            ids.push(world.sue.post(&format!("/v1/{resource}"), body).await.created()["id"].clone());
        }
        let list = async |query: &str| {
            let page = world.sue.get(&format!("/v1/{resource}?{query}")).await.ok();
            page["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(list("custom_sort=rank").await, [ids[1].clone(), ids[2].clone(), ids[0].clone()], "{resource}");
        assert_eq!(list("custom_field=rank%3E%3D3&total=true").await, [ids[0].clone()], "{resource}");
    }
}

#[actix_web::test]
async fn rows_are_found_by_searchable_texts() {
    let world = world().await;
    define(&world, "alias", "text", json!({"is_searchable": true})).await;
    define(&world, "remark", "text", json!({})).await;
    let made = create(&world.ann, json!({"alias": "Снегирь", "remark": "Ласточка"})).await;
    assert_eq!(found(&world.ann, "q=снегирь").await, [made["id"].clone()]);
    assert_eq!(found(&world.ann, "q=ласточка").await, Vec::<Value>::new());
    world.ann.patch(path(&made), &made, json!({"custom_fields": {"alias": "Дятел"}})).await.ok();
    assert_eq!(found(&world.ann, "q=снегирь").await, Vec::<Value>::new());
    assert_eq!(found(&world.ann, "q=дятел").await, [made["id"].clone()]);
}
