//! Departments: everyone reads them, supervisors maintain them, and nothing is handed over to an inactive one.

use actix_web::http::Method;
use liaison::{
    access::Scope,
    change::by_system,
    departments::{self, DepartmentId, DepartmentTerms},
    values::Id,
};
use serde_json::{Value, json};

use crate::harness::{TestApp, TestUser};

async fn make(user: &TestUser, name: &str) -> Value {
    user.post("/v1/departments", json!({"name": name, "kind": "department"})).await.created()
}

async fn names(user: &TestUser, query: &str) -> Vec<String> {
    let page = user.get(&format!("/v1/departments{query}")).await.ok();
    page["data"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_supervisor_makes_and_changes_a_department() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let made = make(&sue, " Warehouse ").await;
    for (name, value) in [
        ("name", json!("Warehouse")),
        ("kind", json!("department")),
        ("is_active", json!(true)),
        ("version", json!(1)),
        ("actions", json!(["update"])),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    let path = made["path"].as_str().unwrap();
    assert_eq!(sue.get(path).await.ok(), made);
    let changed = sue.patch(path, &made, json!({"kind": "management", "is_active": false})).await.ok();
    assert_eq!(changed["version"], 2);
    assert_eq!(changed["kind"], "management");
    assert_eq!(sue.get(path).await.ok(), changed);
    let recorded = app.audit(&made["id"]).await;
    assert_eq!(recorded[1].0, "updated");
    assert_eq!(
        recorded[1].1,
        json!({"is_active": {"from": true, "to": false}, "kind": {"from": "department", "to": "management"}})
    );
    assert_eq!(app.events(&made["id"]).await, ["departments.created", "departments.updated"]);
}

#[actix_web::test]
async fn others_only_read_departments() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let made = make(&sue, "Warehouse").await;
    let path = made["path"].as_str().unwrap();
    for user in [app.manager("ann").await, app.key_account_manager("kim").await] {
        assert_eq!(user.get(path).await.ok()["actions"], json!([]));
        assert_eq!(names(&user, "").await, ["Warehouse"]);
        let body = json!({"name": "Sales", "kind": "department"});
        let refused = user.post("/v1/departments", body).await.problem(403, "forbidden");
        assert_eq!(refused["permission"], "departments:create");
        let refused = user.patch(path, &made, json!({"name": "Sales"})).await.problem(403, "forbidden");
        assert_eq!(refused["permission"], "departments:update");
    }
    app.anonymous().get("/v1/departments").await.problem(401, "unauthorized");
    assert_eq!(names(&sue, "").await, ["Warehouse"]);
}

#[actix_web::test]
async fn what_is_refused() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let made = make(&sue, "Warehouse").await;
    let path = made["path"].as_str().unwrap();
    let other = make(&sue, "Production").await;

    let body = json!({"name": "Warehouse", "kind": "management"});
    sue.post("/v1/departments", body).await.problem(409, "already_exists");
    sue.patch(other["path"].as_str().unwrap(), &other, json!({"name": "Warehouse"}))
        .await
        .problem(409, "already_exists");
    let errors = sue.post("/v1/departments", json!({"name": "n".repeat(201), "kind": "team"})).await.field_errors();
    let expected = [("/kind", "invalid_choice"), ("/name", "too_long")];
    assert_eq!(errors, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    sue.patch(path, &made, json!({"is_active": null})).await.field_error("/is_active", "not_nullable");
    sue.patch(path, &made, json!({"version": 5})).await.field_error("/version", "unknown_field");
    sue.patch(path, &json!({"version": 9}), json!({"name": "x"})).await.problem(412, "precondition_failed");
    sue.send(sue.request(Method::PATCH, path).set_json(json!({"name": "x"})))
        .await
        .problem(428, "precondition_required");
    for id in [DepartmentId::generate().to_string(), "x".to_owned()] {
        let path = format!("/v1/departments/{id}");
        sue.get(&path).await.problem(404, "not_found");
        sue.patch(&path, &made, json!({"name": "x"})).await.problem(404, "not_found");
    }
    sue.delete(path, &made).await.problem(405, "method_not_allowed");
    assert_eq!(sue.get(path).await.ok(), made);
    assert_eq!(app.count("departments").await, 2);
}

#[actix_web::test]
async fn a_repeated_request_makes_one_department() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let send = async || {
        let request = sue.request(Method::POST, "/v1/departments").insert_header(("Idempotency-Key", "k"));
        sue.send(request.set_json(json!({"name": "Warehouse", "kind": "department"}))).await
    };
    let (first, second) = (send().await, send().await);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.created(), second.created());
}

#[actix_web::test]
async fn departments_are_filtered_sorted_and_paged() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    for (name, kind, is_active) in
        [("Warehouse", "department", true), ("Board", "management", true), ("Archive", "department", false)]
    {
        let body = json!({"name": name, "kind": kind, "is_active": is_active});
        sue.post("/v1/departments", body).await.created();
        app.advance(chrono::Duration::minutes(1));
    }
    for (query, expected) in [
        ("", vec!["Archive", "Board", "Warehouse"]),
        ("?sort=-name", vec!["Warehouse", "Board", "Archive"]),
        ("?sort=updated_at", vec!["Warehouse", "Board", "Archive"]),
        ("?sort=-updated_at", vec!["Archive", "Board", "Warehouse"]),
        ("?kind=management", vec!["Board"]),
        ("?is_active=true", vec!["Board", "Warehouse"]),
        ("?is_active=false", vec!["Archive"]),
    ] {
        assert_eq!(names(&sue, query).await, expected, "{query}");
        let mut paged = Vec::new();
        let separator = if query.is_empty() { "?" } else { "&" };
        let mut cursor = String::new();
        loop {
            let page = sue.get(&format!("/v1/departments{query}{separator}limit=1&total=true{cursor}")).await.ok();
            assert_eq!(page["total"], expected.len(), "{query}");
            paged.push(page["data"][0]["name"].as_str().unwrap().to_owned());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, expected, "{query}");
    }
    assert_eq!(sue.get("/v1/departments?q=x").await.field_errors()[0].0, "q");
}

#[actix_web::test]
async fn only_an_active_department_can_be_handed_something() {
    let app = TestApp::start().await;
    let mut db = app.db().await;
    let now = app.parts().clock.now();
    let new = |name: &str, is_active: bool| -> DepartmentTerms {
        serde_json::from_value(json!({"name": name, "kind": "department", "is_active": is_active})).unwrap()
    };
    let (active, inactive) = by_system(&mut db, &app.parts().secrets, now, async |tx| {
        let active = departments::insert(tx, &Scope::system(), new("Warehouse", true)).await?;
        Ok((active, departments::insert(tx, &Scope::system(), new("Archive", false)).await?))
    })
    .await
    .unwrap();

    let mut find = async |id: DepartmentId| {
        let found = by_system(&mut db, &app.parts().secrets, now, async |tx| {
            departments::find_active(tx, id, "/department_id").await
        })
        .await;
        found.map_err(|error| {
            let problem = error.document(liaison::values::Language::En, "/", "r");
            (problem.status, problem.errors[0].pointer.clone(), problem.errors[0].code.clone())
        })
    };
    assert_eq!(find(active.id).await.as_ref(), Ok(&active));
    let pointer = "/department_id".to_owned();
    assert_eq!(find(inactive.id).await, Err((422, pointer.clone(), "inactive_department".to_owned())));
    assert_eq!(find(Id::generate()).await, Err((422, pointer, "unknown_reference".to_owned())));
}
