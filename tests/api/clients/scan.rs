//! A job finds the pairs among all clients that were entered without anybody noticing.

use serde_json::{Value, json};

use super::world;
use crate::{calls::World, harness::TestUser};

const SCAN: &str = "/v1/clients/duplicates/scan";

/// A company in a town, entered by `user`.
async fn company(user: &TestUser, name: &str, city: &str, more: Value) -> String {
    let mut body = json!({"kind": "organization", "name": name, "address": {"city": city},
        "allow_duplicate": {"reason": "Nobody has looked"}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user.post("/v1/clients", body).await.created()["id"].as_str().unwrap().to_owned()
}

/// Lets a supervisor look for pairs, and returns what both of each have in common, by both ids.
async fn scan(world: &World) -> Vec<(Value, Value, Value)> {
    let job = world.sue.post(SCAN, json!({})).await;
    assert_eq!(job.status, 202);
    let job = job.json();
    assert_eq!((&job["kind"], &job["state"]), (&json!("duplicate_scan"), &json!("queued")));
    assert_eq!(world.sue.post(SCAN, json!({})).await.json()["id"], job["id"], "one works at a time");
    assert_eq!(world.app.work().await, 1);
    let done = world.sue.get(&format!("/v1/jobs/{}", job["id"].as_str().unwrap())).await.ok();
    assert_eq!((&done["state"], &done["done"]), (&json!("succeeded"), &done["total"]), "{done}");
    let pairs = world.sue.get("/v1/clients/duplicates?limit=200").await.ok()["data"].clone();
    let pairs = pairs.as_array().unwrap().iter();
    pairs.map(|pair| (pair["client_id"].clone(), pair["other_id"].clone(), pair["reasons"].clone())).collect()
}

#[actix_web::test]
async fn names_with_a_slip_are_found_in_one_town() {
    let world = world().await;
    let first = company(&world.ann, "ООО «Ромашка»", "Самара", json!({})).await;
    let slip = company(&world.mia, "Рамашка, OOO", "Самара", json!({})).await;
    let latin = company(&world.mia, "OOO Romaschka", "Самара", json!({})).await;
    company(&world.mia, "ООО «Ромошко»", "Самара", json!({})).await;
    company(&world.ann, "ООО «Рамошка»", "Уфа", json!({})).await;
    let known = json!({"tax_id": "7707083893"});
    let numbered = company(&world.ann, "ООО «Берёзка-Плюс»", "Самара", known).await;
    company(&world.mia, "ООО «Березка-Плюc»", "Самара", json!({"tax_id": "7736050003"})).await;
    let found = scan(&world).await;
    let has = |one: &str, other: &str| found.iter().find(|(a, b, _)| (a, b) == (&json!(one), &json!(other)));
    assert_eq!(has(&first, &slip).unwrap().2, json!(["similar_name", "city"]), "{found:?}");
    assert!(has(&first, &latin).is_some(), "{found:?}");
    assert!(
        !found.iter().any(|(a, b, _)| a == &json!(numbered) || b == &json!(numbered)),
        "other tax numbers: {found:?}"
    );
    // Of a pair whose clients are not both within reach nothing is told.
    assert_eq!(world.ann.get("/v1/clients/duplicates").await.ok()["data"], json!([]));
}

#[actix_web::test]
async fn what_was_settled_stays_settled_and_what_all_have_is_evidence() {
    let world = world().await;
    let contact = json!({"name": "Анна Петрова", "phone": "+79161112233"});
    let mut ids = Vec::new();
    for (name, phone) in [("Север", "+74951234567"), ("Полюс", "+74951234568")] {
        let id = company(
            &world.ann,
            name,
            "Омск",
            json!({"phone": phone, "email": format!("a@{}.example", phone.trim_start_matches('+'))}),
        )
        .await;
        let mut person = contact.clone();
        person["client_id"] = json!(id);
        world.ann.post("/v1/contacts", person).await.created();
        ids.push(id);
    }
    assert_eq!(scan(&world).await, [], "a town and a person alone are nothing");
    world.app.sql(&format!("UPDATE clients SET phone = '+74951234567' WHERE id = '{}'", ids[1])).await;
    let found = scan(&world).await;
    assert_eq!(found, [(json!(ids[0]), json!(ids[1]), json!(["phone", "city", "contact"]))]);
    let mut pair = world.ann.get("/v1/clients/duplicates").await.ok()["data"][0].clone();
    assert_eq!(pair["score"], 95);
    pair["path"] = json!(format!("/v1/client-duplicates/{}", pair["id"].as_str().unwrap()));
    world.ann.transition("settle", &pair, json!({})).await.ok();
    assert_eq!(scan(&world).await, []);
}

#[actix_web::test]
async fn only_who_changes_all_clients_may_look_through_them() {
    let world = world().await;
    for user in [&world.ann, &world.kim] {
        user.post(SCAN, json!({})).await.problem(403, "forbidden");
    }
    // A right that has gone by then is not used.
    let _ = world.sue.post(SCAN, json!({})).await;
    world.app.sql(&format!("UPDATE users SET role = 'manager' WHERE id = '{}'", world.sue.id)).await;
    world.app.sql("UPDATE rights_epoch SET number = number + 1").await;
    world.app.work().await;
    let job = world.sam.get("/v1/jobs?kind=duplicate_scan").await.ok()["data"][0].clone();
    assert_eq!(job["state"], "failed", "{job}");
}
