//! A manager reaches their own clients, a key-account manager also the team's key clients, a supervisor all clients.

use serde_json::json;

use super::{create, path, set, world};
use crate::{
    calls::{World, step_body},
    harness::TestUser,
};

/// Clients of everyone, named by their owner.
async fn everyones(world: &World) -> Vec<serde_json::Value> {
    let mut clients = Vec::new();
    let owners = [
        ("ann", &world.ann),
        ("bob", &world.bob),
        ("kim", &world.kim),
        ("kai", &world.kai),
        ("mia", &world.mia),
        ("leo", &world.leo),
    ];
    for (name, owner) in owners {
        clients.push(create(owner, &format!("{name} ordinary")).await);
    }
    for (name, owner) in [("kim", &world.kim), ("kai", &world.kai), ("leo", &world.leo)] {
        let client = create(owner, &format!("{name} key")).await;
        clients.push(world.step(&client, "designate-key").await);
    }
    clients
}

fn expected(world: &World) -> Vec<(&'static str, &TestUser, Vec<&'static str>)> {
    vec![
        ("ann", &world.ann, vec!["ann ordinary"]),
        ("bob", &world.bob, vec!["bob ordinary"]),
        ("kim", &world.kim, vec!["kai key", "kim key", "kim ordinary"]),
        ("kai", &world.kai, vec!["kai key", "kai ordinary", "kim key"]),
        ("mia", &world.mia, vec!["mia ordinary"]),
        ("leo", &world.leo, vec!["leo key", "leo ordinary"]),
    ]
}

#[actix_web::test]
async fn lists_totals_and_searches_hold_what_is_within_reach() {
    let world = world().await;
    everyones(&world).await;
    for (me, who, names) in expected(&world) {
        let some = format!("owner_id={}&owner_id={}&owner_id={}", world.kim.id, world.ann.id, who.id);
        for query in ["", "q=key", "q=ordinary", "is_key=true", &some, "sort=name", "status=lead", "fields=name"] {
            let wanted = |name: &&str| match query {
                "q=key" | "is_key=true" => name.ends_with("key"),
                "q=ordinary" => name.ends_with("ordinary"),
                query if query == some => ["kim", "ann", me].iter().any(|owner| name.starts_with(owner)),
                _ => true,
            };
            let wanted: Vec<&str> = names.iter().copied().filter(wanted).collect();
            assert_eq!(set(who, query).await, wanted, "{query}");
            let page = who.get(&format!("/v1/clients?total=true&limit=1&{query}")).await.ok();
            assert_eq!(page["total"], json!(wanted.len()), "{query}");
        }
        assert_eq!(set(who, "q=leo").await.len(), names.iter().filter(|name| name.starts_with("leo")).count());
    }
    assert_eq!(set(&world.sue, "").await.len(), 9);
}

#[actix_web::test]
async fn what_is_out_of_reach_is_not_found_by_any_verb() {
    let world = world().await;
    let clients = everyones(&world).await;
    for (_, who, names) in expected(&world) {
        for client in &clients {
            let seen = names.contains(&client["name"].as_str().unwrap());
            let status = who.get(path(client)).await.status;
            assert_eq!(status, if seen { 200 } else { 404 }, "{}", client["name"]);
            if seen {
                continue;
            }
            who.patch(path(client), client, json!({"name": "Mine"})).await.problem(404, "not_found");
            // Even a faulty request must not reveal that the client exists.
            who.patch(path(client), &json!({"version": 99}), json!({})).await.problem(404, "not_found");
            for verb in ["verify", "qualify", "mark-lost", "archive"] {
                who.transition(verb, client, step_body(verb)).await.problem(404, "not_found");
            }
        }
    }
    for client in &clients {
        assert_eq!(world.sue.get(path(client)).await.ok()["version"], client["version"]);
    }
}

#[actix_web::test]
async fn reach_follows_the_designation() {
    let world = world().await;
    let client = create(&world.kim, "Client").await;
    world.kai.get(path(&client)).await.problem(404, "not_found");
    let key = world.sue.transition("designate-key", &client, json!({})).await.ok();
    assert_eq!(world.kai.get(path(&client)).await.status, 200);
    world.leo.get(path(&client)).await.problem(404, "not_found");
    let _ = world.kai.transition("revoke-key", &key, json!({})).await.ok();
    world.kai.get(path(&client)).await.problem(404, "not_found");
    assert_eq!(world.kim.get(path(&client)).await.status, 200);
}
