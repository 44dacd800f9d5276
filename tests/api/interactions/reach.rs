//! Who reaches which interactions, and to whom they can be assigned.

use serde_json::{Value, json};

use super::{call, client_of, log, plan};
use crate::harness::{TestApp, TestUser};

async fn key_client_of(user: &TestUser) -> Value {
    let client = client_of(user).await;
    user.app().supervisor().await.transition("designate-key", &client, json!({})).await.ok()
}

async fn ids(user: &TestUser) -> Vec<Value> {
    let page = user.get("/v1/interactions").await.ok();
    page["data"].as_array().unwrap().iter().map(|interaction| interaction["id"].clone()).collect()
}

#[actix_web::test]
async fn an_interaction_is_reached_as_its_client_is() {
    let app = TestApp::start().await;
    let kim = app.key_account_manager("kim").await;
    let kai = app.key_account_manager_of(&kim, "kai").await;
    let ann = app.colleague_of(&kim, "ann").await;
    let leo = app.key_account_manager("leo").await;
    let sue = app.supervisor().await;
    let ordinary = plan(&ann, &client_of(&ann).await, "2026-12-01T10:00:00Z").await;
    let key = plan(&kim, &key_client_of(&kim).await, "2026-12-01T10:00:00Z").await;

    for (user, name, reached) in [
        (&ann, "own", vec![&ordinary]),
        (&kim, "own key", vec![&key]),
        (&kai, "key of the team", vec![&key]),
        (&leo, "key of another team", vec![]),
        (&sue, "all", vec![&key, &ordinary]),
    ] {
        let expected: Vec<Value> = reached.iter().map(|interaction| interaction["id"].clone()).collect();
        let found = ids(user).await;
        assert!(found.len() == expected.len() && expected.iter().all(|id| found.contains(id)), "{name}: {found:?}");
        for interaction in [&ordinary, &key] {
            let path = interaction["path"].as_str().unwrap();
            if expected.contains(&interaction["id"]) {
                let seen = user.get(path).await.ok();
                assert_eq!(seen["actions"], json!(["update", "complete", "reschedule", "cancel"]), "{name}");
                continue;
            }
            let foreign = user.get(path).await.problem(404, "not_found");
            let absent =
                user.get(&format!("/v1/interactions/{}", uuid::Uuid::now_v7())).await.problem(404, "not_found");
            assert_eq!(foreign["detail"], absent["detail"], "{name}");
            user.patch(path, interaction, json!({"subject": "x"})).await.problem(404, "not_found");
            for verb in ["complete", "cancel", "miss"] {
                user.transition(verb, interaction, json!({})).await.problem(404, "not_found");
            }
            let body = json!({"scheduled_at": "2026-12-02T10:00:00Z"});
            user.transition("reschedule", interaction, body).await.problem(404, "not_found");
            let client = json!({"id": interaction["client_id"]});
            user.post("/v1/interactions", call(&client, json!({})))
                .await
                .field_error("/client_id", "unknown_reference");
        }
    }
    app.anonymous().get("/v1/interactions").await.problem(401, "unauthorized");
    ann.get("/v1/interactions/7").await.problem(404, "not_found");
}

#[actix_web::test]
async fn key_clients_of_the_team_are_everyones_work() {
    let app = TestApp::start().await;
    let kim = app.key_account_manager("kim").await;
    let kai = app.key_account_manager_of(&kim, "kai").await;
    let client = key_client_of(&kim).await;
    let planned = plan(&kai, &client, "2026-12-01T10:00:00Z").await;
    assert_eq!((&planned["owner_id"], &planned["user_id"]), (&json!(kim.id), &json!(kai.id)));
    let done = kim.transition("complete", &planned, json!({"outcome": "neutral"})).await.ok();
    assert_eq!(done["user_id"], json!(kai.id));
}

#[actix_web::test]
async fn work_is_given_only_to_whom_the_right_reaches() {
    let app = TestApp::start().await;
    let kim = app.key_account_manager("kim").await;
    let ann = app.colleague_of(&kim, "ann").await;
    let mia = app.manager("mia").await;
    let sue = app.supervisor().await;
    let (of_ann, of_kim) = (client_of(&ann).await, client_of(&kim).await);
    let give = async |from: &TestUser, client: &Value, to: &TestUser| {
        from.post("/v1/interactions", call(client, json!({"user_id": to.id}))).await
    };
    assert_eq!(give(&ann, &of_ann, &ann).await.created()["user_id"], json!(ann.id));
    let refused = give(&ann, &of_ann, &kim).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "interactions:create");
    assert_eq!(give(&kim, &of_kim, &ann).await.created()["user_id"], json!(ann.id));
    give(&kim, &of_kim, &mia).await.problem(403, "forbidden");
    assert_eq!(give(&sue, &of_ann, &mia).await.created()["user_id"], json!(mia.id));

    let next = |to: &TestUser| json!({"next": {"scheduled_at": "2026-12-01T10:00:00Z", "user_id": to.id}});
    ann.post("/v1/interactions", call(&of_ann, next(&kim))).await.problem(403, "forbidden");
    let planned = plan(&ann, &of_ann, "2026-12-01T10:00:00Z").await;
    ann.transition("complete", &planned, next(&kim)).await.problem(403, "forbidden");
    let path = planned["path"].as_str().unwrap();
    assert_eq!(ann.get(path).await.ok()["status"], "planned");
    ann.patch(path, &planned, json!({"user_id": kim.id})).await.problem(403, "forbidden");
    assert_eq!(sue.patch(path, &planned, json!({"user_id": sue.id})).await.ok()["user_id"], json!(sue.id));

    app.text(&format!("UPDATE users SET status = 'blocked' WHERE id = '{}' RETURNING name AS value", mia.id)).await;
    give(&sue, &of_ann, &mia).await.field_error("/user_id", "unknown_reference");
    let next = sue.post("/v1/interactions", call(&of_ann, next(&mia))).await;
    next.field_error("/next/user_id", "unknown_reference");
}

/// Sets rights of managers, which take effect at once.
async fn grant(app: &TestApp, grants: Value) {
    let sql = format!(
        "UPDATE role_policies SET grants = grants || '{grants}' WHERE role = 'manager' RETURNING role AS value"
    );
    app.text(&sql).await;
    app.parts().callers.forget();
}

#[actix_web::test]
async fn what_is_seen_but_not_permitted_is_403() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.colleague_of(&ann, "bob").await;
    let client = client_of(&ann).await;
    let planned = plan(&ann, &client, "2026-12-01T10:00:00Z").await;
    let path = planned["path"].as_str().unwrap();
    grant(&app, json!({"clients:read": "team", "interactions:read": "team"})).await;
    assert_eq!(bob.get(path).await.ok()["actions"], json!([]));
    let refused = bob.patch(path, &planned, json!({"subject": "x"})).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "interactions:update");
    // The right is checked before the version.
    bob.transition("cancel", &json!({"path": path, "version": 7}), json!({})).await.problem(403, "forbidden");
    bob.post("/v1/interactions", call(&client, json!({}))).await.problem(403, "forbidden");

    grant(&app, json!({"interactions:create": "none"})).await;
    ann.post("/v1/interactions", json!({"nonsense": 1})).await.problem(403, "forbidden");
    let next = json!({"next": {"scheduled_at": "2026-12-02T10:00:00Z"}});
    let refused = ann.transition("complete", &planned, next).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "interactions:create");
    assert_eq!(ann.transition("complete", &planned, json!({})).await.ok()["status"], "done");
}

/// Completing changes the planned interaction; the next one is a new interaction of the client.
#[actix_web::test]
async fn the_next_one_is_planned_only_for_a_client_whom_the_right_reaches() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.colleague_of(&ann, "bob").await;
    grant(&app, json!({"clients:read": "team", "interactions:read": "team", "interactions:update": "team"})).await;
    let planned = plan(&ann, &client_of(&ann).await, "2026-12-01T10:00:00Z").await;
    let next = json!({"next": {"scheduled_at": "2026-12-02T10:00:00Z", "user_id": bob.id}});
    let refused = bob.transition("complete", &planned, next.clone()).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "interactions:create");
    assert_eq!(bob.get(planned["path"].as_str().unwrap()).await.ok()["status"], "planned");
    assert_eq!(app.count("interactions").await, 1);

    grant(&app, json!({"interactions:create": "team"})).await;
    let done = bob.transition("complete", &planned, next).await.ok();
    assert_eq!(done["next"]["follows_id"], planned["id"]);
}

#[actix_web::test]
async fn names_are_put_in_only_where_they_may_be_seen() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let ivan = super::contact_at(&app, &client).await;
    let logged = log(&ann, &client, json!({"contact_id": ivan})).await;
    let path = format!("{}?include=client,contact,user", logged["path"].as_str().unwrap());
    let full = ann.get(&path).await.ok();
    assert_eq!(full["client"], json!({"id": client["id"], "name": "Ромашка", "status": "lead", "is_key": false}));
    assert_eq!(full["contact"], json!({"id": ivan, "name": "Иван", "job_title": null, "email": null, "phone": null}));
    assert_eq!(full["user"], json!({"id": ann.id, "name": "ann", "job_title": null}));
    let listed = ann.get("/v1/interactions?include=user,client,contact").await.ok();
    assert_eq!((&listed["data"][0]["client"], &listed["data"][0]["contact"]), (&full["client"], &full["contact"]));
    assert!(ann.get("/v1/interactions").await.ok()["data"][0].get("client").is_none());
    ann.get("/v1/interactions?include=order").await.problem(400, "invalid_parameter");

    grant(&app, json!({"contacts:read": "none", "clients:read": "none"})).await;
    for (name, permission) in [("client", "clients:read"), ("contact", "contacts:read")] {
        let refused = ann.get(&format!("{}?include={name}", logged["path"].as_str().unwrap())).await;
        assert_eq!(refused.problem(403, "forbidden")["permission"], permission);
    }
    let bare = ann.get(&format!("{}?include=user", logged["path"].as_str().unwrap())).await.ok();
    assert_eq!(bare["user"], full["user"]);
}
