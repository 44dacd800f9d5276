//! Filters, search, order and the content of a page.

use chrono::Duration;
use serde_json::{Value, json};

use super::{create, create_with, names, path, set, world};
use crate::{
    calls::{LOST_REASON, World, step_body},
    harness::TestUser,
};

#[actix_web::test]
async fn each_filter_keeps_what_it_names() {
    let world = world().await;
    let ann = &world.ann;
    create_with(ann, json!({"name": "person", "kind": "person", "tags": ["vip", "retail"]})).await;
    create_with(ann, json!({"name": "taxed", "tax_id": "7707083893", "tags": ["retail"]})).await;
    create_with(ann, json!({"name": "erp 1", "external_ids": [{"source": "erp", "id": "1"}]})).await;
    create_with(ann, json!({"name": "web 1", "external_ids": [{"source": "web", "id": "1"}]})).await;
    let lost = create(ann, "lost").await;
    let _ = ann.transition("mark-lost", &lost, step_body("mark-lost")).await.ok();
    let key = create(&world.kim, "key").await;
    world.step(&key, "designate-key").await;
    let team = format!("team_id={}", world.mia.team_id);
    let owners = format!("owner_id={}&owner_id={}", world.kim.id, world.mia.id);
    let of_reason = format!("lost_reason_id={LOST_REASON}");
    let of_another = format!("lost_reason_id={}", uuid::Uuid::now_v7());
    let expected: [(&str, &[&str]); 17] = [
        ("kind=person", &["person"]),
        ("status=lost", &["lost"]),
        ("status=lost&status=lead", &["erp 1", "key", "lost", "person", "taxed", "web 1"]),
        ("status=archived", &[]),
        ("is_key=true", &["key"]),
        ("is_key=false&kind=organization&status=lead", &["erp 1", "taxed", "web 1"]),
        ("tag=retail", &["person", "taxed"]),
        ("tag=retail&tag=vip", &["person"]),
        ("tax_id=7707083893", &["taxed"]),
        ("external_source=erp", &["erp 1"]),
        ("external_id=1", &["erp 1", "web 1"]),
        ("external_source=web&external_id=1", &["web 1"]),
        ("external_source=web&external_id=2", &[]),
        (&of_reason, &["lost"]),
        (&of_another, &[]),
        (&team, &[]),
        (&owners, &["key"]),
    ];
    for (query, names) in expected {
        assert_eq!(set(&world.sue, query).await, names, "{query}");
        let page = world.sue.get(&format!("/v1/clients?total=true&{query}")).await.ok();
        assert_eq!(page["total"], json!(names.len()), "{query}");
    }
}

#[actix_web::test]
async fn filters_for_the_work_of_a_day_keep_what_they_name() {
    let world = world().await;
    let ann = &world.ann;
    let described = json!({"name": "described", "industry": "Retail", "source": "fair", "phone": "+74951234567",
        "email": "a@example.com", "address": {"city": "Тверь", "country": "RU"}});
    let others = json!({"name": "further", "other_phones": [{"number": "+79161112233"}],
        "other_emails": [{"address": "b@example.org"}], "address": {"city": "Berlin", "country": "DE"}});
    create_with(ann, described).await;
    let further = create_with(ann, others).await;
    let plan = json!({"client_id": further["id"], "channel": "phone", "direction": "outbound", "purpose": "follow_up",
        "subject": "Call", "scheduled_at": "2026-12-01T10:00:00Z"});
    ann.post("/v1/interactions", plan).await.created();
    let called = create(ann, "called").await;
    let call = json!({"client_id": called["id"], "channel": "phone", "direction": "inbound", "purpose": "consultation",
        "subject": "Call", "occurred_at": "2026-11-20T09:00:00Z"});
    ann.post("/v1/interactions", call).await.created();
    let _ = ann.transition("verify", &called, json!({})).await.ok();
    for (query, expected) in [
        ("industry=Retail&industry=Other", vec!["described"]),
        ("source=fair", vec!["described"]),
        ("city=%D0%A2%D0%B2%D0%B5%D1%80%D1%8C", vec!["described"]),
        ("country=DE&country=RU", vec!["described", "further"]),
        ("phone=8%20(495)%20123-45-67", vec!["described"]),
        ("phone=89161112233", vec!["further"]),
        ("email=A@example.com", vec!["described"]),
        ("email=b@example.org", vec!["further"]),
        ("has_next_interaction=true", vec!["further"]),
        ("has_next_interaction=false", vec!["called", "described"]),
        ("next_interaction_at_from=2026-12-01T10:00:00Z", vec!["further"]),
        ("next_interaction_at_to=2026-12-01T10:00:00Z", vec![]),
        ("last_interaction_at_from=2026-11-20T09:00:00Z", vec!["called"]),
        ("last_interaction_at_to=2026-11-20T09:00:00Z", vec![]),
        ("no_contact_since=2026-11-20T09:00:00Z", vec!["described", "further"]),
        ("no_contact_since=2026-11-20T09:00:01Z", vec!["called", "described", "further"]),
        ("last_verified_at_from=2026-11-24T10:00:00Z", vec!["called"]),
        ("last_verified_at_to=2026-11-24T10:00:00Z", vec![]),
        ("owner_id=me&country=DE", vec!["further"]),
    ] {
        assert_eq!(set(ann, query).await, expected, "{query}");
    }
}

#[actix_web::test]
async fn ranges_hold_their_start_and_not_their_end() {
    let world = world().await;
    let ann = &world.ann;
    let old = create(ann, "old").await;
    world.app.advance(Duration::minutes(5));
    create(ann, "new").await;
    world.app.advance(Duration::minutes(5));
    let _ = ann.transition("verify", &old, json!({})).await.ok();
    for (query, expected) in [
        ("created_at_from=2026-11-24T10:00:00Z", vec!["new", "old"]),
        ("created_at_from=2026-11-24T10:05:00Z", vec!["new"]),
        ("created_at_from=2026-11-24T13:05:00%2B03:00", vec!["new"]),
        ("created_at_to=2026-11-24T10:05:00Z", vec!["old"]),
        ("created_at_from=2026-11-24T10:05:00.000001Z", vec![]),
        ("updated_at_from=2026-11-24T10:10:00Z", vec!["old"]),
        ("updated_at_to=2026-11-24T10:10:00Z", vec!["new"]),
        ("updated_at_from=2026-11-24T10:05:00Z&updated_at_to=2026-11-24T10:05:00.1Z", vec!["new"]),
        ("unverified_since=2026-11-24T10:10:00Z", vec!["new"]),
        ("unverified_since=2026-11-24T10:10:01Z", vec!["new", "old"]),
    ] {
        assert_eq!(set(ann, query).await, expected, "{query}");
    }
}

#[actix_web::test]
async fn search_finds_fragments_and_takes_wildcards_literally() {
    let world = world().await;
    let ann = &world.ann;
    create_with(ann, json!({"name": "Ромашка", "legal_name": "ООО «Ромашка»", "tax_id": "7707083893"})).await;
    create_with(ann, json!({"name": "Ёлки и палки", "email": "Office@Elki.example", "phone": "+74951234567"})).await;
    create_with(ann, json!({"name": "100% wool", "external_ids": [{"source": "erp", "id": "W-7"}]})).await;
    create(ann, "100 wool").await;
    create(ann, "a_b").await;
    create(ann, "axb").await;
    create(ann, r"back\slash").await;
    create(ann, "it's \"quoted\"").await;
    create(&world.mia, "Ромашка Мии").await;
    let cases: [(&str, &[&str]); 16] = [
        ("ромашка", &["Ромашка"]),
        ("РОМАШ", &["Ромашка"]),
        ("машк ооо", &["Ромашка"]),
        ("ромашка палки", &[]),
        ("7083", &["Ромашка"]),
        ("ЁЛКИ", &["Ёлки и палки"]),
        ("elki.example", &["Ёлки и палки"]),
        ("+7495", &["Ёлки и палки"]),
        ("w-7", &["100% wool"]),
        ("100%", &["100 wool", "100% wool"]),
        ("%", &[]),
        ("_", &[]),
        ("a_b", &["a_b"]),
        (r"\", &[]),
        (r"k\s", &[r"back\slash"]),
        ("it's", &["it's \"quoted\""]),
    ];
    for (words, expected) in cases {
        let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", words).finish();
        assert_eq!(set(ann, &query).await, expected, "{words}");
    }
    assert_eq!(names(ann, "q=wool&sort=name").await, ["100 wool", "100% wool"]);
    let all = ann.get("/v1/clients").await.ok();
    for empty in ["q=", "q=%20"] {
        assert_eq!(ann.get(&format!("/v1/clients?{empty}")).await.ok()["data"], all["data"], "{empty}");
    }
    ann.get("/v1/clients?q=%00").await.problem(400, "invalid_parameter");
    let long = "x".repeat(201);
    ann.get(&format!("/v1/clients?q={long}")).await.problem(400, "invalid_parameter");
}

#[actix_web::test]
async fn a_word_that_is_nearly_a_frequent_one_is_taken_for_that_by_who_sees_all() {
    let world = world().await;
    let many = create(&world.ann, "Иван Николаевич").await;
    create(&world.ann, "Николебич").await;
    let copies = format!(
        "INSERT INTO clients (id, version, created_at, updated_at, kind, name, status, owner_id, team_id, is_key, messengers, tags)
        SELECT gen_random_uuid(), 1, created_at, updated_at, kind, name, status, owner_id, team_id, is_key, '[]', '{{}}'
        FROM clients, generate_series(1, 1100) WHERE id = '{}'",
        many["id"].as_str().unwrap()
    );
    world.app.sql(&copies).await;
    let asked = |path: &str, words: &str| {
        let words: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
        format!("/v1/clients{path}q={words}")
    };
    let total = async |who: &TestUser| who.get(&asked("?total=true&limit=1&", "Николевич")).await.ok()["total"].clone();
    assert_eq!(total(&world.sue).await, 1102, "nothing is known to be frequent yet");
    world.app.sql("ANALYZE clients").await;
    assert_eq!(total(&world.sue).await, 1101);
    assert_eq!(total(&world.ann).await, 1102, "what is frequent with others is not told");
    let rare = world.sue.get(&asked("?", "Николебич")).await.ok();
    assert_eq!(rare["data"].as_array().unwrap().len(), 1, "a word that somebody has stays as it is");
    let grouped = world.sue.get(&asked("/summary?by=kind&", "Николевич")).await.ok();
    assert_eq!(grouped["groups"][0]["count"], 1101);
}

#[actix_web::test]
async fn the_best_match_comes_first() {
    let world = world().await;
    for name in ["Something with romashka inside of it", "Romashka", "Romashkaland"] {
        create(&world.ann, name).await;
    }
    let found = names(&world.ann, "q=romashka").await;
    assert_eq!(found.len(), 3);
    assert_eq!(found[2], "Romashkaland", "a whole word is a better match than a part of one");
}

async fn in_order(world: &World) {
    for name in ["b", "c", "a"] {
        world.app.advance(Duration::seconds(1));
        let client = create(&world.ann, name).await;
        if name == "b" {
            world.app.advance(Duration::minutes(5));
            let _ = world.ann.patch(path(&client), &client, json!({"industry": "Retail"})).await.ok();
            world.app.advance(-Duration::minutes(5));
        }
    }
}

#[actix_web::test]
async fn every_sort_goes_both_ways() {
    let world = world().await;
    in_order(&world).await;
    for (sort, expected) in [
        ("sort=name", ["a", "b", "c"]),
        ("sort=-name", ["c", "b", "a"]),
        ("sort=created_at", ["b", "c", "a"]),
        ("sort=-created_at", ["a", "c", "b"]),
        ("sort=updated_at", ["c", "a", "b"]),
        ("sort=-updated_at", ["b", "a", "c"]),
        ("", ["b", "a", "c"]),
    ] {
        assert_eq!(names(&world.ann, sort).await, expected, "{sort}");
    }
    for wrong in ["", "-", "--name", "Name", "id", "credit_limit", "name,created_at", "name desc"] {
        let refused = world.ann.get(&format!("/v1/clients?sort={}", wrong.replace(' ', "%20"))).await;
        assert_eq!(refused.problem(400, "invalid_parameter")["errors"][0]["pointer"], "sort", "{wrong}");
    }
}

#[actix_web::test]
async fn a_page_shows_what_is_asked_for() {
    let world = world().await;
    let client = create(&world.ann, "Client").await;
    let one = async |query: &str| -> Value {
        let mut item = world.ann.get(&format!("/v1/clients?{query}")).await.ok()["data"][0].take();
        let single = world.ann.get(&format!("{}?{query}", path(&client))).await.ok();
        item["path"] = single["path"].clone();
        assert_eq!(item, single, "a list and a single answer show the same");
        item.as_object_mut().unwrap().remove("path");
        item
    };
    let owner = one("include=owner").await["owner"].take();
    assert_eq!((&owner["id"], &owner["name"]), (&json!(world.ann.id), &json!("ann")));
    assert!(one("").await.get("owner").is_none());
    assert_eq!(one("fields=name,id").await, json!({"id": client["id"], "name": "Client"}));
    assert_eq!(one("fields=owner&include=owner").await["owner"]["name"], "ann");
    let page = world.ann.get("/v1/clients").await.ok();
    assert!(page.get("total").is_none() && page["next_cursor"].is_null());
    for wrong in ["fields=secret", "fields=", "fields=id,,name", "include=team", "include=", "total=yes"] {
        world.ann.get(&format!("/v1/clients?{wrong}")).await.problem(400, "invalid_parameter");
    }
}
