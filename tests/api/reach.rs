//! Lists of users who see rows for several reasons: their own rows, rows of the team's key clients, rows of account
//! teams.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use serde_json::{Value, json};

use crate::{
    calls::{World, new_order, unique},
    harness::{TestApp, TestUser},
};

/// A row that a test has created, and the values that it can be sorted by.
struct Row {
    id: String,
    client: String,
    /// The second in which the row was created and last changed. An interaction is planned for a different day in each
    /// round.
    round: usize,
    name: String,
    number: usize,
}

impl Row {
    /// Whether it passes the filters.
    fn passes(&self) -> bool {
        self.round.is_multiple_of(2)
    }

    fn key(&self, sort: &str) -> String {
        match sort {
            "updated_at" | "created_at" | "at" => self.round.to_string(),
            "name" => self.name.clone(),
            "number" => format!("{:06}", self.number),
            // All rows have the same day.
            "ordered_on" => String::new(),
            _ => panic!("nothing is known of {sort}"),
        }
    }
}

/// The rows that were created, by the path of their list.
type Rows = BTreeMap<&'static str, Vec<Row>>;

/// Creates a client with one of everything that belongs to it, and returns its id. Only every second round passes the
/// filters.
async fn everything(world: &World, owner: &TestUser, is_key: bool, round: usize, rows: &mut Rows) -> String {
    let passes = round.is_multiple_of(2);
    let either = |this: &'static str, that: &'static str| json!(if passes { this } else { that });
    let (kind, name) = (either("organization", "person"), unique("Client"));
    let mut client =
        world.sam.post("/v1/clients", json!({"kind": kind, "name": name, "owner_id": owner.id})).await.created();
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
    let mut made = vec![("/v1/clients", client.clone())];
    for (path, body) in [
        ("/v1/contacts", contact),
        ("/v1/interactions", interaction),
        ("/v1/contracts", contract),
        ("/v1/orders", order),
    ] {
        made.push((path, world.sam.post(path, body).await.created()));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for (path, row) in made {
        let (rows, name) =
            (rows.entry(path).or_default(), text(if path == "/v1/clients" { &name } else { &Value::Null }));
        rows.push(Row { id: text(&row["id"]), client: text(id), round, name, number: rows.len() });
    }
    text(id)
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

/// The ids of the rows that belong to `clients`, in the order of `sort`.
fn sorted(rows: &[Row], sort: &str, clients: &BTreeSet<String>, is_filtered: bool) -> Vec<String> {
    let mut rows: Vec<&Row> = rows.iter().filter(|row| clients.contains(&row.client)).collect();
    rows.retain(|row| row.passes() || !is_filtered);
    let (key, descending) = sort.strip_prefix('-').map_or((sort, false), |key| (key, true));
    rows.sort_by_key(|row| (row.key(key), &row.id));
    if descending {
        rows.reverse();
    }
    rows.into_iter().map(|row| row.id.clone()).collect()
}

#[actix_web::test]
async fn a_walk_through_all_parts_of_a_reach_meets_everything_once_and_in_order() {
    let world = World::over(TestApp::start().await).await;
    let (mut rows, mut anns, mut kims) = (Rows::new(), BTreeSet::new(), BTreeSet::new());
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
            let id = everything(&world, owner, is_key, round, &mut rows).await;
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
            for (query, is_filtered) in [(format!("sort={sort}"), false), (format!("sort={sort}&{filter}"), true)] {
                for (who, clients) in [(&world.ann, &anns), (&world.kim, &kims)] {
                    let expected = sorted(&rows[path], sort, clients, is_filtered);
                    assert_eq!(expected.len(), clients.len() / if is_filtered { 2 } else { 1 });
                    assert_eq!(walk(who, path, &query).await, expected, "{path}?{query}");
                }
            }
        }
    }
}

/// Without such an index, the database would search all users' rows for a page.
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
