//! `Idempotency-Key` at every operation that accepts one: for a day, the key stands for one request.

use actix_web::test::TestRequest;

use crate::{
    calls::{Body, Call, Operation, Target, World, call, operations},
    harness::{Answer, TestApp},
};

/// The groups that are tested in parallel, by the tags of the document.
const GROUPS: [&[&str]; 5] = [
    &["clients", "contacts", "access requests", "personal data"],
    &["contracts"],
    &["orders"],
    &[
        "interactions",
        "products",
        "departments",
        "competitors",
        "exchange rates",
        "lost reasons",
        "custom fields",
        "organization",
        "teams",
        "saved views",
        "exports",
        "imports",
        "jobs",
    ],
    &["auth", "users", "deputies", "roles", "service accounts"],
];

/// Here a secret is checked before the key is looked at, and the first request used it up or changed it. So a repeated
/// request is refused for its secret.
const NOT_REPLAYED: [&str; 3] = ["renew_recovery_codes", "change_password", "remove_second_factor"];

/// The call of this operation is about a session of somebody else, which is out of reach.
const OUT_OF_REACH: &str = "end_own_session";

fn keyed(tags: &[&str]) -> Vec<Operation> {
    let is_of = |operation: &Operation| tags.contains(&operation.about["tags"][0].as_str().unwrap());
    let all = operations().into_iter().filter(|operation| operation.has_parameter("Idempotency-Key"));
    all.filter(is_of).collect()
}

#[test]
fn the_groups_have_every_operation_once() {
    let all = operations().into_iter().filter(|operation| operation.has_parameter("Idempotency-Key")).count();
    assert_eq!(GROUPS.iter().map(|tags| keyed(tags).len()).sum::<usize>(), all);
    assert!(GROUPS.iter().all(|tags| !keyed(tags).is_empty()));
}

#[actix_web::test]
async fn a_key_stands_for_one_request_on_clients() {
    try_group(0).await;
}

#[actix_web::test]
async fn a_key_stands_for_one_request_on_contracts() {
    try_group(1).await;
}

#[actix_web::test]
async fn a_key_stands_for_one_request_on_orders() {
    try_group(2).await;
}

#[actix_web::test]
async fn a_key_stands_for_one_request_on_interactions_and_what_is_shared() {
    try_group(3).await;
}

#[actix_web::test]
async fn a_key_stands_for_one_request_on_users_and_accounts() {
    try_group(4).await;
}

async fn try_group(group: usize) {
    let world = World::over(TestApp::start().await).await;
    let is_replayed = |operation: &Operation| !NOT_REPLAYED.contains(&operation.id) && operation.id != OUT_OF_REACH;
    for operation in keyed(GROUPS[group]).into_iter().filter(is_replayed) {
        let other = call(&world, operation.id, Target::Key).await;
        let first = call(&world, operation.id, Target::Key).await;
        try_key(&world, &operation, &first, &other).await;
    }
}

async fn try_key(world: &World, operation: &Operation, first: &Call, other: &Call) {
    let id = operation.id;
    let request = || first.request(operation, &world.sue);
    let done = send(world, id, request()).await;
    assert!(matches!(done.status, 200 | 201 | 202 | 204), "{id}: {} {:?}", done.status, done.body);
    assert_eq!(done.header("idempotency-replayed"), None, "{id}");
    replays(world, id, request(), &done).await;
    if other.path(operation) != first.path(operation) {
        mismatch(world, id, first.request_at(operation, &other.path(operation), &world.sue), "address").await;
    }
    if operation.has_parameter("If-Match") {
        mismatch(world, id, request().insert_header(("If-Match", "\"77\"")), "If-Match").await;
    }
    if let Body::Json(body) = &first.body {
        mismatch(world, id, request().set_payload(format!("{body}\n")), "body").await;
    }
    expires(world, id, request, &done).await;
}

/// The key is free again after a day, and not a minute before.
async fn expires(world: &World, id: &str, request: impl Fn() -> TestRequest, done: &Answer) {
    age(world, id, "23 hours 59 minutes").await;
    replays(world, id, request(), done).await;
    age(world, id, "1 minute").await;
    let again = send(world, id, request()).await;
    assert_eq!(again.header("idempotency-replayed"), None, "{id} after a day");
    assert!(again.status != 422 || again.json()["code"] != "idempotency_mismatch", "{id} after a day");
}

/// Makes the stored answer older. Moving the clock would end the caller's session too.
async fn age(world: &World, id: &str, by: &str) {
    let sql = format!("UPDATE idempotency_keys SET created_at = created_at - interval '{by}' WHERE key = '{id}'");
    world.app.sql(&sql).await;
}

async fn replays(world: &World, id: &str, request: TestRequest, done: &Answer) {
    let again = send(world, id, request).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"), "{id}: {} {:?}", again.status, again.body);
    assert_eq!((again.status, &again.body), (done.status, &done.body), "{id}");
}

async fn mismatch(world: &World, id: &str, request: TestRequest, what: &str) {
    let answer = send(world, id, request).await;
    assert_eq!(answer.status, 422, "{id} with another {what}: {:?}", answer.body);
    answer.problem(422, "idempotency_mismatch");
}

/// Sends the request with the operation's id as the idempotency key.
async fn send(world: &World, id: &str, request: TestRequest) -> Answer {
    world.sue.send(request.insert_header(("Idempotency-Key", id))).await
}
