//! Clients: who reaches them, what is refused, how they live.

use serde_json::json;

use crate::harness::TestApp;

#[actix_web::test]
async fn a_manager_creates_reads_and_changes_a_client() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = ann.post("/v1/clients", json!({"kind": "organization", "name": " Ромашка "})).await.created();
    assert_eq!(client["name"], "Ромашка");
    assert_eq!(client["status"], "lead");
    assert_eq!(client["owner_id"], json!(ann.id));

    let path = client["path"].as_str().unwrap();
    let read = ann.get(path).await.ok();
    assert_eq!(read, client);

    let changed = ann.patch(path, &client, json!({"phone": "+74951234567", "name": "Василёк"})).await.ok();
    assert_eq!(changed["version"], 2);
    assert_eq!(changed["phone"], "+74951234567");
    ann.patch(path, &client, json!({"name": "Роза"})).await.problem(412, "precondition_failed");

    let recorded = app.audit(&client["id"]).await;
    assert_eq!(recorded[1].0, "updated");
    assert_eq!(
        recorded[1].1,
        json!({"name": {"from": "Ромашка", "to": "Василёк"}, "phone": {"from": null, "to": "+74951234567"}})
    );
    assert_eq!(app.events(&client["id"]).await, ["clients.created", "clients.updated"]);
}
