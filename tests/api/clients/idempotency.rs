//! The same request twice has one effect and one answer.

use actix_web::http::Method;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{create, path, world};
use crate::{
    calls::World,
    harness::{Answer, TestUser},
};

async fn post(who: &TestUser, path: &str, key: &str, body: Value) -> Answer {
    let request = who.request(Method::POST, path).insert_header(("Idempotency-Key", key));
    who.send(request.insert_header(("If-Match", "*")).set_json(body)).await
}

fn new(name: &str) -> Value {
    json!({"kind": "person", "name": name})
}

#[actix_web::test]
async fn a_repeated_request_gets_the_first_answer() {
    let world = world().await;
    let first = post(&world.ann, "/v1/clients", "key 1", new("Client")).await;
    assert_eq!(first.header("idempotency-replayed"), None);
    let (_, location) = (first.status, first.header("location").map(str::to_owned));
    let tag = first.header("etag").map(str::to_owned);
    let client = first.created();
    let _ = world.ann.patch(path(&client), &client, json!({"name": "Renamed"})).await.ok();
    let other_server = world.ann.at(&world.app.second_server().await);
    for who in [&world.ann, &other_server] {
        let again = post(who, "/v1/clients", "key 1", new("Client")).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.header("location").map(str::to_owned), location);
        assert_eq!(again.header("etag").map(str::to_owned), tag);
        assert_eq!(again.created(), client);
    }
    assert_eq!(world.app.count("clients").await, 1);
    assert_eq!(post(&world.ann, "/v1/clients", "key 2", new("Client")).await.status, 201);
    assert_eq!(world.app.count("clients").await, 2);
}

#[actix_web::test]
async fn a_transition_is_replayed_though_its_state_is_gone() {
    let world = world().await;
    let client = create(&world.ann, "Client").await;
    let address = format!("{}/qualify", path(&client));
    let first = post(&world.ann, &address, "key", json!({"reason": "x"})).await.ok();
    let again = post(&world.ann, &address, "key", json!({"reason": "x"})).await.ok();
    assert_eq!(first, again);
    post(&world.ann, &address, "other key", json!({"reason": "x"})).await.problem(409, "invalid_state");
    assert_eq!(world.app.events(&client["id"]).await, ["clients.created", "clients.qualified"]);
}

#[actix_web::test]
async fn a_key_is_good_for_one_request() {
    let world = world().await;
    let client = post(&world.ann, "/v1/clients", "key", new("Client")).await.created();
    post(&world.ann, "/v1/clients", "key", new("Another")).await.problem(422, "idempotency_mismatch");
    let elsewhere = format!("{}/qualify", path(&client));
    post(&world.ann, &elsewhere, "key", new("Client")).await.problem(400, "unknown_field");
    post(&world.ann, &elsewhere, "key", json!({})).await.problem(422, "idempotency_mismatch");
    assert_eq!(world.app.count("clients").await, 1);
}

#[actix_web::test]
async fn keys_of_others_are_others_keys() {
    let world = world().await;
    let anns = post(&world.ann, "/v1/clients", "key", new("Client")).await.created();
    let answer = post(&world.mia, "/v1/clients", "key", new("Client")).await;
    assert_eq!(answer.header("idempotency-replayed"), None);
    let mias = answer.created();
    assert_ne!(anns["id"], mias["id"]);
    assert_eq!(mias["owner_id"], json!(world.mia.id));
    assert_eq!(post(&world.mia, "/v1/clients", "key", new("Another")).await.status, 422);
}

#[actix_web::test]
async fn a_refusal_is_not_kept() {
    let world = world().await;
    post(&world.ann, "/v1/clients", "key", json!({"kind": "person"})).await.field_error("/name", "required");
    let wrong = json!({"kind": "person", "name": "x", "employees": -1});
    post(&world.ann, "/v1/clients", "key", wrong).await.field_error("/employees", "too_small");
    assert_eq!(post(&world.ann, "/v1/clients", "key", new("Client")).await.status, 201);
    assert_eq!(world.app.count("idempotency_keys").await, 1);
}

#[actix_web::test]
async fn parallel_equal_requests_have_one_effect() {
    let world = world().await;
    let second = world.ann.at(&world.app.second_server().await);
    let servers = [&world.ann, &second];
    let racing = (0..20).map(|n| post(servers[n % 2], "/v1/clients", "key", new("Client")));
    let answers = join_all(racing).await;
    let mut ids: Vec<Value> = Vec::new();
    for answer in answers {
        if answer.status == 201 {
            ids.push(answer.created()["id"].clone());
        } else {
            assert!(answer.header("retry-after").is_some());
            answer.problem(409, "idempotency_in_progress");
        }
    }
    assert!(!ids.is_empty() && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    for table in ["clients", "audit_events WHERE resource = 'clients'", "outbox_events WHERE resource = 'clients'"] {
        assert_eq!(world.app.count(table).await, 1, "{table}");
    }
}

#[actix_web::test]
async fn a_key_has_1_to_255_printable_characters() {
    let world = world().await;
    for wrong in [String::new(), "x".repeat(256), "ключ".to_owned(), "tab\there".to_owned()] {
        let refused = post(&world.ann, "/v1/clients", &wrong, new("Client")).await.problem(400, "invalid_header");
        assert_eq!(refused["errors"][0]["pointer"], "Idempotency-Key");
    }
    assert_eq!(post(&world.ann, "/v1/clients", &"~".repeat(255), new("Client")).await.status, 201);
}

/// A client that Kim creates with an idempotency key and a confidential field; returns the body and the client.
async fn confidential_client(world: &World) -> (Value, Value) {
    let body = json!({"kind": "organization", "name": "Client", "confidential_note": "Pays late"});
    let client = post(&world.kim, "/v1/clients", "key", body.clone()).await.created();
    assert_eq!(client["confidential_note"], "Pays late");
    (body, client)
}

/// ASVS 8.3.2: a stored answer does not show what the caller may no longer see.
#[actix_web::test]
async fn an_answer_is_not_repeated_to_who_has_other_rights_by_now() {
    let world = world().await;
    let (body, client) = confidential_client(&world).await;
    let again = async || post(&world.kim, "/v1/clients", "key", body.clone()).await;
    let update = async |sql: &str| {
        world.app.sql(sql).await;
        world.app.parts().callers.forget();
    };
    let grants = |reach: &str| {
        format!(
            "UPDATE role_policies SET grants = grants || '{{\"clients:read_confidential\": \"{reach}\"}}' \
             WHERE role = 'key_account_manager'"
        )
    };
    let kim = |what: &str, value: &dyn std::fmt::Display| {
        format!("UPDATE users SET {what} = '{value}' WHERE id = '{}'", world.kim.id)
    };
    let join = format!("INSERT INTO account_team_members SELECT id, '{}', now() FROM clients", world.kim.id);
    for (other, former) in [
        (grants("none"), grants("own")),
        (kim("role", &"manager"), kim("role", &"key_account_manager")),
        (kim("team_id", &world.mia.team_id), kim("team_id", &world.kim.team_id)),
        (join, "DELETE FROM account_team_members".to_owned()),
    ] {
        assert_eq!(again().await.header("idempotency-replayed"), Some("true"), "{other}");
        update(&other).await;
        let withheld = again().await;
        assert_eq!(withheld.header("idempotency-replayed"), None);
        let told = String::from_utf8_lossy(&withheld.body).into_owned();
        assert!(!told.contains("Pays late") && !told.contains("Client\""), "{told}");
        let problem = withheld.problem(409, "answer_withheld");
        assert_eq!(problem["location"], client["path"], "{other}");
        // A different request with this key does not even get the location.
        let mismatch = post(&world.kim, "/v1/clients", "key", new("Another")).await;
        assert_eq!(mismatch.status, 422, "{other}: {:?}", mismatch.body);
        update(&former).await;
    }
    assert_eq!(again().await.created(), client);
    assert_eq!(world.app.count("clients").await, 1);
}

#[actix_web::test]
async fn each_of_several_account_teams_counts_among_the_rights_and_their_order_does_not() {
    let world = world().await;
    let clients = [client_of_mia(&world).await, client_of_mia(&world).await, client_of_mia(&world).await];
    let [one, two, three] = &clients;
    let teams = async |joined: &[&String]| {
        world.app.sql("DELETE FROM account_team_members").await;
        for client in joined {
            let join = format!("INSERT INTO account_team_members VALUES ('{client}', '{}', now())", world.kim.id);
            world.app.sql(&join).await;
        }
        world.app.parts().callers.forget();
    };
    teams(&[one, two]).await;
    let (body, _) = confidential_client(&world).await;
    let again = async || post(&world.kim, "/v1/clients", "key", body.clone()).await;
    for same in [[one, two], [two, one]] {
        teams(&same).await;
        assert_eq!(again().await.header("idempotency-replayed"), Some("true"));
    }
    for other in [&[one][..], &[two], &[one, three], &[two, three], &[one, two, three], &[]] {
        teams(other).await;
        again().await.problem(409, "answer_withheld");
    }
}

/// The id of a new client that is out of Kim's reach.
async fn client_of_mia(world: &World) -> String {
    world.client_of(&world.mia).await["id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn an_answer_that_was_kept_for_other_rights_is_not_repeated() {
    let world = world().await;
    let (body, client) = confidential_client(&world).await;
    world.app.sql("UPDATE idempotency_keys SET rights_digest = '\\x00'").await;
    let problem = post(&world.kim, "/v1/clients", "key", body).await.problem(409, "answer_withheld");
    assert_eq!(problem["location"], client["path"]);
    // A request that created nothing has no location.
    let qualify = format!("{}/qualify", path(&client));
    let _ = post(&world.kim, &qualify, "other key", json!({})).await.ok();
    world.app.sql("UPDATE idempotency_keys SET rights_digest = '\\x00'").await;
    let problem = post(&world.kim, &qualify, "other key", json!({})).await.problem(409, "answer_withheld");
    assert_eq!(problem["location"], Value::Null);
}

#[actix_web::test]
async fn without_the_right_there_is_no_replay() {
    let world = world().await;
    let client = create(&world.kim, "Client").await;
    let address = format!("{}/qualify", path(&client));
    let body = json!({});
    assert_eq!(post(&world.kim, &address, "key", body.clone()).await.status, 200);
    let kims = format!("DELETE FROM sessions WHERE user_id = '{}' RETURNING 'gone' AS value", world.kim.id);
    world.app.text(&kims).await;
    world.app.parts().callers.forget();
    assert_eq!(post(&world.kim, &address, "key", body).await.status, 401);
}
