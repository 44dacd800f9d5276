//! The steps of a client's life, and to whom they are offered.

use serde_json::{Value, json};

use super::{create, path, world};
use crate::{
    calls::{World, step_body},
    harness::{Answer, TestUser},
};

const STEPS: [&str; 6] = ["qualify", "activate", "mark-dormant", "mark-lost", "archive", "restore"];

/// For each status (with the steps that lead to it): the status after each of [`STEPS`], or nothing if the step is not
/// possible.
const LIFE: [(&str, &[&str], [&str; 6]); 6] = [
    ("lead", &[], ["prospect", "active", "", "lost", "archived", ""]),
    ("prospect", &["qualify"], ["", "active", "", "lost", "archived", ""]),
    ("active", &["activate"], ["", "", "dormant", "lost", "archived", ""]),
    ("dormant", &["activate", "mark-dormant"], ["", "active", "", "lost", "archived", ""]),
    ("lost", &["mark-lost"], ["", "active", "", "", "archived", ""]),
    ("archived", &["qualify", "archive"], ["", "", "", "", "", "prospect"]),
];

async fn step(who: &TestUser, client: &Value, step: &str) -> Answer {
    who.transition(step, client, step_body(step)).await
}

/// `client` after these steps, taken by a supervisor.
async fn after(world: &World, mut client: Value, steps: &[&str]) -> Value {
    for name in steps {
        client = step(&world.sam, &client, name).await.ok();
    }
    client
}

#[actix_web::test]
async fn every_step_from_every_status_leads_where_it_should() {
    let world = world().await;
    for (status, steps, targets) in LIFE {
        let possible: Vec<&str> =
            STEPS.into_iter().zip(targets).filter(|(_, to)| !to.is_empty()).map(|(step, _)| step).collect();
        for (name, target) in STEPS.into_iter().zip(targets) {
            let client = after(&world, create(&world.ann, "Client").await, steps).await;
            assert_eq!(client["status"], status);
            let answer = step(&world.ann, &client, name).await;
            if target.is_empty() {
                let problem = answer.problem(409, "invalid_state");
                assert_eq!((&problem["state"], &problem["allowed"]), (&json!(status), &json!(possible)), "{name}");
                assert_eq!(world.ann.get(path(&client)).await.ok()["version"], client["version"]);
            } else {
                let changed = answer.ok();
                assert_eq!(changed["status"], target, "{status} {name}");
                assert_eq!(changed["version"].as_i64(), client["version"].as_i64().map(|version| version + 1));
            }
        }
    }
}

#[actix_web::test]
async fn an_archived_client_is_put_away() {
    let world = world().await;
    let client = create(&world.kim, "Client").await;
    let archived = world.kim.transition("archive", &client, json!({"reason": "Closed down"})).await.ok();
    assert_eq!((&archived["status"], &archived["archived_from"]), (&json!("archived"), &json!("lead")));
    assert!(super::names(&world.kim, "").await.is_empty());
    assert_eq!(super::names(&world.kim, "status=archived").await, ["Client"]);
    assert_eq!(world.kim.get(path(&client)).await.status, 200);
    let refused = world.kim.patch(path(&client), &archived, json!({"name": "New"})).await.problem(409, "invalid_state");
    assert_eq!(refused["allowed"], json!(["restore"]));
    for verb in ["verify", "designate-key", "revoke-key"] {
        world.kim.transition(verb, &archived, json!({})).await.problem(409, "invalid_state");
    }
    let restored = world.kim.transition("restore", &archived, json!({})).await.ok();
    assert_eq!((&restored["status"], &restored["archived_from"]), (&json!("lead"), &Value::Null));
}

#[actix_web::test]
async fn verifying_notes_the_moment() {
    let world = world().await;
    let client = create(&world.ann, "Client").await;
    assert_eq!(client["last_verified_at"], Value::Null);
    world.app.advance(chrono::Duration::minutes(5));
    let verified = world.ann.transition("verify", &client, json!({})).await.ok();
    let now = world.app.parts().clock.now();
    assert_eq!((&verified["last_verified_at"], &verified["updated_at"]), (&json!(now), &json!(now)));
}

const VERBS: [&str; 12] = [
    "update",
    "verify",
    "transfer",
    "designate-key",
    "revoke-key",
    "qualify",
    "activate",
    "mark-dormant",
    "mark-lost",
    "archive",
    "restore",
    "erase",
];

async fn attempt(world: &World, who: &TestUser, client: &Value, verb: &str) -> Answer {
    match verb {
        "erase" => who.transition(verb, client, json!({"reason": "Asked for"})).await,
        "update" => who.patch(path(client), client, json!({"industry": "Retail"})).await,
        "transfer" => {
            let body =
                json!({"owner_id": if client["is_key"] == true { world.kai.id } else { world.bob.id }, "reason": "x"});
            who.transition("transfer", client, body).await
        }
        step => who.transition(step, client, step_body(step)).await,
    }
}

/// The API allows exactly the steps that it offers: for every caller, in every state.
#[actix_web::test]
async fn actions_agree_with_what_the_server_does() {
    let world = world().await;
    let of_ann = async || create(&world.ann, "Ann's").await;
    let of_kim = async || create(&world.kim, "Kim's").await;
    for (_, steps, _) in LIFE {
        for who in [&world.ann, &world.sue] {
            agree(&world, who, async || after(&world, of_ann().await, steps).await).await;
        }
        for who in [&world.kim, &world.sue] {
            agree(&world, who, async || after(&world, of_kim().await, steps).await).await;
        }
        for who in [&world.kim, &world.kai, &world.sue] {
            let key = async || after(&world, world.step(&of_kim().await, "designate-key").await, steps).await;
            agree(&world, who, key).await;
        }
    }
}

async fn agree(world: &World, who: &TestUser, make: impl AsyncFn() -> Value) {
    let mut client = make().await;
    let seen = who.get(path(&client)).await.ok();
    let page = who
        .get("/v1/clients?limit=1&status=lead&status=prospect&status=active&status=dormant&status=lost&status=archived")
        .await
        .ok();
    let listed = &page["data"][0];
    assert_eq!(listed["id"], client["id"], "the clock stands, and the newest comes first");
    assert_eq!(listed["actions"], seen["actions"]);
    let offered: Vec<&str> = seen["actions"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(offered.iter().all(|name| VERBS.contains(name)), "{offered:?}");
    for verb in VERBS {
        let answer = attempt(world, who, &client, verb).await;
        let done = matches!(answer.status, 200 | 201);
        assert_eq!(done, offered.contains(&verb), "{verb} of {client}: {:?}", answer.body);
        if done {
            client = make().await;
        } else {
            assert!(matches!(answer.status, 403 | 409), "{verb}: {:?}", answer.body);
        }
    }
}
