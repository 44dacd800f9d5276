//! Steps that contracts take by the clock, without a request.

use chrono::Duration;
use diesel_async::SimpleAsyncConnection;
use liaison::{
    access::{Create, Scope},
    contracts::{Contract, Past, clock, insert_past},
    error::ProblemType,
    http::Parts,
};
use serde_json::{Value, json};

use super::{by_system, client_of, get, history, later, signed, terms, terms_with, tick};
use crate::harness::{TestApp, TestUser};

async fn status(app: &TestApp, contract: &Value) -> String {
    let id = contract["id"].as_str().unwrap();
    app.text(&format!("SELECT status AS value FROM contracts WHERE id = '{id}'")).await.remove(0)
}

#[actix_web::test]
async fn a_signed_contract_is_in_force_from_midnight_utc_of_its_first_day() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let contract = signed(&sue, &client_of(&sue).await, json!({"starts_on": "2026-11-25"})).await;
    app.advance(Duration::seconds(14 * 3600 - 1));
    assert_eq!(tick(&app).await, 0);
    assert_eq!(status(&app, &contract).await, "signed");
    app.advance(Duration::seconds(1));
    assert_eq!(tick(&app).await, 1);
    assert_eq!(tick(&app).await, 0);
    let sue = later(&app, Duration::zero(), &sue).await;
    let active = get(&sue, &contract).await;
    assert_eq!((&active["status"], &active["version"]), (&json!("active"), &json!(4)));
    assert_eq!(active["updated_at"], "2026-11-25T00:00:00Z");

    let path = format!("{}/history", contract["path"].as_str().unwrap());
    let last = sue.get(&path).await.ok()["data"][0].clone();
    assert_eq!((&last["action"], &last["actor_id"]), (&json!("activated"), &Value::Null));
    assert_eq!(last["at"], "2026-11-25T00:00:00Z");
    let id = contract["id"].as_str().unwrap();
    let actor = format!(
        "SELECT coalesce(actor_id::text, 'system') AS value FROM audit_events WHERE resource_id = '{id}' ORDER BY id DESC LIMIT 1"
    );
    assert_eq!(app.text(&actor).await, ["system"]);
    assert_eq!(app.events(&contract["id"]).await.last().unwrap(), "contracts.activated");
}

#[actix_web::test]
async fn an_active_contract_expires_after_its_last_day_or_goes_on() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client_of(&sue).await;
    let ending = signed(&sue, &client, json!({"ends_on": "2026-12-23"})).await;
    let renewing = signed(&sue, &client, json!({"ends_on": "2026-12-23", "auto_renew": true})).await;
    let endless = signed(&sue, &client, json!({"ends_on": null})).await;
    let signed_late = signed(&sue, &client, json!({"starts_on": "2026-12-01", "ends_on": "2026-12-23"})).await;
    let sue = later(&app, Duration::days(29), &sue).await;
    assert_eq!(tick(&app).await, 1, "on the last day only the first day of another is due");
    app.advance(Duration::days(1));
    assert_eq!(tick(&app).await, 3);
    assert_eq!(status(&app, &ending).await, "expired");
    assert_eq!(status(&app, &signed_late).await, "expired");
    assert_eq!(status(&app, &endless).await, "active");

    let sue = later(&app, Duration::zero(), &sue).await;
    let renewed = get(&sue, &renewing).await;
    assert_eq!(renewed["status"], "active");
    assert_eq!((&renewed["ends_on"], &renewed["initial_ends_on"]), (&json!("2027-01-23"), &json!("2026-12-23")));
    let last = history(&sue, &renewing).await.pop().unwrap();
    assert_eq!(last, [json!("renewed"), json!("active"), json!("active"), Value::Null]);
    let recorded = app.audit(&renewing["id"]).await.pop().unwrap();
    assert_eq!(recorded, ("renewed".to_owned(), json!({"ends_on": {"from": "2026-12-23", "to": "2027-01-23"}})));
    assert_eq!(app.events(&renewing["id"]).await.last().unwrap(), "contracts.renewed");
    // The second renewal has the length of the first term, too.
    app.advance(Duration::days(31));
    assert_eq!(tick(&app).await, 1);
    assert_eq!(get(&later(&app, Duration::zero(), &sue).await, &renewing).await["ends_on"], "2027-02-23");
}

#[actix_web::test]
async fn a_contract_signed_after_all_its_days_is_activated_and_expires() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let contract =
        signed(&sue, &client_of(&sue).await, json!({"starts_on": "2026-11-25", "ends_on": "2026-11-25"})).await;
    app.advance(Duration::days(3));
    assert_eq!(tick(&app).await, 2, "activated, then expired, in one run");
    assert_eq!(status(&app, &contract).await, "expired");
}

/// Copies `contract` until there are `count` contracts like it.
async fn copies(app: &TestApp, contract: &Value, count: usize) {
    let id = contract["id"].as_str().unwrap();
    let columns = "version, created_at, updated_at, client_id, owner_id, team_id, is_key, title, status, author_id, amount, \
        currency, payment_terms, starts_on, ends_on, initial_ends_on, auto_renew, notice_days, signatories, signed_on";
    let copy = format!(
        "INSERT INTO contracts (id, number, {columns})
         SELECT gen_random_uuid(), 'X-' || n, {columns} FROM contracts, generate_series(2, {count}) n WHERE id = '{id}'"
    );
    app.db().await.batch_execute(&copy).await.unwrap();
}

#[actix_web::test]
async fn several_servers_take_each_step_once() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let contract = signed(&sue, &client_of(&sue).await, json!({"starts_on": "2026-11-25"})).await;
    copies(&app, &contract, 350).await;
    app.advance(Duration::days(1));
    let (secrets, now) = (&app.parts().secrets, app.parts().clock.now());
    let (mut one, mut two, mut three) = (app.db().await, app.db().await, app.db().await);
    let (one, two, three) = tokio::join!(
        clock::advance(&mut one, secrets, now),
        clock::advance(&mut two, secrets, now),
        clock::advance(&mut three, secrets, now)
    );
    // A server that finds every due row locked leaves the rest to the others.
    assert_eq!(one.unwrap() + two.unwrap() + three.unwrap() + tick(&app).await, 350);
    assert_eq!(app.count("contracts WHERE status = 'active' AND version = 4").await, 350);
    assert_eq!(app.count("contract_events WHERE action = 'activated'").await, 350);
    assert_eq!(app.count("audit_events WHERE action = 'activated' AND actor_id IS NULL").await, 350);
    assert_eq!(app.count("outbox_events WHERE type = 'contracts.activated'").await, 350);
}

#[actix_web::test]
async fn a_contract_that_is_worked_on_is_left_for_the_next_time() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client_of(&sue).await;
    let held = signed(&sue, &client, json!({"starts_on": "2026-11-25"})).await;
    let free = signed(&sue, &client, json!({"starts_on": "2026-11-25"})).await;
    app.advance(Duration::days(1));
    let mut holder = app.db().await;
    let lock = format!("BEGIN; SELECT FROM contracts WHERE id = '{}' FOR NO KEY UPDATE", held["id"].as_str().unwrap());
    holder.batch_execute(&lock).await.unwrap();
    assert_eq!(tick(&app).await, 1);
    assert_eq!((status(&app, &held).await, status(&app, &free).await), ("signed".to_owned(), "active".to_owned()));
    holder.batch_execute("COMMIT").await.unwrap();
    assert_eq!(tick(&app).await, 1);
}

#[actix_web::test]
async fn a_run_that_fails_changes_nothing_and_the_next_one_makes_up_for_it() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let contract = signed(&sue, &client_of(&sue).await, json!({"starts_on": "2026-11-25"})).await;
    app.advance(Duration::days(1));
    let mut db = app.db().await;
    db.batch_execute("ALTER TABLE outbox_events RENAME TO gone").await.unwrap();
    assert!(clock::advance(&mut db, &app.parts().secrets, app.parts().clock.now()).await.is_err());
    assert_eq!(status(&app, &contract).await, "signed");
    db.batch_execute("ALTER TABLE gone RENAME TO outbox_events").await.unwrap();
    assert_eq!(clock::advance(&mut db, &app.parts().secrets, app.parts().clock.now()).await.unwrap(), 1);
    assert_eq!(status(&app, &contract).await, "active");
}

#[actix_web::test]
async fn a_contract_that_fails_does_not_hold_up_the_others() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client_of(&sue).await;
    let mut contracts = Vec::new();
    for _ in 0..3 {
        contracts.push(signed(&sue, &client, json!({"starts_on": "2026-11-25"})).await);
    }
    app.advance(Duration::days(1));
    let mut db = app.db().await;
    let stuck = contracts[1]["id"].as_str().unwrap();
    let trap = format!(
        "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stuck'; END $$;
         CREATE TRIGGER trap BEFORE UPDATE ON contracts FOR EACH ROW WHEN (NEW.id = '{stuck}') EXECUTE FUNCTION trap();"
    );
    db.batch_execute(&trap).await.unwrap();
    assert!(clock::advance(&mut db, &app.parts().secrets, app.parts().clock.now()).await.is_err());
    for (contract, expected) in contracts.iter().zip(["active", "signed", "active"]) {
        assert_eq!(status(&app, contract).await, expected);
    }
}

async fn past(
    app: &TestApp,
    author: &TestUser,
    approver: Option<&TestUser>,
    new: Value,
) -> liaison::error::Result<Contract> {
    let mut terms = new;
    let start = json!({"client_id": terms.as_object_mut().unwrap().remove("client_id")});
    let new = Parts(serde_json::from_value(start).unwrap(), serde_json::from_value(terms).unwrap());
    let past = Past {
        status: liaison::contracts::ContractStatus::Active,
        author_id: author.id,
        approved_by: approver.map(|user| user.id),
        created_at: "1996-07-01T09:00:00Z".parse().unwrap(),
        signed_on: "1996-07-03".parse().unwrap(),
    };
    by_system(app, async |tx| insert_past(tx, &Scope::<Contract, Create>::system(), new, past).await).await
}

#[actix_web::test]
async fn a_past_contract_comes_with_its_history() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client_of(&ann).await;
    let days = json!({"starts_on": "1996-07-04", "ends_on": "1998-07-03", "auto_renew": true});
    let contract = past(&app, &ann, Some(&sue), terms_with(&client, &days)).await.unwrap();
    let contract = ann.get(&format!("/v1/contracts/{}", contract.id.uuid())).await.ok();
    assert_eq!((&contract["status"], &contract["number"]), (&json!("active"), &json!("C-1996-000001")));
    assert_eq!(contract["author_id"], json!(ann.id));
    assert_eq!(contract["created_at"], "1996-07-01T09:00:00Z");
    assert_eq!(contract["signed_on"], "1996-07-03");
    let steps: Vec<Value> = history(&ann, &contract).await.into_iter().map(|[action, ..]| action).collect();
    assert_eq!(json!(steps), json!(["created", "submitted", "approved", "signed", "activated"]));
    assert_eq!(app.events(&contract["id"]).await, ["contracts.created"]);

    assert_eq!(tick(&app).await, 1);
    let renewed = get(&ann, &contract).await;
    assert_eq!(renewed["ends_on"], "2028-07-03", "all terms gone by at once");

    let wrong = past(&app, &ann, None, terms_with(&client, &json!({"ends_on": "1990-01-01"}))).await;
    assert_eq!(wrong.unwrap_err().problem(), ProblemType::ValidationFailed);
    past(&app, &ann, None, terms(&client)).await.unwrap();
}
