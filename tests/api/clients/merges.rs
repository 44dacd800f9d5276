//! Two clients that were one are merged, and parted again.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{create, create_with, path, world};
use crate::{
    calls::{World, new_order},
    harness::TestUser,
};

fn body(survivor: &Value, merged: &Value) -> Value {
    json!({"survivor_id": survivor["id"], "merged_id": merged["id"], "reason": "Entered twice"})
}

async fn merge(user: &TestUser, survivor: &Value, merged: &Value) -> Value {
    user.post("/v1/client-merges", body(survivor, merged)).await.created()
}

/// A contact, a contract, an order under it and an interaction about both, of the caller's client.
async fn fill(world: &World, user: &TestUser, client: &Value) -> [Value; 4] {
    let id = &client["id"];
    let contact = json!({"client_id": id, "name": "Мария", "is_primary": true});
    let contact = user.post("/v1/contacts", contact).await.created();
    let contract = json!({"client_id": id, "title": "Supply", "amount": "1000000.00", "currency": "RUB",
        "starts_on": "2026-11-01"});
    let contract = user.post("/v1/contracts", contract).await.created();
    world.put_into("contracts", &contract, "active").await;
    let mut order = new_order(world, client).await;
    order["contract_id"] = contract["id"].clone();
    let order = user.post("/v1/orders", order).await.created();
    let plan = json!({"client_id": id, "contact_id": contact["id"], "contract_id": contract["id"], "order_id": order["id"],
        "channel": "phone", "purpose": "follow_up", "subject": "Call", "scheduled_at": "2026-12-01T10:00:00Z"});
    let plan = user.post("/v1/interactions", plan).await.created();
    [contact, contract, order, plan]
}

#[actix_web::test]
async fn everything_moves_to_the_survivor() {
    let world = world().await;
    let (ann, bob) = (&world.ann, &world.bob);
    let survivor = create_with(ann, json!({"name": "Ромашка", "phone": "+74951234567", "tags": ["a"]})).await;
    let twin = json!({"name": "Ромашка ООО", "phone": "+74957654321", "email": "a@r.example", "tags": ["b"], "owner_id": bob.id,
        "external_ids": [{"source": "erp", "id": "7"}], "address": {"city": "Тверь"}});
    let merged = create_with(&world.sue, twin).await;
    let things = fill(&world, bob, &merged).await;
    let child = create_with(&world.sue, json!({"name": "Child", "parent_id": merged["id"]})).await;
    let preview = world.sue.post("/v1/client-merges/preview", body(&survivor, &merged)).await.ok();
    assert_eq!(
        preview["moved"],
        json!({"contacts": 1, "contracts": 1, "orders": 1, "interactions": 1, "access_requests": 0,
        "children": 1})
    );
    let of = |field: &str| preview["differences"].as_array().unwrap().iter().find(|row| row["field"] == field).cloned();
    let phone =
        json!({"field": "phone", "survivor": "+74951234567", "merged": "+74957654321", "result": "+74951234567"});
    assert_eq!(of("phone"), Some(phone));
    assert_eq!(of("industry"), None);
    assert_eq!(world.sue.get(path(&survivor)).await.ok()["version"], 1, "a preview changes nothing");

    let made = merge(&world.sue, &survivor, &merged).await;
    assert_eq!((&made["merged_name"], &made["actions"]), (&json!("Ромашка ООО"), &json!(["undo"])));
    assert_eq!(made["moved"], preview["moved"]);
    let now = world.sue.get(path(&survivor)).await.ok();
    for (field, expected) in [
        ("name", json!("Ромашка")),
        ("owner_id", json!(ann.id)),
        ("phone", json!("+74951234567")),
        ("other_phones", json!([{"label": null, "number": "+74957654321"}])),
        ("email", json!("a@r.example")),
        ("tags", json!(["a", "b"])),
        ("external_ids", json!([{"source": "erp", "id": "7"}])),
        ("next_interaction_at", json!("2026-12-01T10:00:00Z")),
        ("version", json!(2)),
    ] {
        assert_eq!(now[field], expected, "{field}");
        if !["version", "next_interaction_at"].contains(&field) {
            assert_eq!(preview["survivor"][field], expected, "{field}");
        }
    }
    for thing in &things {
        let moved = ann.get(path(thing)).await.ok();
        assert_eq!((&moved["client_id"], &moved["owner_id"]), (&survivor["id"], &json!(ann.id)), "{}", path(thing));
        bob.get(path(thing)).await.problem(404, "not_found");
    }
    assert_eq!(ann.get(path(&things[0])).await.ok()["is_primary"], true);
    assert_eq!(world.sue.get(path(&child)).await.ok()["parent_id"], survivor["id"]);
    assert_eq!(
        super::names(ann, "q=%D0%9C%D0%B0%D1%80%D0%B8%D1%8F").await,
        ["Ромашка"],
        "found by the contact that moved"
    );
    assert_eq!(world.app.events(&survivor["id"]).await.last().unwrap(), "clients.merged");
    assert_eq!(world.app.events(&merged["id"]).await.last().unwrap(), "clients.deleted");
    let timeline = ann.get(&format!("{}/timeline", path(&survivor))).await.ok();
    let has = |action: &str, resource: &str| {
        timeline["data"].as_array().unwrap().iter().any(|row| row["action"] == action && row["resource"] == resource)
    };
    assert!(has("merged", "clients") && has("created", "contracts"), "{timeline}");
}

#[actix_web::test]
async fn the_id_that_was_given_up_leads_on() {
    let world = world().await;
    let ann = &world.ann;
    let [first, second, third] = [create(ann, "a").await, create(ann, "b").await, create(ann, "c").await];
    merge(ann, &second, &first).await;
    merge(ann, &third, &second).await;
    for (method, address) in [
        (Method::GET, path(&first).to_owned()),
        (Method::GET, format!("{}/timeline", path(&first))),
        (Method::GET, format!("{}/owners", path(&first))),
        (Method::GET, format!("{}/account-team", path(&second))),
        (Method::POST, format!("{}/verify", path(&first))),
        (Method::POST, format!("{}/archive", path(&second))),
    ] {
        let request = ann.request(method, &address).insert_header(("if-match", "*"));
        let refused = ann.send(request).await.problem(410, "merged");
        assert_eq!(refused["merged_into"], third["id"], "{address}");
    }
    let contact = json!({"client_id": first["id"], "name": "Maria"});
    let refused = ann.post("/v1/contacts", contact).await.problem(422, "validation_failed");
    assert_eq!((&refused["errors"][0]["code"], &refused["merged_into"]), (&json!("merged"), &third["id"]));
    let plan = json!({"client_id": first["id"], "channel": "phone", "purpose": "follow_up", "subject": "Call",
        "scheduled_at": "2026-12-01T10:00:00Z"});
    ann.post("/v1/interactions", plan).await.field_error("/client_id", "merged");
    world.mia.get(path(&first)).await.problem(404, "not_found");
    assert_eq!(super::names(ann, "").await, ["c"]);
}

#[actix_web::test]
async fn a_merge_is_undone() {
    let world = world().await;
    let (sue, bob) = (&world.sue, &world.bob);
    let survivor = create_with(&world.ann, json!({"name": "A", "phone": "+74951234567", "industry": "Retail"})).await;
    let twin = json!({"name": "B", "phone": "+74957654321", "owner_id": bob.id, "external_ids": [{"source": "erp", "id": "7"}],
        "website": "https://b.example", "industry": "Trade"});
    let merged = create_with(sue, twin).await;
    let things = fill(&world, bob, &merged).await;
    let team = format!("{}/account-team", path(&merged));
    let read = sue.get(path(&merged)).await.ok();
    let _ = sue.put(&team, &read, json!({"user_ids": [world.kim.id]})).await.ok();
    let before = sue.get(path(&merged)).await.ok();
    let mut taking = body(&survivor, &merged);
    taking["take"] = json!(["industry"]);
    let made = sue.post("/v1/client-merges", taking).await.created();
    let now = sue.get(path(&survivor)).await.ok();
    assert_eq!(now["industry"], "Trade");
    let later = sue.patch(path(&survivor), &now, json!({"website": "https://a.example"})).await.ok();
    let new = world
        .ann
        .post(
            "/v1/interactions",
            json!({"client_id": survivor["id"], "contact_id": things[0]["id"],
        "channel": "phone", "purpose": "follow_up", "subject": "New", "scheduled_at": "2026-12-02T10:00:00Z"}),
        )
        .await
        .created();

    let undone = sue.transition("undo", &made, json!({})).await.ok();
    assert_eq!((&undone["undone_by"], &undone["actions"]), (&json!(sue.id), &json!([])));
    let back = sue.get(path(&merged)).await.ok();
    for field in ["name", "phone", "owner_id", "external_ids", "website", "industry", "status", "created_at"] {
        assert_eq!(back[field], before[field], "{field}");
    }
    assert_eq!(back["next_interaction_at"], before["next_interaction_at"]);
    let left = sue.get(path(&survivor)).await.ok();
    for (field, expected) in [
        ("phone", json!("+74951234567")),
        ("other_phones", json!([])),
        ("external_ids", json!([])),
        ("industry", json!("Retail")),
        ("website", later["website"].clone()),
        ("next_interaction_at", Value::Null),
    ] {
        assert_eq!(left[field], expected, "{field}");
    }
    for thing in things.iter().chain([&new]) {
        let moved = bob.get(path(thing)).await.ok();
        assert_eq!(moved["client_id"], merged["id"], "{}", path(thing));
        world.ann.get(path(thing)).await.problem(404, "not_found");
    }
    assert_eq!(bob.get(path(&things[0])).await.ok()["is_primary"], true);
    assert_eq!(world.kim.get(path(&merged)).await.ok()["name"], "B", "the account team is back");
    assert_eq!(sue.get(&format!("{}/owners", path(&merged))).await.ok()["data"].as_array().unwrap().len(), 1);
    let again = sue.transition("undo", &undone, json!({})).await.problem(409, "invalid_state");
    assert_eq!(again["state"], "undone");
    // They may be merged once more.
    merge(sue, &left, &back).await;
}

#[actix_web::test]
async fn a_merge_stays_when_something_new_belongs_to_both() {
    let world = world().await;
    let ann = &world.ann;
    let (survivor, merged) = (create(ann, "A").await, create_with(ann, json!({"name": "B"})).await);
    let things = fill(&world, ann, &merged).await;
    let own = ann.post("/v1/contacts", json!({"client_id": survivor["id"], "name": "Own"})).await.created();
    let made = merge(ann, &survivor, &merged).await;
    let both = json!({"client_id": survivor["id"], "contact_id": own["id"], "order_id": things[2]["id"], "channel": "phone",
        "purpose": "follow_up", "subject": "Both", "scheduled_at": "2026-12-02T10:00:00Z"});
    let both = ann.post("/v1/interactions", both).await.created();
    ann.transition("undo", &made, json!({})).await.problem(409, "conflict");
    assert_eq!(ann.get(path(&things[2])).await.ok()["client_id"], survivor["id"], "nothing went back");
    let _ = ann.patch(path(&both), &both, json!({"order_id": null})).await.ok();
    let _ = ann.transition("undo", &made, json!({})).await.ok();

    let taken = create_with(ann, json!({"name": "C", "external_ids": [{"source": "erp", "id": "9"}]})).await;
    let made = merge(ann, &survivor, &taken).await;
    let now = ann.get(path(&survivor)).await.ok();
    let _ = ann.patch(path(&survivor), &now, json!({"external_ids": []})).await.ok();
    let other = create_with(ann, json!({"name": "D", "external_ids": [{"source": "erp", "id": "9"}]})).await;
    ann.transition("undo", &made, json!({})).await.problem(409, "conflict");
    let other = ann.patch(path(&other), &other, json!({"external_ids": []})).await.ok();
    assert_eq!(other["external_ids"], json!([]));
    let _ = ann.transition("undo", &made, json!({})).await.ok();
}

#[actix_web::test]
async fn what_cannot_be_one_is_not_merged() {
    let world = world().await;
    let (ann, sue) = (&world.ann, &world.sue);
    let (one, other) = (create(ann, "one").await, create(ann, "other").await);
    let post = async |user: &TestUser, survivor: &Value, merged: &Value| {
        let told = user.post("/v1/client-merges/preview", body(survivor, merged)).await;
        let done = user.post("/v1/client-merges", body(survivor, merged)).await;
        assert_eq!(told.status, done.status);
        done
    };
    post(ann, &one, &one).await.field_error("/merged_id", "same_client");
    let mias = create(&world.mia, "mias").await;
    post(ann, &one, &mias).await.field_error("/merged_id", "unknown_reference");
    post(ann, &mias, &one).await.field_error("/survivor_id", "unknown_reference");
    let person = create_with(ann, json!({"name": "person", "kind": "person"})).await;
    post(ann, &one, &person).await.field_error("/merged_id", "other_kind");
    let [kims, kais] = [create(&world.kim, "kims").await, create(&world.kai, "kais").await];
    let [kims, kais] = [world.step(&kims, "designate-key").await, world.step(&kais, "designate-key").await];
    post(sue, &kims, &kais).await.field_error("/merged_id", "two_key_clients");
    // Nobody takes a colleague's client, and its secrets, by a merge.
    let lead = create(&world.kim, "lead").await;
    for (survivor, merged) in [(&lead, &kais), (&kais, &lead), (&kims, &kais)] {
        let refused = post(&world.kim, survivor, merged).await.problem(403, "forbidden");
        assert_eq!(refused["permission"], "clients:merge");
    }
    let child = create_with(ann, json!({"name": "child", "parent_id": one["id"]})).await;
    let grandchild = create_with(ann, json!({"name": "grandchild", "parent_id": child["id"]})).await;
    for (survivor, merged) in [(&one, &child), (&child, &one), (&one, &grandchild), (&grandchild, &one)] {
        post(ann, survivor, merged).await.field_error("/merged_id", "related_client");
    }
    let archived = world.step(&create(ann, "archived").await, "archive").await;
    post(ann, &archived, &other).await.field_error("/survivor_id", "archived_client");
    let _ = merge(ann, &other, &archived).await;
    let helped = create(&world.meg, "helped").await;
    let team = format!("{}/account-team", path(&helped));
    let _ = sue.put(&team, &helped, json!({"user_ids": [ann.id]})).await.ok();
    let refused = post(ann, &one, &helped).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "clients:merge");
    for (take, code) in [(json!(["height"]), "unknown_field"), (json!(["owner_id"]), "unknown_field")] {
        let mut body = body(&one, &other);
        body["take"] = take;
        ann.post("/v1/client-merges", body).await.field_error("/take/0", code);
    }
    let mut secret = body(&one, &other);
    secret["take"] = json!(["credit_limit"]);
    let refused = ann.post("/v1/client-merges", secret).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "clients:read_confidential");
}

#[actix_web::test]
async fn lists_that_would_be_too_long_are_told() {
    let world = world().await;
    let phones = |from: u32| (from..from + 8).map(|n| json!({"number": format!("+7495123{n:04}")})).collect::<Vec<_>>();
    let one = create_with(&world.ann, json!({"name": "one", "other_phones": phones(1000)})).await;
    let other = create_with(&world.ann, json!({"name": "other", "other_phones": phones(2000)})).await;
    world.ann.post("/v1/client-merges", body(&one, &other)).await.field_error("/other_phones", "too_long");
    let mut taking = body(&one, &other);
    taking["take"] = json!(["other_phones"]);
    world.ann.post("/v1/client-merges", taking).await.created();
}

#[actix_web::test]
async fn a_request_for_access_to_both_stays_once() {
    let world = world().await;
    let ann = &world.ann;
    let one = create_with(ann, json!({"name": "one", "email": "office@one.example"})).await;
    let other = create_with(ann, json!({"name": "other", "email": "office@two.example"})).await;
    for email in ["office@one.example", "office@two.example"] {
        world.mia.post("/v1/access-requests", json!({"email": email, "reason": "They called us."})).await.created();
    }
    let open = async || {
        let page = ann.get("/v1/access-requests?status=open").await.ok();
        page["data"].as_array().unwrap().iter().filter(|row| row["status"] == "open").count()
    };
    assert_eq!(open().await, 2);
    let made = merge(ann, &one, &other).await;
    assert_eq!(open().await, 1);
    let _ = ann.transition("undo", &made, json!({})).await.ok();
    assert_eq!(open().await, 2);
}

#[actix_web::test]
async fn an_amendment_goes_back_with_its_contract() {
    let world = world().await;
    let sue = &world.sue;
    let (survivor, merged) = (create(sue, "A").await, create(sue, "B").await);
    let past = json!({"client_id": merged["id"], "signed_on": "2026-11-20", "title": "Supply of tea", "currency": "RUB",
        "starts_on": "2026-11-20"});
    let contract = sue.post("/v1/contracts/record", past).await.created();
    let made = merge(sue, &survivor, &merged).await;
    let contract = sue.get(path(&contract)).await.ok();
    assert_eq!(contract["client_id"], survivor["id"]);
    let amendment = sue.transition("amend", &contract, json!({"effective_on": "2026-11-26"})).await.created();
    sue.transition("undo", &made, json!({})).await.ok();
    for contract in [&contract, &amendment] {
        assert_eq!(sue.get(path(contract)).await.ok()["client_id"], merged["id"]);
    }
    let entries = sue.get(&format!("{}/timeline?resource=contracts", path(&merged))).await.ok();
    let drafted = &entries["data"][0];
    assert_eq!((&drafted["resource_id"], &drafted["title"]), (&amendment["id"], &json!("Supply of tea")));
}
