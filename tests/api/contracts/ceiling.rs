//! How much may be ordered under a contract.

use std::time::Duration;

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use liaison::{
    change,
    contracts::{ContractId, Ordering, hold_for_order},
    error::Result,
    values::{Id, Language},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{by_system, client_of, get, signed};
use crate::harness::TestApp;

fn uuid(value: &Value) -> Uuid {
    value.as_str().unwrap().parse().unwrap()
}

/// The statement that inserts an order of `net` under `contract`.
fn order(contract: &Value, id: Uuid, net: &str, status: &str) -> String {
    format!(
        "INSERT INTO orders (id, version, created_at, updated_at, client_id, owner_id, team_id, is_key, number, contract_id,
            author_id, status, priority, currency, ordered_on, net_total, tax_total, total,
            department_id, due_at)
         SELECT '{id}', 1, now(), now(), client_id, owner_id, team_id, is_key, 'O-{id}', id, author_id, '{status}', 'normal',
            currency, starts_on, {net}, 0, {net},
            (SELECT id FROM departments LIMIT 1), starts_on FROM contracts WHERE id = '{}'",
        contract["id"].as_str().unwrap()
    )
}

/// Inserts the department to which orders are handed over.
const DEPARTMENT: &str = "INSERT INTO departments (id, version, created_at, updated_at, name, kind, is_active)
    VALUES (gen_random_uuid(), 1, now(), now(), 'Warehouse', 'department', true) ON CONFLICT DO NOTHING";

async fn ordered(app: &TestApp, contract: &Value, net: &str, status: &str) -> Uuid {
    let id = Uuid::now_v7();
    let sql = format!("{DEPARTMENT}; {}", order(contract, id, net, status));
    app.db().await.batch_execute(&sql).await.unwrap();
    id
}

/// Another order, without the contract it is for.
#[derive(Clone, Copy)]
struct Order<'a> {
    client: &'a Value,
    day: &'a str,
    currency: &'a str,
    adding: &'a str,
    except: Option<Uuid>,
}

impl<'a> Order<'a> {
    fn of(client: &'a Value, adding: &'a str) -> Self {
        Self { client, day: "2026-11-24", currency: "RUB", adding, except: None }
    }

    async fn hold(self, tx: &mut change::Tx<'_>, contract: &Value) -> Result<()> {
        let (id, client): (ContractId, _) = (Id::from(uuid(&contract["id"])), Id::from(uuid(&self.client["id"])));
        let currency = serde_json::from_value(json!(self.currency)).unwrap();
        let (day, adding) = (self.day.parse().unwrap(), self.adding.parse().unwrap());
        let ordering =
            Ordering { client_id: client, currency: &currency, day, net: adding, total: adding, id: self.except };
        hold_for_order(tx, id, ordering, "/contract_id").await
    }

    /// The codes of the errors that refuse the order, and the amount that is left according to the error.
    async fn refused(self, app: &TestApp, contract: &Value) -> (Vec<String>, Value) {
        match by_system(app, async |tx| self.hold(tx, contract).await).await {
            Ok(()) => (Vec::new(), Value::Null),
            Err(error) => {
                let document = serde_json::to_value(error.document(Language::En, "/v1/orders", "1")).unwrap();
                let errors = document["errors"].as_array().unwrap();
                assert!(errors.iter().all(|error| error["pointer"] == "/contract_id"));
                let code = |error: &Value| error["code"].as_str().unwrap().to_owned();
                (errors.iter().map(code).collect(), document["left"].clone())
            }
        }
    }
}

fn only(code: &str) -> (Vec<String>, Value) {
    (vec![code.to_owned()], Value::Null)
}

#[actix_web::test]
async fn orders_stay_within_the_amount() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client_of(&sue).await;
    let contract = signed(&sue, &client, json!({"amount": "1000.00"})).await;
    let other = signed(&sue, &client, json!({"amount": "1000.00"})).await;
    assert_eq!(Order::of(&client, "1000.0000").refused(&app, &contract).await, (vec![], Value::Null));
    let over = Order::of(&client, "1000.0001").refused(&app, &contract).await;
    assert_eq!(over, (vec!["contract_ceiling".to_owned()], json!("1000.00")));

    for status in ["draft", "rejected", "cancelled"] {
        ordered(&app, &contract, "900", status).await;
    }
    for status in ["submitted", "approved", "handed_over", "accepted", "in_progress", "fulfilled", "closed"] {
        ordered(&app, &contract, "100.0001", status).await;
    }
    let last = ordered(&app, &contract, "50", "submitted").await;
    ordered(&app, &other, "900", "approved").await;
    assert_eq!(get(&sue, &contract).await["ordered_total"], "750.0007");

    assert_eq!(Order::of(&client, "249.9993").refused(&app, &contract).await, (vec![], Value::Null));
    let over = Order::of(&client, "249.9994").refused(&app, &contract).await;
    assert_eq!(over, (vec!["contract_ceiling".to_owned()], json!("249.9993")));
    let itself = Order { except: Some(last), ..Order::of(&client, "299.9993") };
    assert_eq!(itself.refused(&app, &contract).await, (vec![], Value::Null));
    let itself = Order { except: Some(last), ..Order::of(&client, "299.9994") };
    assert_eq!(itself.refused(&app, &contract).await.0, ["contract_ceiling"]);
}

#[actix_web::test]
async fn what_was_ordered_in_excess_leaves_nothing() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client_of(&sue).await;
    let contract = signed(&sue, &client, json!({"amount": "10.00"})).await;
    ordered(&app, &contract, "12", "closed").await;
    let (codes, left) = Order::of(&client, "0.01").refused(&app, &contract).await;
    assert_eq!((codes, left), (vec!["contract_ceiling".to_owned()], json!("0.00")));
}

#[actix_web::test]
async fn an_order_needs_a_contract_of_its_client_that_is_in_force_then() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let (client, stranger) = (client_of(&sue).await, client_of(&sue).await);
    let contract = signed(&sue, &client, json!({"ends_on": "2026-12-31"})).await;
    let order = Order::of(&client, "1");
    assert_eq!(Order { client: &stranger, ..order }.refused(&app, &contract).await, only("unknown_reference"));
    let absent = json!({"id": Uuid::now_v7()});
    assert_eq!(order.refused(&app, &absent).await, only("unknown_reference"));
    assert_eq!(Order { currency: "USD", ..order }.refused(&app, &contract).await, only("contract_currency"));
    for (day, fits) in [("2026-11-23", false), ("2026-11-24", true), ("2026-12-31", true), ("2027-01-01", false)] {
        let expected = if fits { (vec![], Value::Null) } else { only("contract_dates") };
        assert_eq!(Order { day, ..order }.refused(&app, &contract).await, expected, "{day}");
    }
    let endless = signed(&sue, &client, json!({"ends_on": null})).await;
    assert_eq!(Order { day: "2199-12-31", ..order }.refused(&app, &endless).await, (vec![], Value::Null));

    for status in ["draft", "in_review", "approved", "signed", "completed", "expired", "terminated"] {
        app.text(&format!("UPDATE contracts SET status = '{status}' RETURNING status AS value")).await;
        assert_eq!(order.refused(&app, &contract).await, only("contract_not_active"), "{status}");
    }
    let all = Order { day: "2020-01-01", currency: "USD", ..order }.refused(&app, &contract).await;
    assert_eq!(all.0, ["contract_not_active", "contract_currency", "contract_dates"]);
}

#[actix_web::test]
async fn two_orders_cannot_pass_the_ceiling_together() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client_of(&sue).await;
    let contract = signed(&sue, &client, json!({"amount": "100.00"})).await;
    let (held, waits) = tokio::sync::oneshot::channel();
    let first = by_system(&app, async |tx| {
        Order::of(&client, "60").hold(tx, &contract).await?;
        held.send(()).unwrap();
        // Long enough for the second order to pass if the lock did not stop it.
        tokio::time::sleep(Duration::from_millis(300)).await;
        diesel::sql_query(order(&contract, Uuid::now_v7(), "60", "submitted")).execute(&mut **tx).await?;
        Ok(())
    });
    let second = async {
        waits.await.unwrap();
        Order::of(&client, "60").refused(&app, &contract).await
    };
    let (first, second) = tokio::join!(first, second);
    first.unwrap();
    assert_eq!(second, (vec!["contract_ceiling".to_owned()], json!("40.00")));
}
