//! Lists of who sees rows for several reasons: their own, those of the team's key clients, those of account teams.

use std::collections::BTreeSet;

use chrono::Duration;
use serde_json::{Value, json};

use crate::{
    calls::{World, new_order, unique},
    harness::{TestApp, TestUser},
};

/// The id of a new client with one of everything that belongs to it; of two rounds that follow each other, only one passes
/// the filters.
async fn everything(world: &World, owner: &TestUser, is_key: bool, round: usize) -> String {
    let passes = round.is_multiple_of(2);
    let either = |this: &'static str, that: &'static str| json!(if passes { this } else { that });
    let kind = either("organization", "person");
    let client = json!({"kind": kind, "name": unique("Client"), "owner_id": owner.id});
    let mut client = world.sam.post("/v1/clients", client).await.created();
    if is_key {
        client = world.step(&client, "designate-key").await;
    }
    let id = &client["id"];
    let contact = json!({"client_id": id, "name": "Maria", "decision_role": either("user", "influencer")});
    let interaction = json!({"client_id": id, "channel": either("email", "phone"), "purpose": "negotiation",
        "subject": "Prices", "scheduled_at": format!("2026-12-{:02}T09:00:00Z", 1 + round)});
    let contract = json!({"client_id": id, "title": "Supply", "amount": "1000.00", "currency": either("RUB", "EUR"),
        "starts_on": "2026-12-01"});
    let mut order = new_order(world, &client).await;
    order["priority"] = either("high", "normal");
    for (path, body) in [
        ("/v1/contacts", contact),
        ("/v1/interactions", interaction),
        ("/v1/contracts", contract),
        ("/v1/orders", order),
    ] {
        world.sam.post(path, body).await.created();
    }
    id.as_str().unwrap().to_owned()
}

/// The ids of all pages, in their order.
async fn walk(who: &TestUser, path: &str, query: &str) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = who.get(&format!("{path}?limit=5&{query}{cursor}")).await.ok();
        ids.extend(page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

/// What a supervisor sees of `clients`, in one page.
async fn whole(sue: &TestUser, path: &str, query: &str, clients: &BTreeSet<String>) -> Vec<String> {
    let page = sue.get(&format!("{path}?limit=200&{query}")).await.ok();
    assert_eq!(page["next_cursor"], Value::Null);
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let client = if path == "/v1/clients" { "id" } else { "client_id" };
    let rows = page["data"].as_array().unwrap().iter();
    rows.filter(|row| clients.contains(&text(row, client))).map(|row| text(row, "id")).collect()
}

#[actix_web::test]
async fn a_walk_through_all_parts_of_a_reach_meets_everything_once_and_in_order() {
    let world = World::over(TestApp::start().await).await;
    let (mut anns, mut kims) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..4 {
        for (owner, is_key, joins, is_anns, is_kims) in [
            (&world.ann, false, false, true, false),
            (&world.kim, false, false, false, true),
            (&world.kim, true, false, false, true),
            (&world.kai, false, false, false, false),
            (&world.kai, true, false, false, true),
            (&world.kai, true, true, true, true),
            (&world.leo, false, true, true, true),
            (&world.leo, true, false, false, false),
        ] {
            let id = everything(&world, owner, is_key, round).await;
            if joins {
                let client = world.sue.get(&format!("/v1/clients/{id}")).await.ok();
                let team = format!("/v1/clients/{id}/account-team");
                let _ = world.sue.put(&team, &client, json!({"user_ids": [world.ann.id, world.kim.id]})).await.ok();
            }
            if is_anns {
                anns.insert(id.clone());
            }
            if is_kims {
                kims.insert(id);
            }
        }
        world.app.advance(Duration::seconds(1));
    }
    for (path, filter, sorts) in [
        ("/v1/clients", "kind=organization", &["-updated_at", "updated_at", "name", "-created_at"][..]),
        ("/v1/contacts", "decision_role=user", &["-updated_at", "updated_at", "name"]),
        ("/v1/interactions", "channel=email", &["-at", "at", "updated_at"]),
        ("/v1/contracts", "currency=RUB", &["-updated_at", "updated_at", "number"]),
        ("/v1/orders", "priority=high", &["-updated_at", "updated_at", "-ordered_on"]),
    ] {
        for sort in sorts {
            for query in [format!("sort={sort}"), format!("sort={sort}&{filter}")] {
                for (who, clients) in [(&world.ann, &anns), (&world.kim, &kims)] {
                    let expected = whole(&world.sue, path, &query, clients).await;
                    assert_eq!(expected.len(), clients.len() / if query.contains(filter) { 2 } else { 1 });
                    assert_eq!(walk(who, path, &query).await, expected, "{path}?{query}");
                }
            }
        }
    }
}

/// Without one, a page of them would be looked for among the rows of everybody.
#[actix_web::test]
async fn own_rows_and_those_of_the_teams_key_clients_have_an_index_in_the_usual_order() {
    let app = TestApp::start().await;
    for (table, newest) in [
        ("clients", "updated_at"),
        ("contacts", "updated_at"),
        ("interactions", "at"),
        ("contracts", "updated_at"),
        ("orders", "updated_at"),
    ] {
        let sql = format!("SELECT indexdef AS value FROM pg_indexes WHERE tablename = '{table}'");
        let indexes = app.text(&sql).await;
        for part in [
            format!("(owner_id, {newest} DESC, id DESC)"),
            format!("(team_id, {newest} DESC, id DESC)"),
            format!("(team_id, {newest} DESC, id DESC) WHERE is_key"),
        ] {
            assert!(indexes.iter().any(|index| index.ends_with(&part)), "{table} {part}: {indexes:#?}");
        }
    }
}
