//! The fields that the organisation adds: who defines them, which values they take, how lists ask for them, and how forms are
//! drawn from them.

use serde_json::{Value, json};

use crate::{
    calls::{Target, World, unique},
    harness::{TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

fn path(row: &Value) -> &str {
    row["path"].as_str().unwrap()
}

/// Defines a field of clients.
async fn define(world: &World, name: &str, kind: &str, more: Value) -> Value {
    let mut body = json!({"resource": "clients", "name": name, "kind": kind, "label_en": name, "label_ru": name});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.sue.post("/v1/custom-fields", body).await.created()
}

fn client(custom: Value) -> Value {
    let mut body = json!({"kind": "organization", "name": unique("Clinic")});
    body["custom_fields"] = custom;
    body
}

async fn create(user: &TestUser, custom: Value) -> Value {
    user.post("/v1/clients", client(custom)).await.created()
}

async fn refused(user: &TestUser, custom: Value, pointer: &str, code: &str) {
    user.post("/v1/clients", client(custom)).await.field_error(pointer, code);
}

async fn found(user: &TestUser, query: &str) -> Vec<Value> {
    let encoded = query.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        format!("{name}={}", url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>())
    });
    let page = user.get(&format!("/v1/clients?{}", encoded.collect::<Vec<_>>().join("&"))).await.ok();
    page["data"].as_array().unwrap().iter().map(|client| client["id"].clone()).collect()
}

#[actix_web::test]
async fn supervisors_define_and_everybody_reads() {
    let world = world().await;
    let made =
        define(&world, "beds", "number", json!({"minimum": "1", "position": 20, "help_ru": "Сколько коек"})).await;
    assert_eq!(
        (&made["minimum"], &made["is_personal"], &made["actions"]),
        (&json!("1.0000"), &json!(true), &json!(["update"]))
    );
    let page = world.ann.get("/v1/custom-fields?resource=clients&is_active=true").await.ok();
    assert_eq!((&page["data"][0]["id"], &page["data"][0]["actions"]), (&made["id"], &json!([])));
    for who in [&world.ann, &world.kim] {
        let body = json!({"resource": "clients", "name": "mine", "kind": "text", "label_en": "x", "label_ru": "x"});
        who.post("/v1/custom-fields", body).await.problem(403, "forbidden");
        who.patch(path(&made), &made, json!({"position": 1})).await.problem(403, "forbidden");
    }
    let taken = json!({"resource": "clients", "name": "beds", "kind": "text", "label_en": "x", "label_ru": "x"});
    let refused = world.sue.post("/v1/custom-fields", taken).await;
    assert_eq!(refused.problem(409, "already_exists")["errors"][0]["pointer"], "/name");
    for fixed in ["name", "kind", "resource", "is_unique"] {
        world.sue.patch(path(&made), &made, json!({fixed: "text"})).await.problem(400, "unknown_field");
    }
    assert_eq!(world.app.events(&made["id"]).await, ["custom_fields.created"]);
}

#[actix_web::test]
async fn a_definition_must_make_sense() {
    let world = world().await;
    let choices = json!([{"value": "a", "label_en": "A", "label_ru": "А"}]);
    for (kind, more, pointer, code) in [
        ("choice", json!({}), "/choices", "too_short"),
        ("choice", json!({"choices": [choices[0], choices[0]]}), "/choices/1/value", "repeated"),
        ("text", json!({"choices": choices}), "/choices", "other_kind"),
        ("text", json!({"minimum": "1"}), "/minimum", "other_kind"),
        ("number", json!({"minimum": "5", "maximum": "4"}), "/maximum", "too_small"),
        ("number", json!({"max_length": 5}), "/max_length", "other_kind"),
        ("number", json!({"default_value": "many"}), "/default_value", "invalid_decimal"),
        ("choice", json!({"choices": choices, "default_value": "b"}), "/default_value", "invalid_choice"),
        ("user", json!({"default_value": world.ann.id}), "/default_value", "other_kind"),
        ("money", json!({"is_unique": true}), "/is_unique", "other_kind"),
        ("number", json!({"is_searchable": true}), "/is_searchable", "other_kind"),
        ("text", json!({"is_confidential": true, "is_indexed": true}), "/is_indexed", "other_kind"),
        ("text", json!({"resource": "orders", "is_confidential": true}), "/is_confidential", "other_kind"),
        ("text", json!({"required_for_kinds": ["clinic"]}), "/required_for_kinds/0", "invalid_choice"),
        ("text", json!({"required_in_statuses": ["open"]}), "/required_in_statuses/0", "invalid_choice"),
        ("text", json!({"name": "Beds"}), "/name", "invalid_field_name"),
    ] {
        let mut body = json!({"resource": "clients", "name": "field", "kind": kind, "label_en": "x", "label_ru": "x"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.sue.post("/v1/custom-fields", body).await.field_error(pointer, code);
    }
    let field = define(&world, "ward", "choice", json!({"choices": choices})).await;
    let others = json!([{"value": "b", "label_en": "B", "label_ru": "Б"}]);
    world.sue.patch(path(&field), &field, json!({"choices": others})).await.field_error("/choices", "left_out");
}

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
