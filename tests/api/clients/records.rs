//! Every change leaves an audit record and an event; a refused change leaves nothing.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{create, path, world};
use crate::calls::{LOST_REASON, step_body};

#[actix_web::test]
async fn every_change_is_recorded_with_who_and_why() {
    let world = world().await;
    let mut client = create(&world.kim, "Ромашка").await;
    client = world.kim.patch(path(&client), &client, json!({"name": "Василёк", "industry": "Retail"})).await.ok();
    let steps = [
        "verify",
        "qualify",
        "activate",
        "mark-dormant",
        "mark-lost",
        "archive",
        "restore",
        "designate-key",
        "revoke-key",
    ];
    for verb in steps {
        let mut body = step_body(verb);
        if !["verify", "designate-key", "revoke-key"].contains(&verb) {
            body["reason"] = json!("Why");
        }
        let who = if verb == "designate-key" { &world.sue } else { &world.kim };
        client = who.transition(verb, &client, body).await.ok();
    }
    let recorded = world.app.audit(&client["id"]).await;
    let actions: Vec<&str> = recorded.iter().map(|(action, _)| action.as_str()).collect();
    let expected = [
        "created",
        "updated",
        "verified",
        "qualified",
        "activated",
        "marked_dormant",
        "marked_lost",
        "archived",
        "restored",
        "designated_key",
        "revoked_key",
    ];
    assert_eq!(actions, expected);
    let events = world.app.events(&client["id"]).await;
    assert_eq!(events, expected.map(|action| format!("clients.{action}")));
    assert_eq!(recorded[0].1["name"], json!({"from": null, "to": "Ромашка"}));
    assert!(recorded[0].1.get("legal_name").is_none(), "what is empty is not told");
    let update = json!({"name": {"from": "Ромашка", "to": "Василёк"}, "industry": {"from": null, "to": "Retail"}});
    assert_eq!(recorded[1].1, update);
    assert_eq!(recorded[3].1, json!({"status": {"from": "lead", "to": "prospect"}, "reason": {"to": "Why"}}));
    let lost = json!({"status": {"from": "dormant", "to": "lost"}, "reason": {"to": "Why"},
        "lost_reason_id": {"from": null, "to": LOST_REASON}, "lost_at": {"from": null, "to": world.app.parts().clock.now()}});
    assert_eq!(recorded[6].1, lost);
    let versions =
        world.app.text("SELECT version::text AS value FROM outbox_events WHERE resource = 'clients' ORDER BY position");
    assert_eq!(versions.await, (1..=11).map(|version| version.to_string()).collect::<Vec<_>>());
}

#[actix_web::test]
async fn a_record_names_the_request_and_the_client() {
    let world = world().await;
    let request = world.ann.request(Method::POST, "/v1/clients").insert_header(("X-Request-Id", "call-77"));
    let client = world.ann.send(request.set_json(json!({"kind": "person", "name": "x"}))).await.created();
    let rows = world.app.text(
        "SELECT json_build_array(actor_id, resource, resource_id, client_id, request_id, at)::text AS value \
         FROM audit_events WHERE resource = 'clients'",
    );
    let row: Value = serde_json::from_str(&rows.await[0]).unwrap();
    assert_eq!(row[0], json!(world.ann.id));
    assert_eq!((&row[1], &row[4]), (&json!("clients"), &json!("call-77")));
    assert_eq!((&row[2], &row[3]), (&client["id"], &client["id"]));
}

#[actix_web::test]
async fn what_is_refused_leaves_no_trace() {
    let world = world().await;
    let client = create(&world.ann, "Client").await;
    let before = traces(&world.app).await;
    world.ann.transition("restore", &client, json!({})).await.problem(409, "invalid_state");
    world
        .ann
        .transition("transfer", &client, json!({"owner_id": world.bob.id, "reason": "x"}))
        .await
        .problem(403, "forbidden");
    world
        .ann
        .patch(path(&client), &json!({"version": 9}), json!({"name": "x"}))
        .await
        .problem(412, "precondition_failed");
    world
        .ann
        .patch(path(&client), &client, json!({"name": "New", "employees": -1}))
        .await
        .field_error("/employees", "too_small");
    world.mia.patch(path(&client), &client, json!({"name": "x"})).await.problem(404, "not_found");
    world
        .ann
        .post("/v1/clients", json!({"kind": "person", "name": "x", "employees": -1}))
        .await
        .field_error("/employees", "too_small");
    assert_eq!(traces(&world.app).await, before);
    assert_eq!(world.ann.get(path(&client)).await.ok(), client);
}

async fn traces(app: &crate::harness::TestApp) -> [i64; 4] {
    [
        app.count("audit_events WHERE outcome = 'done'").await,
        app.count("outbox_events").await,
        app.count("clients").await,
        app.count("idempotency_keys").await,
    ]
}
