//! Jobs: taken up by any server, held by a lease, and done with the rights that their owner has by then.

use chrono::Duration;
use serde_json::{Value, json};

use crate::{
    calls::World,
    harness::{TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

async fn export(user: &TestUser) -> Value {
    user.post("/v1/exports", json!({"resource": "clients", "format": "csv"})).await.created()
}

async fn job_of(user: &TestUser, export: &Value) -> Value {
    user.get(&format!("/v1/jobs/{}", export["job"]["id"].as_str().unwrap())).await.ok()
}

#[actix_web::test]
async fn a_job_waits_until_a_server_does_it() {
    let world = world().await;
    let export = export(&world.ann).await;
    let waiting = job_of(&world.ann, &export).await;
    assert_eq!(
        (&waiting["state"], &waiting["kind"], &waiting["done"]),
        (&json!("queued"), &json!("export"), &json!(0))
    );
    assert_eq!((&waiting["actions"], &waiting["subject_id"]), (&json!(["cancel"]), &export["id"]));
    assert_eq!(world.app.work().await, 1);
    let done = job_of(&world.ann, &export).await;
    assert_eq!((&done["state"], &done["actions"], &done["total"]), (&json!("succeeded"), &json!([]), &json!(0)));
    assert!(done["started_at"].is_string() && done["finished_at"].is_string(), "{done}");
    assert_eq!(world.app.work().await, 0, "it is done once");
}

#[actix_web::test]
async fn everyone_sees_their_own_jobs_and_supervisors_all() {
    let world = world().await;
    let export = export(&world.ann).await;
    let job = job_of(&world.ann, &export).await;
    let path = job["path"].as_str().unwrap();
    for stranger in [&world.bob, &world.kim, &world.mia] {
        stranger.get(path).await.problem(404, "not_found");
        stranger.transition("cancel", &job, json!({})).await.problem(404, "not_found");
    }
    let count = async |user: &TestUser, query: &str| {
        user.get(&format!("/v1/jobs?total=true{query}")).await.ok()["total"].as_i64().unwrap()
    };
    assert_eq!((count(&world.ann, "").await, count(&world.bob, "").await, count(&world.sue, "").await), (1, 0, 1));
    let subject = export["id"].as_str().unwrap();
    for (query, expected) in [
        ("&state=queued", 1),
        ("&state=failed", 0),
        ("&kind=export&state=queued&state=running", 1),
        ("&kind=import_check", 0),
        (&format!("&subject_id={subject}"), 1),
        (&format!("&owner_id={}", world.bob.id), 0),
        (&format!("&owner_id={}", world.ann.id), 1),
    ] {
        assert_eq!(count(&world.sue, query).await, expected, "{query}");
    }
}

#[actix_web::test]
async fn a_cancelled_job_is_not_done() {
    let world = world().await;
    let export = export(&world.ann).await;
    let job = job_of(&world.ann, &export).await;
    let cancelled = world.ann.transition("cancel", &job, json!({"reason": "Not needed"})).await.ok();
    assert_eq!((&cancelled["state"], &cancelled["actions"]), (&json!("cancelled"), &json!([])));
    assert_eq!(world.app.work().await, 0);
    world.ann.transition("cancel", &cancelled, json!({})).await.problem(409, "invalid_state");
    world.ann.get(&format!("{}/file", export["path"].as_str().unwrap())).await.problem(409, "conflict");
    let (action, changes) = world.app.audit(&job["id"]).await.remove(0);
    assert_eq!((action.as_str(), &changes["reason"]["to"]), ("cancelled", &json!("Not needed")));
}

/// Somebody else's server has taken the job up, and is gone.
async fn taken_by_another(world: &World, export: &Value, seconds: i64, attempts: i64) {
    let id = export["job"]["id"].as_str().unwrap();
    let now = world.app.parts().clock.now();
    let until = now.after(Duration::seconds(seconds)).utc().to_rfc3339();
    let sql = format!(
        "UPDATE jobs SET state = 'running', lease = gen_random_uuid(), leased_until = '{until}', attempts = {attempts}, \
         started_at = created_at WHERE id = '{id}'"
    );
    world.app.sql(&sql).await;
}

#[actix_web::test]
async fn another_server_takes_up_a_job_whose_lease_has_run_out() {
    let world = world().await;
    let export = export(&world.ann).await;
    taken_by_another(&world, &export, 60, 1).await;
    let second = world.app.second_server().await;
    assert_eq!(second.work().await, 0, "the other server may still be at it");
    world.app.advance(Duration::seconds(61));
    assert_eq!(second.work().await, 1);
    assert_eq!(job_of(&world.ann, &export).await["state"], "succeeded");
    let file = world.ann.get(&format!("{}/file", export["path"].as_str().unwrap())).await;
    assert_eq!(file.status, 200);
}

#[actix_web::test]
async fn a_job_that_ends_its_servers_time_and_again_is_given_up() {
    let world = world().await;
    let export = export(&world.ann).await;
    taken_by_another(&world, &export, 60, 5).await;
    world.app.advance(Duration::seconds(61));
    assert_eq!(world.app.work().await, 0);
    world.app.sweep().await;
    let job = job_of(&world.ann, &export).await;
    assert_eq!((&job["state"], &job["error_code"]), (&json!("failed"), &json!("internal")));
}

#[actix_web::test]
async fn a_job_has_the_rights_that_its_owner_has_by_then() {
    let world = world().await;
    let client = json!({"kind": "organization", "name": "Ромашка"});
    let _ = world.ann.post("/v1/clients", client).await.created();
    let (mine, blocked) = (export(&world.ann).await, export(&world.mia).await);
    let policy = world.sam.get("/v1/roles/manager/policy").await.ok();
    let mut body = policy.clone();
    for unwritten in ["id", "role", "version", "created_at", "updated_at", "actions", "path"] {
        body.as_object_mut().unwrap().remove(unwritten);
    }
    body["permissions"]["exports:create"] = json!("none");
    let _ = world.sam.put("/v1/roles/manager/policy", &policy, body).await.ok();
    world.app.sql(&format!("UPDATE users SET status = 'blocked' WHERE id = '{}'", world.mia.id)).await;
    assert_eq!(world.app.work().await, 2);
    let job = job_of(&world.ann, &mine).await;
    assert_eq!((&job["state"], &job["error_code"]), (&json!("failed"), &json!("forbidden")));
    assert!(job["error_detail"].as_str().unwrap().contains("exports:create"), "{job}");
    let job = job_of(&world.sue, &blocked).await;
    assert_eq!((&job["state"], &job["error_code"]), (&json!("failed"), &json!("forbidden")));
}

#[actix_web::test]
async fn a_program_has_no_rights_in_a_job_that_its_key_had_not() {
    let world = world().await;
    let scopes = ["exports:create", "exports:read", "jobs:read", "products:read"];
    let program = world.app.service_account(liaison::access::Role::Supervisor, &scopes).await;
    let refused = json!({"resource": "clients", "format": "csv"});
    assert_eq!(program.post("/v1/exports", refused).await.problem(403, "forbidden")["permission"], "clients:read");
    let export = program.post("/v1/exports", json!({"resource": "products", "format": "csv"})).await.created();
    assert_eq!(world.app.work().await, 1);
    assert_eq!(job_of(&program, &export).await["state"], "succeeded");
    let late = program.post("/v1/exports", json!({"resource": "products", "format": "csv"})).await.created();
    world.app.sql("UPDATE api_keys SET expires_at = created_at").await;
    assert_eq!(world.app.work().await, 1);
    assert_eq!(job_of(&world.sue, &late).await["error_code"], "forbidden");
}

#[actix_web::test]
async fn jobs_that_ended_long_ago_are_forgotten() {
    let world = world().await;
    export(&world.ann).await;
    world.app.work().await;
    export(&world.ann).await;
    world.app.advance(Duration::days(91));
    world.app.sweep().await;
    assert_eq!(world.app.count("jobs").await, 1, "the other one has not ended");
}
