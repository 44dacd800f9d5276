//! The chain of seals over the audit log.

mod parts;
mod personal;
mod sealing;
mod tampering;
mod watch;

use diesel_async::AsyncPgConnection;
use liaison::{
    audit::{self, Anchor, AuditVerification, FaultKind},
    values::Id,
};
use serde_json::json;
use uuid::Uuid;

use super::{path, world};
use crate::{
    calls::{Target, World},
    harness::TestApp,
};

async fn seal(app: &TestApp) -> usize {
    audit::seal_all(&mut app.db().await, &app.parts().secrets, app.parts().clock.now()).await.unwrap()
}

async fn verify_at(db: &mut AsyncPgConnection, app: &TestApp, anchor: Option<&Anchor>) -> AuditVerification {
    audit::verify(db, &app.parts().secrets, anchor.map(std::slice::from_ref).unwrap_or_default()).await.unwrap()
}

async fn verify(app: &TestApp) -> AuditVerification {
    verify_at(&mut app.db().await, app, None).await
}

/// The faults: kind, seal and event.
fn told(found: &AuditVerification) -> Vec<(FaultKind, Option<i64>, Option<Uuid>)> {
    assert_eq!(found.intact, found.faults.is_empty());
    found.faults.iter().map(|fault| (fault.kind, fault.seal, fault.event_id.map(Id::uuid))).collect()
}

/// A log with four seals, the first of them empty, and an event that waits to be sealed.
async fn sealed_world() -> World {
    let world = world().await;
    seal(&world.app).await;
    for _ in 0..2 {
        let client = world.client(Target::Key).await;
        let client = world.sue.patch(path(&client), &client, json!({"confidential_note": "Late"})).await.ok();
        let _ = world.sue.transition("archive", &client, json!({"reason": "Closed"})).await.ok();
        world.ann.get("/v1/audit").await.problem(403, "forbidden");
        seal(&world.app).await;
    }
    let _ = world.team().await;
    world
}

/// The events of a seal.
async fn events_of(app: &TestApp, seal: i64) -> Vec<Uuid> {
    let sql = format!("SELECT event_id::text AS value FROM audit_leaves WHERE seal = {seal} ORDER BY event_id");
    app.text(&sql).await.iter().map(|id| id.parse().unwrap()).collect()
}
