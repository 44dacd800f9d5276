//! Bodies that are not what they should be, on every operation that takes one.

use actix_web::{http::Method, test::TestRequest};
use serde_json::{Value, json};

use super::{each, send, traces, world};
use crate::{
    calls::{Body, Call, Operation, World},
    harness::TestApp,
};

fn takes_json(operation: &Operation) -> bool {
    operation.media_type() == Some("application/json")
}

fn raw(world: &World, operation: &Operation, call: &Call, body: impl Into<Vec<u8>>) -> TestRequest {
    let request = call.head(operation, &world.sue).insert_header(("Content-Type", "application/json"));
    request.set_payload(body.into())
}

#[actix_web::test]
async fn what_is_not_json_is_malformed() {
    let world = world().await;
    let deep = "[".repeat(100_000);
    let deep_object = r#"{"a":"#.repeat(100_000);
    let malformed: [&[u8]; 14] = [
        b"{",
        b"nul",
        b"{\"name\":}",
        b"{\"name\":\"a\",}",
        b"{} {}",
        b"{'name': 'a'}",
        b"\xff",
        b"{\"name\":\"\xff\xfe\"}",
        b"{\"name\":\"\xc3\"}",
        b"{\"name\":\"a\nb\"}",
        b"{\"name\":NaN}",
        b"\xef\xbb\xbf{}",
        deep.as_bytes(),
        deep_object.as_bytes(),
    ];
    for (operation, call) in each(&world, takes_json).await {
        let before = traces(&world).await;
        for body in malformed {
            let answer = send(&world, raw(&world, &operation, &call, body)).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(30)]).into_owned();
            assert_eq!(answer.status, 400, "{} {shown}: {:?}", operation.id, answer.body);
            let problem = answer.json();
            assert!(
                ["malformed_body", "unknown_field"].contains(&problem["code"].as_str().unwrap()),
                "{shown}: {problem}"
            );
        }
        for body in ["[]", "null", "1", "\"text\"", "true", "[{}]"] {
            let answer = send(&world, raw(&world, &operation, &call, body)).await;
            assert_eq!(answer.status, 422, "{} {body}: {:?}", operation.id, answer.body);
            answer.field_error("", "invalid_type");
        }
        assert_eq!(traces(&world).await, before, "{}", operation.id);
    }
}

#[actix_web::test]
async fn a_body_over_a_mebibyte_is_413() {
    let world = world().await;
    for (operation, call) in each(&world, |operation| operation.media_type().is_some()).await {
        let before = traces(&world).await;
        let media_type = operation.media_type().unwrap();
        let head = || call.head(&operation, &world.sue).insert_header(("Content-Type", media_type));
        let most = operation.about["x-max-body-bytes"].as_u64().map_or(1 << 20, |most| usize::try_from(most).unwrap());
        let big = format!("{}{}", " ".repeat(most), "{}");
        send(&world, head().set_payload(big.clone())).await.problem(413, "body_too_large");
        let announced = head().set_payload("{}").insert_header(("Content-Length", most + 1));
        send(&world, announced).await.problem(413, "body_too_large");
        assert_eq!(traces(&world).await, before, "{}", operation.id);
    }
    let just = format!("{}{}", " ".repeat((1 << 20) - 17), r#"{"name": "North"}"#);
    let request = world.sue.request(Method::POST, "/v1/teams").insert_header(("Content-Type", "application/json"));
    assert_eq!(send(&world, request.set_payload(just)).await.status, 201);
}

#[actix_web::test]
async fn a_field_that_is_not_there_or_given_twice_is_refused() {
    let world = world().await;
    for (operation, call) in each(&world, takes_json).await {
        let before = traces(&world).await;
        let Body::Json(body) = &call.body else { panic!("{}: no body in its entry", operation.id) };
        for strange in ["surprise", "Name", "id", "__proto__", "a/b", "a~b", "имя", ""] {
            let mut body = body.clone();
            body[strange] = json!(1);
            let answer = send(&world, raw(&world, &operation, &call, body.to_string())).await;
            let problem = answer.problem(400, "unknown_field");
            let pointer = format!("/{}", strange.replace('~', "~0").replace('/', "~1"));
            assert_eq!(problem["errors"][0]["pointer"], pointer.as_str(), "{}", operation.id);
        }
        if let Some((name, value)) = body.as_object().unwrap().iter().next() {
            let text = body.to_string();
            let twice = format!("{},{}:{value}}}", text.strip_suffix('}').unwrap(), Value::from(name.as_str()));
            let problem = send(&world, raw(&world, &operation, &call, twice)).await.problem(400, "unknown_field");
            assert_eq!(problem["errors"][0]["code"], "duplicate_field", "{}", operation.id);
        }
        assert_eq!(traces(&world).await, before, "{}", operation.id);
    }
}

#[actix_web::test]
async fn required_fields_are_told_all_at_once() {
    let world = world().await;
    for (operation, call) in each(&world, takes_json).await {
        let required = super::value::schema(&operation)["required"].as_array().cloned().unwrap_or_default();
        if required.is_empty() {
            continue;
        }
        let errors = send(&world, raw(&world, &operation, &call, "{}")).await.field_errors();
        for name in required {
            let told = (format!("/{}", name.as_str().unwrap()), "required".to_owned());
            assert!(errors.contains(&told), "{}: {name} is not told: {errors:?}", operation.id);
        }
    }
}

/// The name that was meant is suggested, whichever part of the body it is in.
#[actix_web::test]
async fn a_name_that_was_nearly_right_is_suggested() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let told = async |address: &str, body: serde_json::Value| {
        let problem = sue.post(address, body).await.problem(400, "unknown_field");
        let errors = problem["errors"].as_array().unwrap().clone();
        let unknown = errors.iter().find(|error| error["code"] == "unknown_field").unwrap();
        unknown["detail"].as_str().unwrap().to_owned()
    };
    for (address, body, meant) in [
        ("/v1/orders", json!({"client": 1}), "client_id"),
        ("/v1/orders", json!({"coment": "x"}), "comment"),
        ("/v1/teams", json!({"nam": "x"}), "name"),
    ] {
        assert!(told(address, body).await.ends_with(&format!("Did you mean `{meant}`?")), "{meant}");
    }
    let wrong = sue.get("/v1/clients?statu=lead").await.problem(400, "invalid_parameter");
    assert!(wrong["errors"][0]["detail"].as_str().unwrap().ends_with("Did you mean `status`?"), "{wrong}");
}
