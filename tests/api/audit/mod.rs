//! The audit log, as supervisors read it.

mod chain;
mod refused;

use actix_web::http::Method;
use chrono::Duration;
use diesel::QueryableByName;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use serde_json::{Value, json};

use crate::{
    calls::{Target, World},
    harness::{TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

async fn entries(who: &TestUser, query: &str) -> Vec<Value> {
    who.get(&format!("/v1/audit?{query}")).await.ok()["data"].as_array().unwrap().clone()
}

fn path(resource: &Value) -> &str {
    resource["path"].as_str().unwrap()
}

#[actix_web::test]
async fn an_entry_says_who_what_when_and_how() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    world.app.advance(Duration::minutes(1));
    let request = world.ann.request(Method::PATCH, path(&client)).insert_header(("If-Match", "*"));
    let request = request.insert_header(("X-Request-Id", "call-77")).set_json(json!({"name": "Ромашка"}));
    let _ = world.ann.send(request).await.ok();

    let found = entries(&world.sue, &format!("resource_id={}&include=actor", client["id"].as_str().unwrap())).await;
    let mut newest = found[0].clone();
    newest.as_object_mut().unwrap().remove("id");
    assert!(newest.as_object_mut().unwrap().remove("session_id").unwrap().is_string());
    assert_eq!(
        newest,
        json!({"at": "2026-11-24T10:01:00Z", "actor_id": world.ann.id, "api_key_id": null, "action": "updated", "outcome": "done",
            "address": "192.0.2.1", "resource": "clients", "resource_id": client["id"], "client_id": client["id"], "request_id": "call-77",
            "changes": {"name": {"from": client["name"], "to": "Ромашка"}},
            "actor": {"id": world.ann.id, "name": "ann", "job_title": null}})
    );
    assert_eq!((found.len(), &found[1]["action"]), (2, &json!("created")));
    assert_eq!(found[1]["changes"]["status"], json!({"from": null, "to": "lead"}));
}

#[actix_web::test]
async fn a_reason_stands_among_the_changes_and_the_system_has_no_name() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let _ = world.ann.transition("archive", &client, json!({"reason": "Closed down"})).await.ok();
    let archived = entries(&world.sue, "action=archived").await;
    assert_eq!(archived[0]["changes"]["reason"], json!({"from": null, "to": "Closed down"}));
    // The system itself created the first supervisor.
    let made = entries(&world.sue, "resource=users&action=created&include=actor").await;
    let first = made.iter().find(|entry| entry["actor_id"].is_null()).unwrap();
    assert!(first["request_id"].is_null() && first.get("actor").is_none(), "{first}");
}

#[actix_web::test]
async fn each_filter_keeps_what_it_names() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let other = world.client(Target::Ordinary).await;
    world.app.advance(Duration::minutes(1));
    let _ = world.ann.transition("qualify", &client, json!({})).await.ok();
    let team = world.team().await;
    let (id, other_id) = (client["id"].as_str().unwrap(), other["id"].as_str().unwrap());
    let anns = format!("actor_id={}", world.ann.id);
    let both = format!("actor_id={}&actor_id={}&resource=clients", world.ann.id, world.sam.id);
    let of_client = format!("client_id={id}");
    for (query, expected) in [
        (anns.as_str(), vec![("qualified", id)]),
        (&both, vec![("qualified", id), ("created", other_id), ("created", id)]),
        (&of_client, vec![("qualified", id), ("created", id)]),
        (&format!("resource_id={other_id}"), vec![("created", other_id)]),
        ("action=qualified", vec![("qualified", id)]),
        (
            "action=qualified&action=created&resource=clients",
            vec![("qualified", id), ("created", other_id), ("created", id)],
        ),
        (&format!("resource=teams&actor_id={}", world.sam.id), vec![("created", team["id"].as_str().unwrap())]),
        ("resource=clients&at_from=2026-11-24T10:01:00Z", vec![("qualified", id)]),
        ("resource=clients&at_to=2026-11-24T10:01:00Z", vec![("created", other_id), ("created", id)]),
        ("resource=clients&sort=at", vec![("created", id), ("created", other_id), ("qualified", id)]),
        ("resource=nothing", vec![]),
        ("resource=clients&outcome=done&action=qualified", vec![("qualified", id)]),
        ("outcome=refused", vec![]),
    ] {
        let found = entries(&world.sue, query).await;
        let told: Vec<_> = found
            .iter()
            .map(|entry| (entry["action"].as_str().unwrap(), entry["resource_id"].as_str().unwrap()))
            .collect();
        assert_eq!(told, expected, "{query}");
        let page = world.sue.get(&format!("/v1/audit?total=true&limit=1&{query}")).await.ok();
        assert_eq!(page["total"], json!(expected.len()), "{query}");
    }
}

#[actix_web::test]
async fn a_walk_meets_every_entry_once() {
    let world = world().await;
    for _ in 0..3 {
        world.client(Target::Key).await;
    }
    for sort in ["at", "-at"] {
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = world.sue.get(&format!("/v1/audit?limit=2&resource=clients&sort={sort}{cursor}")).await.ok();
            ids.extend(page["data"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let whole: Vec<_> = entries(&world.sue, &format!("resource=clients&sort={sort}"))
            .await
            .iter()
            .map(|entry| entry["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!((ids.len(), &ids), (6, &whole));
    }
}

#[actix_web::test]
async fn confidential_values_are_only_for_who_may_see_them_everywhere() {
    let world = world().await;
    let client = world.client(Target::Key).await;
    let secret = json!({"credit_limit": "250000.00", "margin_percent": "17.50", "confidential_note": "Pays late", "name": "New"});
    let _ = world.sue.patch(path(&client), &client, secret).await.ok();
    let newest = async || entries(&world.sue, "action=updated&resource=clients").await[0]["changes"].clone();
    assert_eq!(newest().await["credit_limit"], json!({"from": null, "to": "250000.00"}));

    for reach in ["own", "team", "none"] {
        let change = format!(
            "UPDATE role_policies SET grants = jsonb_set(grants, '{{clients:read_confidential}}', '\"{reach}\"') \
             WHERE role = 'supervisor' RETURNING role AS value"
        );
        world.app.text(&change).await;
        world.app.parts().callers.forget();
        let changes = newest().await;
        assert_eq!(changes, json!({"name": {"from": client["name"], "to": "New"}}), "{reach}");
    }
}

#[actix_web::test]
async fn who_may_not_read_everything_reads_nothing() {
    let world = world().await;
    for who in [&world.ann, &world.kim] {
        assert_eq!(who.get("/v1/audit").await.problem(403, "forbidden")["permission"], "audit:read");
    }
    let grant = "UPDATE role_policies SET grants = jsonb_set(grants, '{audit:read}', '\"team\"') \
                 WHERE role = 'key_account_manager' RETURNING role AS value";
    world.app.text(grant).await;
    world.app.parts().callers.forget();
    world.kim.get("/v1/audit").await.problem(403, "forbidden");
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
    line: String,
}

#[actix_web::test]
async fn each_filter_has_an_index() {
    let world = world().await;
    let mut db = world.app.db().await;
    let fill = "INSERT INTO audit_events (id, at, actor_id, action, resource, resource_id, client_id, changes, outcome, mac, api_key_id) \
        SELECT gen_random_uuid(), '2026-01-01'::timestamptz + n * interval '1 minute', gen_random_uuid(), 'action ' || n % 20, \
            'resource ' || n % 20, gen_random_uuid(), gen_random_uuid(), '{}', \
            CASE n % 100 WHEN 0 THEN 'refused' ELSE 'done' END, '', \
            CASE n % 50 WHEN 0 THEN gen_random_uuid() END FROM generate_series(1, 20000) n; \
        ANALYZE audit_events";
    db.batch_execute(fill).await.unwrap();
    let id = uuid::Uuid::now_v7();
    for (filter, index) in [
        (format!("actor_id = '{id}'"), "audit_events_actor_id_at_idx"),
        (format!("resource_id = '{id}'"), "audit_events_resource_id_at_idx"),
        (format!("api_key_id = '{id}'"), "audit_events_api_key_id_at_idx"),
        (format!("client_id = '{id}'"), "audit_events_client_id_at_idx"),
        ("resource = 'resource 7'".to_owned(), "audit_events_resource_at_idx"),
        ("action = 'action 7'".to_owned(), "audit_events_action_at_idx"),
        ("at < '2026-01-02'".to_owned(), "audit_events_at_idx"),
        ("outcome = 'refused'".to_owned(), "audit_events_refused_at_idx"),
    ] {
        let sql = format!("EXPLAIN SELECT * FROM audit_events WHERE {filter} ORDER BY at DESC, id DESC LIMIT 51");
        let plan: Vec<Plan> = diesel::sql_query(sql).load(&mut db).await.unwrap();
        let plan: String = plan.into_iter().map(|plan| plan.line + "\n").collect();
        assert!(plan.contains(index) && !plan.contains("Sort"), "{filter}:\n{plan}");
    }
}
