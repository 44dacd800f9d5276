//! Sessions: their users and supervisors see them, can distinguish them and end them.

use actix_web::{http::Method, test::TestRequest};
use chrono::Duration;
use serde_json::{Value, json};

use crate::{
    calls::{PASSWORD, World},
    harness::{TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

/// Signs `user` in with these additional form fields; `from` is the address and the user agent.
async fn sign_in(world: &World, user: &Value, fields: &[(&str, &str)], from: (&str, &str)) -> (TestUser, String) {
    let (address, agent) = from;
    let email = user["email"].as_str().unwrap();
    let form = [("grant_type", "password"), ("username", email), ("password", PASSWORD)];
    let request = TestRequest::with_uri("/v1/auth/token").method(Method::POST).peer_addr(address.parse().unwrap());
    let request = request.insert_header(("User-Agent", agent)).set_form([&form, fields].concat());
    let tokens = world.app.send(request).await.ok();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    (world.app.anonymous().with_token(&text("access_token")), text("refresh_token"))
}

async fn plainly(world: &World, user: &Value) -> TestUser {
    sign_in(world, user, &[], ("192.0.2.1:1", "tests")).await.0
}

async fn sessions(who: &TestUser, path: &str) -> Vec<Value> {
    who.get(path).await.ok()["data"].as_array().unwrap().clone()
}

fn quoted(id: &Value) -> String {
    id.to_string().replace('"', "'")
}

async fn end(who: &TestUser, path: &str) -> u16 {
    who.send(who.request(Method::DELETE, path)).await.status
}

/// ASVS 7.5.2
#[actix_web::test]
async fn a_user_sees_where_they_are_signed_in() {
    let world = world().await;
    let user = world.user().await;
    let laptop = [("client_id", "crm-web"), ("device", "Anna's laptop")];
    let (on_laptop, _) = sign_in(&world, &user, &laptop, ("192.0.2.7:1", "Mozilla/5.0")).await;
    world.app.advance(Duration::minutes(1));
    let (on_phone, refresh) = sign_in(&world, &user, &[], ("[2001:db8::7]:1", "Phone/1")).await;

    let seen = sessions(&on_laptop, "/v1/me/sessions").await;
    let told = |at: usize, name: &str| seen[at][name].clone();
    let of = |at: usize| ["client", "device", "user_agent", "address", "current"].map(|name| told(at, name));
    assert_eq!(of(0), [json!("first-party"), Value::Null, json!("Phone/1"), json!("2001:db8::7"), json!(false)]);
    let laptop = [json!("crm-web"), json!("Anna's laptop"), json!("Mozilla/5.0"), json!("192.0.2.7"), json!(true)];
    assert_eq!(of(1), laptop);
    assert_eq!(told(1, "created_at"), "2026-11-24T10:00:00Z");
    assert_eq!(told(1, "expires_at"), "2026-12-24T10:00:00Z");

    // A refresh counts as a use, from any address.
    world.app.advance(Duration::minutes(10));
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let request = TestRequest::with_uri("/v1/auth/token").method(Method::POST).set_form(form);
    let request = request.peer_addr("198.51.100.9:1".parse().unwrap()).insert_header(("User-Agent", "Phone/2"));
    let _ = world.app.send(request).await.ok();
    let phone = &sessions(&on_phone, "/v1/me/sessions?limit=1").await[0];
    let used = ["address", "user_agent", "last_used_at"].map(|name| phone[name].clone());
    assert_eq!(used, [json!("198.51.100.9"), json!("Phone/2"), json!("2026-11-24T10:11:00Z")]);
}

#[actix_web::test]
async fn a_label_that_is_none_is_not_recorded() {
    let world = world().await;
    let user = world.user().await;
    for label in ["", &"x".repeat(101), "a\nb"] {
        let (who, _) = sign_in(&world, &user, &[("device", label), ("client_id", label)], ("192.0.2.1:1", "a")).await;
        let session = sessions(&who, "/v1/me/sessions").await.into_iter().find(|one| one["current"] == true).unwrap();
        assert_eq!((&session["device"], &session["client"]), (&Value::Null, &json!("first-party")));
    }
}

/// ASVS 7.4.1, 7.5.2
#[actix_web::test]
async fn a_user_ends_their_own_sessions_and_nobody_elses() {
    let world = world().await;
    let user = world.user().await;
    let here = plainly(&world, &user).await;
    let there = plainly(&world, &user).await;
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    let mine = sessions(&there, "/v1/me/sessions").await;
    let current = id(mine.iter().find(|one| one["current"] == true).unwrap());
    let path = format!("/v1/me/sessions/{current}");

    let stranger = plainly(&world, &world.user().await).await;
    assert_eq!(end(&stranger, &path).await, 404);
    assert_eq!(there.get("/v1/me").await.status, 200);
    assert_eq!(end(&here, &path).await, 204);
    there.get("/v1/me").await.problem(401, "unauthorized");
    assert_eq!(end(&here, &path).await, 404, "what has ended is not there");
    assert_eq!(sessions(&here, "/v1/me/sessions").await.len(), 1);
    let recorded = world.app.audit(&json!(current)).await;
    assert_eq!(recorded.iter().map(|(action, _)| action.as_str()).collect::<Vec<_>>(), ["ended"]);
}

/// ASVS 7.4.3, 7.5.2
#[actix_web::test]
async fn a_user_ends_all_other_sessions_at_once() {
    let world = world().await;
    let user = world.user().await;
    let here = plainly(&world, &user).await;
    let others = [plainly(&world, &user).await, plainly(&world, &user).await];
    assert_eq!(end(&here, "/v1/me/sessions").await, 204);
    for other in &others {
        other.get("/v1/me").await.problem(401, "unauthorized");
    }
    assert_eq!(sessions(&here, "/v1/me/sessions").await.len(), 1);
}

/// ASVS 7.5.2
#[actix_web::test]
async fn ending_own_sessions_needs_a_recent_proof() {
    let world = world().await;
    let user = world.user().await;
    let (here, there) = (plainly(&world, &user).await, plainly(&world, &user).await);
    let other = sessions(&here, "/v1/me/sessions").await.into_iter().find(|one| one["current"] == false).unwrap();
    let one = format!("/v1/me/sessions/{}", other["id"].as_str().unwrap());
    world.grow_stale(&user["id"]).await;
    for path in [one.as_str(), "/v1/me/sessions"] {
        let refused = here.send(here.request(Method::DELETE, path)).await;
        refused.problem(401, "insufficient_user_authentication");
    }
    assert_eq!(there.get("/v1/me").await.status, 200);
    here.post("/v1/auth/confirm", json!({"password": PASSWORD})).await.no_content();
    assert_eq!(end(&here, &one).await, 204);
    there.get("/v1/me").await.problem(401, "unauthorized");
    assert_eq!(end(&here, "/v1/me/sessions").await, 204);
}

/// ASVS 7.4.5
#[actix_web::test]
async fn a_supervisor_ends_the_sessions_of_a_user() {
    let world = world().await;
    let user = world.user().await;
    let path = format!("/v1/users/{}/sessions", user["id"].as_str().unwrap());
    let [one, two, three] = [plainly(&world, &user).await, plainly(&world, &user).await, plainly(&world, &user).await];
    let listed = sessions(&world.sue, &path).await;
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().all(|session| session["current"] == false));
    let newest = listed[0]["id"].as_str().unwrap();
    let elsewhere = format!("/v1/users/{}/sessions/{newest}", world.bob.id);
    assert_eq!(end(&world.sue, &elsewhere).await, 404, "not a session of that user");
    assert_eq!(end(&world.ann, &path).await, 403);
    assert_eq!(end(&world.sue, &format!("{path}/{newest}")).await, 204);
    let alive = async |who: &TestUser| who.get("/v1/me").await.status == 200;
    assert_eq!([alive(&one).await, alive(&two).await, alive(&three).await], [true, true, false]);
    assert_eq!(end(&world.sue, &path).await, 204);
    assert_eq!([alive(&one).await, alive(&two).await], [false, false]);
}

/// ASVS 7.4.1, 8.3.2: it ends on every server within a second.
#[actix_web::test]
async fn an_ended_session_ends_on_other_servers_within_a_second() {
    let world = world().await;
    let user = world.user().await;
    let here = plainly(&world, &user).await;
    let elsewhere = here.at(&world.app.second_server().await);
    assert_eq!(elsewhere.get("/v1/me").await.status, 200);
    assert_eq!(end(&world.sue, &format!("/v1/users/{}/sessions", user["id"].as_str().unwrap())).await, 204);
    here.get("/v1/me").await.problem(401, "unauthorized");
    world.app.advance(Duration::seconds(1));
    elsewhere.get("/v1/me").await.problem(401, "unauthorized");
}

/// ASVS 7.1.2: at most fifty sessions of a user live at a time.
#[actix_web::test]
async fn the_session_longest_unused_ends_for_one_too_many() {
    let world = world().await;
    let user = world.user().await;
    let first = plainly(&world, &user).await;
    world.app.advance(Duration::seconds(1));
    for _ in 0..49 {
        world.session_of(&user["id"]).await;
    }
    assert_eq!(first.get("/v1/me").await.status, 200);
    world.app.text("UPDATE sessions SET last_used_at = created_at RETURNING 'done' AS value").await;
    let last = plainly(&world, &user).await;
    world.app.advance(Duration::seconds(1));
    first.get("/v1/me").await.problem(401, "unauthorized");
    assert_eq!(last.get("/v1/me/sessions?total=true").await.ok()["total"], 50);

    // Its end is recorded like that of any other session, with the user who signed in.
    let ended = format!(
        "SELECT id::text AS value FROM sessions WHERE user_id = {} AND ended_at IS NOT NULL",
        quoted(&user["id"])
    );
    let [ended] = world.app.text(&ended).await.try_into().unwrap();
    let ended = json!(ended);
    let recorded = world.app.audit(&ended).await;
    assert_eq!(recorded, [("ended".to_owned(), json!({"ended_at": {"from": null, "to": "2026-11-24T10:00:01Z"}}))]);
    assert_eq!(world.app.events(&ended).await, ["sessions.ended"]);
    let entry = &world.sue.get("/v1/audit?action=ended").await.ok()["data"][0];
    assert_eq!((&entry["resource_id"], &entry["actor_id"]), (&ended, &user["id"]));
    assert_eq!(entry["address"], "192.0.2.1");
}
