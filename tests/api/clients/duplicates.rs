//! A client is not entered twice, also by users who cannot see each other's clients.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{path, world};
use crate::harness::{Answer, TestUser};

async fn enter(user: &TestUser, members: Value) -> Answer {
    let mut body = json!({"kind": "organization", "name": "Ромашка"});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    user.post("/v1/clients", body).await
}

fn matched(problem: &Value) -> Vec<&str> {
    problem["duplicates"][0]["matched"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_certain_match_is_found_beyond_the_callers_reach() {
    let world = world().await;
    let known = json!({"name": "ООО «Ромашка»", "tax_id": "7707083893", "phone": "+74951234567", "email": "office@romashka.example",
        "other_phones": [{"number": "+78182652010"}], "other_emails": [{"address": "buh@romashka.example"}]});
    enter(&world.ann, known).await.created();
    for (given, words) in [
        (json!({"name": "А", "tax_id": " 7707 083893 "}), ["tax_id"]),
        (json!({"name": "Б", "phone": "8 (495) 123-45-67"}), ["phone"]),
        (json!({"name": "В", "phone": "8 8182 65-20-10"}), ["phone"]),
        (json!({"name": "Г", "other_phones": [{"number": "+74951234567"}]}), ["phone"]),
        (json!({"name": "Д", "email": "Office@romashka.example", "website": "https://other.example"}), ["email"]),
        (json!({"name": "Е", "email": "buh@romashka.example", "website": "https://other.example"}), ["email"]),
    ] {
        let problem = enter(&world.mia, given.clone()).await.problem(409, "duplicate_client");
        assert_eq!(matched(&problem), words, "{given}");
        let told = &problem["duplicates"][0];
        assert_eq!(told["owner_name"], "ann", "what the policy allows");
        assert!(told["client_id"].is_null() && told["name"].is_null(), "the client itself stays out of reach");
        assert_eq!(problem["may_be_allowed"], false);
        let insisting = json!({"allow_duplicate": {"reason": "I want it"}});
        let mut again = given.clone();
        again.as_object_mut().unwrap().extend(insisting.as_object().unwrap().clone());
        enter(&world.mia, again).await.problem(409, "duplicate_client");
    }
    // Persons share telephones and addresses with companies, but nobody shares a tax number.
    enter(&world.mia, json!({"kind": "person", "phone": "+74951234567"})).await.created();
    enter(&world.mia, json!({"name": "Ж"})).await.created();
}

#[actix_web::test]
async fn the_policy_says_how_much_is_told() {
    let world = world().await;
    enter(&world.ann, json!({"tax_id": "7707083893"})).await.created();
    let policy = world.sue.get("/v1/roles/manager/policy").await.ok();
    let mut body = policy.clone();
    for read_only in ["role", "version", "created_at", "updated_at", "actions", "path"] {
        body.as_object_mut().unwrap().remove(read_only);
    }
    assert_eq!(body["duplicates_tell"], "owner");
    body["duplicates_tell"] = json!("existence");
    world.sue.put("/v1/roles/manager/policy", &policy, body).await.ok();
    let problem =
        enter(&world.mia, json!({"name": "Б", "tax_id": "7707083893"})).await.problem(409, "duplicate_client");
    assert_eq!(problem["duplicates"], json!([{"matched": ["tax_id"]}]));
    let seen = enter(&world.ann, json!({"name": "Б", "tax_id": "7707083893"})).await.problem(409, "duplicate_client");
    assert_eq!(
        (&seen["duplicates"][0]["name"], &seen["duplicates"][0]["owner_name"]),
        (&json!("Ромашка"), &json!("ann"))
    );
}

#[actix_web::test]
async fn a_likely_match_is_named_within_reach_only_and_may_be_allowed() {
    let world = world().await;
    let first = enter(&world.ann, json!({"name": "ООО «Ромашка»", "website": "https://www.romashka.example/shop"}))
        .await
        .created();
    for (given, words) in [
        (json!({"name": "ромашка ООО"}), ["name"]),
        (json!({"name": "Romashka"}), ["name"]),
        (json!({"name": "Другая", "email": "sales@romashka.example"}), ["domain"]),
    ] {
        let problem = enter(&world.ann, given.clone()).await.problem(409, "duplicate_client");
        assert_eq!((matched(&problem), &problem["may_be_allowed"]), (words.to_vec(), &json!(true)), "{given}");
        assert_eq!(problem["duplicates"][0]["client_id"], first["id"]);
    }
    enter(&world.mia, json!({"name": "Ромашка"})).await.created();
    let allowed = json!({"name": "Ромашка", "allow_duplicate": {"reason": "Филиал"}});
    let second = enter(&world.ann, allowed).await.created();
    let pairs = world.ann.get("/v1/clients/duplicates").await.ok();
    let pairs = pairs["data"].as_array().unwrap();
    assert_eq!(pairs.len(), 1, "Mia's client is out of reach");
    assert_eq!((&pairs[0]["client_id"], &pairs[0]["other_id"]), (&first["id"], &second["id"]));
    assert_eq!((&pairs[0]["reasons"], &pairs[0]["allowed_because"]), (&json!(["name"]), &json!("Филиал")));
    assert_eq!(world.sue.get("/v1/clients/duplicates?total=true").await.ok()["total"], 3);
    assert_eq!(world.mia.get("/v1/clients/duplicates?total=true").await.ok()["total"], 0);
    // Mail providers say nothing of who has mail there.
    enter(&world.ann, json!({"name": "А", "email": "a@mail.ru"})).await.created();
    enter(&world.ann, json!({"name": "Б", "email": "b@mail.ru"})).await.created();
}

#[actix_web::test]
async fn branches_have_one_tax_number_and_codes_of_their_own() {
    let world = world().await;
    enter(&world.ann, json!({"name": "Главный", "tax_id": "7707083893", "kpp": "773601001"})).await.created();
    enter(&world.ann, json!({"name": "Филиал", "tax_id": "7707083893", "kpp": "290102001"})).await.created();
    for again in [json!({"kpp": "773601001"}), json!({})] {
        let mut body = json!({"name": "Ещё раз", "tax_id": "7707083893"});
        body.as_object_mut().unwrap().extend(again.as_object().unwrap().clone());
        enter(&world.ann, body).await.problem(409, "duplicate_client");
    }
}

#[actix_web::test]
async fn a_change_makes_no_duplicate_either() {
    let world = world().await;
    enter(&world.ann, json!({"name": "Первая", "tax_id": "7707083893", "phone": "+74951234567"})).await.created();
    let other = enter(&world.mia, json!({"name": "Вторая", "phone": "+79161112233"})).await.created();
    for change in [json!({"tax_id": "7707083893"}), json!({"phone": "84951234567"})] {
        world.mia.patch(path(&other), &other, change).await.problem(409, "duplicate_client");
    }
    let same = json!({"industry": "Retail", "phone": "8 916 111-22-33"});
    let other = world.mia.patch(path(&other), &other, same).await.ok();
    // A supervisor may know better.
    let knowing = json!({"tax_id": "7707083893", "allow_duplicate": {"reason": "A franchise"}});
    let changed = world.sue.patch(path(&other), &other, knowing).await.ok();
    assert_eq!(changed["tax_id"], "7707083893");
    assert_eq!(world.sue.get("/v1/clients/duplicates").await.ok()["data"][0]["reasons"], json!(["tax_id"]));
}

#[actix_web::test]
async fn of_many_who_enter_one_client_at_once_one_succeeds() {
    let world = world().await;
    let users = [&world.ann, &world.bob, &world.mia, &world.meg, &world.kim, &world.leo];
    let entries = (0..64).map(|at| {
        let user = users[at % users.len()];
        async move { enter(user, json!({"name": format!("Фирма {at}"), "tax_id": "7707083893"})).await.status }
    });
    let statuses = join_all(entries).await;
    let count = |status: u16| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((count(201), count(409)), (1, 63), "{statuses:?}");
}

#[actix_web::test]
async fn a_pair_is_settled_by_who_reaches_both() {
    let world = world().await;
    enter(&world.ann, json!({})).await.created();
    enter(&world.ann, json!({"allow_duplicate": {"reason": "A branch"}})).await.created();
    let pair = world.ann.get("/v1/clients/duplicates").await.ok()["data"][0].clone();
    let address = format!("/v1/client-duplicates/{}", pair["id"].as_str().unwrap());
    let at = |mut pair: Value| {
        pair["path"] = json!(address);
        pair
    };
    let pair = at(world.ann.get(&address).await.ok());
    world.mia.get(path(&pair)).await.problem(404, "not_found");
    assert_eq!(pair["actions"], json!(["settle"]));
    world.mia.transition("settle", &pair, json!({})).await.problem(404, "not_found");
    let settled = at(world.ann.transition("settle", &pair, json!({})).await.ok());
    assert_eq!((&settled["status"], &settled["settled_by"]), (&json!("distinct"), &json!(world.ann.id)));
    world.ann.transition("settle", &pair, json!({})).await.problem(412, "precondition_failed");
    world.ann.transition("settle", &settled, json!({})).await.problem(409, "invalid_state");
    let list = async |query: &str| world.ann.get(&format!("/v1/clients/duplicates{query}")).await.ok()["data"].clone();
    assert_eq!(list("").await, json!([]));
    assert_eq!(list("?status=distinct").await.as_array().unwrap().len(), 1);
    assert_eq!(world.app.events(&pair["id"]).await, ["client_duplicates.settled"]);
}
