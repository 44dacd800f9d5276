//! Bad input: it gets a problem document with the right status and code, and changes nothing. Most tests try every
//! operation of the document.

mod address;
mod body;
mod header;
mod value;

use actix_web::test::TestRequest;

use crate::{
    calls::{Call, Operation, Target, World, call, operations},
    harness::{Answer, TestApp},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

/// The operations under `/v1` for which `wanted` holds, each with a call that would succeed.
async fn each(world: &World, wanted: impl Fn(&Operation) -> bool) -> Vec<(Operation, Call)> {
    let mut found = Vec::new();
    for operation in
        operations().into_iter().filter(|operation| operation.path.starts_with("/v1/") && wanted(operation))
    {
        found.push((operation, call(world, operation.id, Target::Key).await));
    }
    assert!(!found.is_empty());
    found
}

async fn send(world: &World, request: TestRequest) -> Answer {
    world.sue.send(request).await
}

/// Everything that a change would touch.
async fn traces(world: &World) -> Vec<String> {
    let sql = "SELECT json_build_array((SELECT count(*) FROM audit_events WHERE outcome = 'done'), (SELECT count(*) FROM outbox_events), \
               (SELECT count(*) FROM idempotency_keys), (SELECT sum(version) FROM clients), (SELECT sum(version) FROM users))::text AS value";
    world.app.text(sql).await
}
