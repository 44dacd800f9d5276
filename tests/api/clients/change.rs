//! Preconditions, merge patch, and errors in values.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{create, create_with, path, world};
use crate::harness::TestUser;

#[actix_web::test]
async fn what_was_created_is_answered_and_read_back() {
    let world = world().await;
    let body = json!({"kind": "person", "name": " Анна  Петрова ", "email": "Anna@Example.COM", "phone": "+74951234567",
        "messengers": [{"kind": "telegram", "handle": "@anna"}], "website": "https://anna.example", "employees": 0,
        "address": {"city": "Москва", "country": "RU"}, "language": "ru", "timezone": "Europe/Moscow", "tags": ["vip"]});
    let answer = world.ann.post("/v1/clients", body).await;
    assert!(answer.header("etag").unwrap().starts_with("\"1-"));
    let location = answer.header("location").unwrap().to_owned();
    let client = answer.created();
    assert_eq!(location, path(&client));
    assert_eq!(client["name"], "Анна  Петрова");
    assert_eq!(client["email"], "anna@example.com");
    assert_eq!(client["website"], "https://anna.example/");
    assert_eq!(
        client["address"],
        json!({"street": null, "city": "Москва", "region": null, "postal_code": null, "country": "RU"})
    );
    assert_eq!((&client["status"], &client["is_key"], &client["version"]), (&json!("lead"), &json!(false), &json!(1)));
    assert_eq!(world.ann.get(&location).await.ok(), client);
}

#[actix_web::test]
async fn what_is_held_is_not_sent_again() {
    let world = world().await;
    let client = create(&world.ann, "Client").await;
    let conditional = async |query: &str, tags: &str| {
        let request = world.ann.request(Method::GET, &format!("{}{query}", path(&client)));
        world.ann.send(request.insert_header(("If-None-Match", tags))).await
    };
    let tag = conditional("", "").await.header("etag").unwrap().to_owned();
    for tags in [tag.clone(), format!("W/{tag}"), format!("\"7\", {tag}"), "*".to_owned()] {
        let answer = conditional("", &tags).await;
        assert_eq!((answer.status, answer.body.len(), answer.header("etag")), (304, 0, Some(tag.as_str())), "{tags}");
    }
    for tags in ["\"1\"", "\"2\"", "1", "\"01\"", "nonsense"] {
        assert_eq!(conditional("", tags).await.status, 200, "{tags}");
    }
    // Another representation of the same version has another tag.
    for query in ["?fields=id,name", "?include=owner"] {
        assert_eq!(conditional(query, &tag).await.status, 200, "{query}");
    }
    let _ = log(&world.ann, &client).await;
    assert_eq!(conditional("", &tag).await.status, 200, "a call was logged");
    let unchanged = world.ann.patch(path(&client), &client, json!({"name": "Renamed"})).await.ok();
    assert_eq!(unchanged["version"], 2, "whoever has the form open can save it");
}

#[actix_web::test]
async fn a_change_needs_the_version_that_was_seen() {
    let world = world().await;
    let client = create(&world.ann, "Client").await;
    let with = async |method: Method, path: &str, tag: Option<&str>, body: Value| {
        let mut request = world.ann.request(method, path);
        if let Some(tag) = tag {
            request = request.insert_header(("If-Match", tag));
        }
        world.ann.send(request.set_json(body)).await
    };
    let verb = format!("{}/qualify", path(&client));
    for (method, address) in [(Method::PATCH, path(&client)), (Method::POST, verb.as_str())] {
        for tag in [None, Some("")] {
            with(method.clone(), address, tag, json!({})).await.problem(428, "precondition_required");
        }
        for tag in [" , ", "1", "nonsense", "\"1", "\"1\" \"2\""] {
            with(method.clone(), address, Some(tag), json!({})).await.problem(400, "invalid_header");
        }
        for tag in ["\"2\"", "\"0\"", "W/\"1\"", "\"nonsense\"", "\"99999999999999999999\""] {
            let stale = with(method.clone(), address, Some(tag), json!({})).await;
            assert_eq!(stale.header("etag"), Some("\"1\""), "the current tag");
            let stale = stale.problem(412, "precondition_failed");
            assert_eq!(stale["current_version"], 1, "{tag}");
        }
    }
    let rename = json!({"name": "New"});
    for tag in ["*", "\"2\"", "\"7\", \"3\""] {
        let answer = with(Method::PATCH, path(&client), Some(tag), json!({"industry": tag.len().to_string()})).await;
        assert!(answer.status == 200, "{tag}: {:?}", answer.body);
    }
    let answer = with(Method::PATCH, path(&client), Some("\"4\""), rename).await;
    assert!(answer.header("etag").unwrap().starts_with("\"5-"));
    assert_eq!(answer.ok()["version"], 5);
    let twice = world.ann.request(Method::PATCH, path(&client));
    let twice = twice.append_header(("If-Match", "\"9\"")).append_header(("If-Match", "\"5\""));
    assert_eq!(world.ann.send(twice.set_json(json!({"name": "Newer"}))).await.status, 200);
}

#[actix_web::test]
async fn of_two_changes_of_one_version_one_wins() {
    let world = world().await;
    let client = create(&world.ann, "Client").await;
    let racing = (0..10).map(|n| world.ann.patch(path(&client), &client, json!({"name": format!("Name {n}")})));
    let racing: Vec<_> = racing.map(Box::pin).collect();
    let mut statuses: Vec<u16> =
        futures_util::future::join_all(racing).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![412; 9]].concat());
    assert_eq!(world.ann.get(path(&client)).await.ok()["version"], 2);
}

#[actix_web::test]
async fn a_merge_patch_sets_clears_and_leaves() {
    let world = world().await;
    let client = create_with(
        &world.ann,
        json!({"phone": "+74951234567", "industry": "Retail", "tags": ["a"],
        "address": {"city": "Москва", "street": "Тверская 1"}}),
    )
    .await;
    let patch =
        json!({"phone": null, "website": "https://new.example/", "tags": ["b", "c"], "address": {"city": "Тверь"}});
    let request = world.ann.request(Method::PATCH, path(&client)).insert_header(("If-Match", "*")).set_json(&patch);
    let request = request.insert_header(("Content-Type", "application/merge-patch+json"));
    let changed = world.ann.send(request).await.ok();
    assert_eq!((&changed["phone"], &changed["industry"]), (&Value::Null, &json!("Retail")));
    assert_eq!((&changed["tags"], &changed["address"]["city"]), (&json!(["b", "c"]), &json!("Тверь")));
    assert_eq!(changed["address"]["street"], "Тверская 1", "a nested object is merged");

    for empty in [json!({}), patch] {
        let same = world.ann.patch(path(&client), &changed, empty).await.ok();
        assert_eq!(same["version"], changed["version"], "what changes nothing is no change");
    }
    assert_eq!(world.app.audit(&client["id"]).await.len(), 2);
    let clearing = json!({"address": {"street": null, "country": "RU"}});
    let changed = world.ann.patch(path(&client), &changed, clearing).await.ok();
    let address = json!({"street": null, "city": "Тверь", "region": null, "postal_code": null, "country": "RU"});
    assert_eq!(changed["address"], address);
    let cleared = world.ann.patch(path(&client), &changed, json!({"address": null})).await.ok();
    assert_eq!(cleared["address"], Value::Null);
    let new =
        world.ann.patch(path(&client), &cleared, json!({"address": {"city": "Псков", "street": null}})).await.ok();
    assert_eq!((&new["address"]["city"], &new["address"]["street"]), (&json!("Псков"), &Value::Null));
    let changed = new;
    for field in ["name", "tags", "messengers"] {
        let refused = world.ann.patch(path(&client), &changed, json!({field: null})).await;
        refused.field_error(&format!("/{field}"), "not_nullable");
    }
    let twice = r#"{"address": {"city": "Тверь", "city": "Псков"}}"#;
    let request = world.ann.request(Method::PATCH, path(&client)).insert_header(("If-Match", "*"));
    let refused = world.ann.send(request.set_payload(twice).insert_header(("Content-Type", "application/json"))).await;
    assert_eq!(refused.problem(400, "unknown_field")["errors"][0]["pointer"], "/address/city");
    for field in ["status", "owner_id", "is_key", "version", "id", "created_at", "archived_from", "last_verified_at"] {
        let refused = world.ann.patch(path(&client), &changed, json!({field: "x"})).await;
        assert_eq!(refused.problem(400, "unknown_field")["errors"][0]["pointer"], format!("/{field}"));
    }
}

#[actix_web::test]
async fn all_wrong_fields_are_told_at_once() {
    let world = world().await;
    let wrong = json!({"kind": "company", "email": "anna@", "phone": "8 495 123", "tax_id": "7707083894",
        "website": "ftp://x", "employees": "many", "language": "RUS", "timezone": "Mars/Olympus",
        "address": {"country": "ru"}, "messengers": [{"kind": "telegram", "handle": "@a"}, {"kind": "icq", "handle": ""}],
        "tags": ["good", ""], "owner_id": "me", "industry": "x".repeat(101)});
    let errors = world.ann.post("/v1/clients", wrong).await;
    assert_eq!(errors.status, 422);
    let mut errors = errors.field_errors();
    errors.sort();
    let expected = [
        ("/address/country", "invalid_country"),
        ("/email", "invalid_email"),
        ("/employees", "invalid_type"),
        ("/industry", "too_long"),
        ("/kind", "invalid_choice"),
        ("/language", "invalid_language"),
        ("/messengers/1/handle", "too_short"),
        ("/messengers/1/kind", "invalid_choice"),
        ("/name", "required"),
        ("/owner_id", "invalid_id"),
        ("/phone", "invalid_phone"),
        ("/tags/1", "too_short"),
        ("/tax_id", "invalid_tax_id"),
        ("/timezone", "invalid_timezone"),
        ("/website", "invalid_website"),
    ];
    let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
    assert_eq!(errors, expected);
    let together = json!({"kind": "person", "name": "x", "employees": -1, "tags": vec!["a"; 51],
        "messengers": vec![json!({"kind": "vk", "handle": "a"}); 11]});
    let mut errors = world.ann.post("/v1/clients", together).await.field_errors();
    errors.sort();
    let codes: Vec<_> = errors.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
    assert_eq!(codes, [("/employees", "too_small"), ("/messengers", "too_long"), ("/tags", "too_long")]);
    let mixed = json!({"kind": "person", "name": "x", "email": "nobody", "employees": -4});
    let mut errors = world.ann.post("/v1/clients", mixed).await.field_errors();
    errors.sort();
    let codes: Vec<_> = errors.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
    assert_eq!(codes, [("/email", "invalid_email"), ("/employees", "too_small")]);
    assert_eq!(world.app.count("clients").await, 0);
}

#[actix_web::test]
async fn an_external_id_is_unique_within_its_source() {
    let world = world().await;
    let known = json!({"external_ids": [{"source": "erp", "id": "7"}]});
    let first = create_with(&world.ann, known.clone()).await;
    let again = json!({"kind": "person", "name": "x", "external_ids": [{"source": "erp", "id": "7"}]});
    world.mia.post("/v1/clients", again).await.problem(409, "already_exists");
    let other = create_with(&world.mia, json!({"external_ids": [{"source": "web", "id": "7"}]})).await;
    world.mia.patch(path(&other), &other, known.clone()).await.problem(409, "already_exists");
    let free = json!({"external_ids": []});
    let _ = world.ann.patch(path(&first), &first, free).await.ok();
    let _ = world.mia.patch(path(&other), &other, known).await.ok();
}

/// K9
#[actix_web::test]
async fn an_open_form_is_saved_after_a_colleague_logged_a_call() {
    let world = world().await;
    let client = world.step(&create(&world.kim, "Client").await, "designate-key").await;
    let form = world.kim.get(path(&client)).await.ok();
    let tag = world.kim.get(path(&client)).await.header("etag").unwrap().to_owned();
    world.app.advance(chrono::Duration::minutes(5));
    let call = log(&world.kai, &client).await;
    let planned = json!({"client_id": client["id"], "channel": "visit", "purpose": "negotiation", "subject": "Prices",
        "scheduled_at": "2026-12-01T10:00:00Z"});
    let _ = world.kai.post("/v1/interactions", planned).await.created();
    let seen = world.kim.get(path(&client)).await.ok();
    assert_eq!((&seen["version"], &seen["updated_at"]), (&form["version"], &form["updated_at"]));
    assert_eq!(
        (&seen["last_interaction_at"], &seen["next_interaction_at"]),
        (&call["at"], &json!("2026-12-01T10:00:00Z"))
    );

    let save = world.kim.request(Method::PATCH, path(&client)).insert_header(("If-Match", tag));
    let saved = world.kim.send(save.set_json(json!({"industry": "Retail"}))).await.ok();
    assert_eq!((&saved["industry"], &saved["last_interaction_at"]), (&json!("Retail"), &call["at"]));
    assert_eq!(saved["version"].as_i64(), form["version"].as_i64().map(|version| version + 1));
}

/// A call with the client.
async fn log(who: &TestUser, client: &Value) -> Value {
    let call = json!({"client_id": client["id"], "channel": "phone", "purpose": "negotiation", "subject": "Prices"});
    who.post("/v1/interactions", call).await.created()
}
