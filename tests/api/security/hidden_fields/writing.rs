//! Creating and changing objects with hidden fields.

use serde_json::{Value, json};

use super::{SECRETS, grant, resources, tells_nothing, world, written};
use crate::{
    calls::{Body, Call, Operation, Target, World, call, operations},
    harness::TestUser,
    security::read_only::{body_schema, properties},
};

/// The operations that change `resource`.
fn changes(resource: &str) -> Vec<Operation> {
    let under = format!("/v1/{resource}");
    let of_it = |operation: &Operation| {
        let rest = operation.path.strip_prefix(&under);
        !operation.is_safe() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("/{"))
    };
    operations().into_iter().filter(of_it).collect()
}

/// Puts secrets into the hidden fields of the object of `call`, whatever its state.
async fn hide_in(world: &World, call: &Call, resource: &str, fields: &[&str]) {
    let Some(id) = call.id() else { return };
    for field in fields {
        // This value is valid for text columns and for numeric ones.
        let value = match written(field, &json!(SECRETS[2])) {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let sql = format!("UPDATE {resource} SET {field} = '{value}' WHERE id = '{id}' RETURNING '' AS value");
        assert_eq!(world.app.text(&sql).await.len(), 1);
    }
}

/// Lets managers change objects whose hidden fields they do not see.
async fn let_managers_write(world: &World) {
    for role in ["manager", "key_account_manager"] {
        for permission in ["products:create", "products:update"] {
            grant(&world.app, role, permission, "all").await;
        }
    }
}

/// ASVS 8.2.3, 15.3.1; trust 1.9
#[actix_web::test]
async fn no_change_answers_what_is_hidden_not_even_a_second_time() {
    let world = world().await;
    let_managers_write(&world).await;
    for (resource, permission, fields) in resources() {
        grant(&world.app, "supervisor", permission, "none").await;
        let mut answered = 0;
        for operation in changes(resource) {
            for (who, target) in [(&world.ann, Target::Ordinary), (&world.kai, Target::Key), (&world.sue, Target::Key)]
            {
                // The new owner sees the fields.
                if operation.id == "transfer_client" && who.id == world.kai.id {
                    continue;
                }
                let call = call(&world, operation.id, target).await;
                hide_in(&world, &call, resource, &fields).await;
                for time in ["first", "second"] {
                    let key = format!("{} {target:?}", operation.id);
                    let request = call.request(&operation, who).insert_header(("Idempotency-Key", key));
                    let answer = who.send(request).await;
                    tells_nothing(&answer, &format!("the {time} answer of {} to {target:?}", operation.id));
                    answered += usize::from(answer.status < 300);
                }
                // An erasure is meant to lose it.
                if let Some(id) = call.id().filter(|_| operation.id != "erase_client") {
                    let kept = format!("SELECT count(*)::text AS value FROM {resource} WHERE id = '{id}' AND ");
                    let all = fields.iter().map(|field| format!("{field} IS NOT NULL")).collect::<Vec<_>>();
                    assert_eq!(world.app.text(&(kept + &all.join(" AND "))).await, ["1"], "{} lost it", operation.id);
                }
            }
        }
        assert!(answered > 2 * fields.len(), "too few changes of {resource} were possible to prove anything");
        grant(&world.app, "supervisor", permission, "all").await;
    }
}

/// ASVS 8.2.3, 15.3.3; trust 1.9, 1.10
#[actix_web::test]
async fn what_is_hidden_is_not_written() {
    let world = world().await;
    let_managers_write(&world).await;
    for (resource, permission, fields) in resources() {
        grant(&world.app, "supervisor", permission, "none").await;
        for operation in changes(resource) {
            if operation.media_type() != Some("application/json") {
                continue;
            }
            let takes = properties(body_schema(&operation));
            for (who, target) in [(&world.ann, Target::Ordinary), (&world.kai, Target::Key), (&world.sue, Target::Key)]
            {
                // A client that a key-account manager creates is their own, so they see all its fields.
                if operation.id == "create_client" && who.id == world.kai.id {
                    continue;
                }
                let call = call(&world, operation.id, target).await;
                for field in &fields {
                    refuses(&world, &operation, &call, who, field, takes.contains(*field).then_some(permission)).await;
                }
            }
        }
        grant(&world.app, "supervisor", permission, "all").await;
    }
}

/// Asserts that `who` is refused with `field` in an otherwise valid body, with 403 if the operation accepts the field
/// and 400 if not, and that nothing changes.
async fn refuses(
    world: &World,
    operation: &Operation,
    call: &Call,
    who: &TestUser,
    field: &str,
    permission: Option<&str>,
) {
    let before = traces(world).await;
    let values: Vec<Value> = SECRETS.iter().map(|value| json!(value)).chain([Value::Null]).collect();
    let mut forbidden = 0;
    for value in values {
        // When something is created, an absent field and `null` mean the same.
        if value.is_null() && operation.method == "post" {
            continue;
        }
        let Body::Json(mut body) = call.body.clone() else { panic!("{}: no body", operation.id) };
        body[field] = written(field, &value);
        let answer = who.send(call.head(operation, who).set_json(&body)).await;
        let what = format!("{} with {field} = {value}: {:?}", operation.id, answer.body);
        match (permission, answer.status) {
            (Some(permission), 403) => {
                forbidden += usize::from(answer.json()["permission"] == permission);
            }
            // The field does not accept this value.
            (Some(_), 422) => assert!(!value.is_null(), "{what}"),
            (None, 400) => assert_eq!(answer.json()["code"], "unknown_field", "{what}"),
            (None, 403) => assert_ne!(answer.json()["permission"], Value::Null, "{what}"),
            _ => panic!("{what}"),
        }
    }
    assert!(permission.is_none() || forbidden > 0, "{} takes {field}", operation.id);
    assert_eq!(traces(world).await, before, "{} {field}", operation.id);
}

async fn traces(world: &World) -> Vec<String> {
    let sql = "SELECT json_build_array((SELECT count(*) FROM outbox_events), (SELECT count(*) FROM idempotency_keys), \
               (SELECT json_agg(clients ORDER BY id) FROM clients), (SELECT json_agg(products ORDER BY id) FROM products))::text AS value";
    world.app.text(sql).await
}
