//! The verification through the API, part by part.

use std::collections::BTreeSet;

use actix_web::http::Method;
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{events_of, sealed_world};
use crate::calls::World;

async fn part(world: &World, query: &str) -> Value {
    world.sue.get(&format!("/v1/audit/verification?{query}")).await.ok()
}

/// All parts of the log, from the first seal to the last.
async fn walk(world: &World, limit: usize) -> Vec<Value> {
    let (mut parts, mut from) = (Vec::new(), json!(0));
    loop {
        let next = part(world, &format!("limit={limit}&from_seal={from}")).await;
        from = next["next_seal"].clone();
        parts.push(next);
        if from.is_null() {
            return parts;
        }
    }
}

#[actix_web::test]
async fn supervisors_verify_the_log_part_by_part() {
    let world = sealed_world().await;
    let app = &world.app;
    let whole = part(&world, "").await;
    let events = app.count("audit_events").await;
    assert_eq!(
        (&whole["intact"], &whole["seals"], &whole["events"], &whole["waiting"]),
        (&json!(true), &json!(4), &json!(events - 1), &json!(1))
    );
    assert_eq!(
        (&whole["head"]["number"], &whole["next_seal"], &whole["faults"]),
        (&json!(3), &Value::Null, &json!([]))
    );
    for limit in [1, 2, 3] {
        let parts = walk(&world, limit).await;
        let sum = |name: &str| parts.iter().map(|part| part[name].as_i64().unwrap()).sum::<i64>();
        assert_eq!((sum("events"), sum("seals"), sum("waiting")), (events - 1, 4, 1), "{limit}");
        assert!(parts.iter().all(|part| part["intact"] == true), "{limit}: {parts:?}");
    }
    let head = format!("{}:{}", whole["head"]["number"], whole["head"]["hash"].as_str().unwrap());
    assert_eq!(part(&world, &format!("head={head}")).await["intact"], true);
    let other = head.replacen("3:", "4:", 1);
    assert_eq!(
        part(&world, &format!("from_seal=3&head={other}")).await["faults"],
        json!([{"kind": "tail_cut", "seal": 4, "event_id": null}])
    );
    assert_eq!(part(&world, "from_seal=9").await["faults"][0]["kind"], "seal_removed");

    for (query, parameter) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("from_seal=2147483648", "from_seal"),
        ("from_seal=-1", "from_seal"),
        ("head=1", "head"),
        ("head=1:00", "head"),
    ] {
        let problem = world.sue.get(&format!("/v1/audit/verification?{query}")).await.problem(400, "invalid_parameter");
        assert_eq!(problem["errors"][0]["pointer"], parameter, "{query}");
    }
    let request = world.kim.request(Method::GET, "/v1/audit/verification");
    assert_eq!(world.kim.send(request).await.problem(403, "forbidden")["permission"], "audit:verify");
}

#[actix_web::test]
async fn an_inserted_event_is_in_one_of_the_parts_whatever_its_id() {
    let world = sealed_world().await;
    let mut db = world.app.db().await;
    let middle = events_of(&world.app, 2).await[0];
    let ids = [Uuid::nil(), Uuid::from_u128(middle.as_u128() + 1), Uuid::max()];
    for id in ids {
        let insert = format!(
            "INSERT INTO audit_events SELECT (jsonb_populate_record(event, '{{\"id\": \"{id}\"}}')).* FROM audit_events event \
             WHERE id = '{middle}'; DELETE FROM audit_unsealed WHERE event_id = '{id}'"
        );
        db.batch_execute(&insert).await.unwrap();
    }
    for limit in [1, 2, 1000] {
        let found: BTreeSet<String> = walk(&world, limit)
            .await
            .iter()
            .flat_map(|part| part["faults"].as_array().unwrap().clone())
            .map(|fault| format!("{} {}", fault["kind"].as_str().unwrap(), fault["event_id"].as_str().unwrap()))
            .collect();
        assert_eq!(found, ids.iter().map(|id| format!("event_inserted {id}")).collect(), "{limit}");
    }
}
