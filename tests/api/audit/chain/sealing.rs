//! How events are sealed.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use liaison::{
    audit::{self, FaultKind},
    change::{self, Origin, Record},
    db::AdvisoryLock,
    setup, signing_keys,
};
use serde_json::{Map, json};
use tokio::time::timeout;
use uuid::Uuid;

use super::{events_of, seal, sealed_world, told, verify, verify_at};
use crate::harness::TestApp;

fn record(number: usize) -> Record {
    let mut changes = Map::new();
    changes.insert("name".to_owned(), json!({"from": null, "to": format!("Client {number}")}));
    changes.insert("status".to_owned(), json!({"from": null, "to": "lead"}));
    Record {
        action: "created",
        resource: "clients",
        resource_id: Uuid::now_v7(),
        client_id: None,
        version: 1,
        changes,
        is_told: true,
        personal: &["name"],
    }
}

async fn write(app: &TestApp, count: usize) {
    let mut records: Vec<Record> = (0..count).map(record).collect();
    let state = app.parts();
    let events = change::events_of(&state.secrets, &mut records, &Origin::default(), state.clock.now()).unwrap();
    change::write_audit(&app.db().await, &events).await.unwrap();
}

/// Every acknowledged event is sealed exactly once, however many servers seal.
#[actix_web::test]
async fn several_sealers_make_one_chain() {
    let app = TestApp::start().await;
    let sealers = (0..4).map(|_| async {
        let mut sealed = 0;
        for _ in 0..20 {
            sealed += seal(&app).await;
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        sealed
    });
    let writers = (0..3).map(|_| async {
        for size in [1, 700, 3, 400] {
            write(&app, size).await;
        }
    });
    let (sealed, _) = tokio::join!(futures_util::future::join_all(sealers), futures_util::future::join_all(writers));
    let rest = seal(&app).await;
    let events = app.count("audit_events").await;
    assert!(events >= 3312);
    assert_eq!(sealed.iter().sum::<usize>() + rest, usize::try_from(events).unwrap());
    assert_eq!((app.count("audit_leaves").await, app.count("audit_unsealed").await), (events, 0));
    assert_eq!(app.count("audit_seals WHERE events > 500").await, 0);
    let found = verify(&app).await;
    assert_eq!((told(&found), found.events), (vec![], events));
}

#[actix_web::test]
async fn a_change_that_is_not_committed_waits_for_no_seal() {
    let app = TestApp::start().await;
    seal(&app).await;
    let mut db = app.db().await;
    db.batch_execute("BEGIN").await.unwrap();
    let state = app.parts();
    let events = change::events_of(&state.secrets, &mut [record(1)], &Origin::default(), state.clock.now()).unwrap();
    change::write_audit(&db, &events).await.unwrap();
    write(&app, 1).await;
    assert_eq!(seal(&app).await, 1);
    db.batch_execute("COMMIT").await.unwrap();
    assert_eq!(seal(&app).await, 1, "the older event has a later seal");
    assert!(verify(&app).await.intact);
}

#[actix_web::test]
async fn sealing_and_the_rotation_of_keys_do_not_wait_for_each_other() {
    let app = TestApp::start().await;
    write(&app, 1).await;
    let mut other = app.db().await;
    other.batch_execute("BEGIN").await.unwrap();
    AdvisoryLock::SigningKeys.until_commit(&other).await.unwrap();
    assert!(seal(&app).await > 0, "another server rotates the keys");
    other.batch_execute("ROLLBACK; BEGIN").await.unwrap();
    assert!(AdvisoryLock::Sealing.try_until_commit(&other).await.unwrap());
    let (mut db, state) = (app.db().await, app.parts());
    let rotation = signing_keys::rotate(&mut db, &state.secrets, state.clock.now());
    let rotated = timeout(Duration::from_secs(5), rotation).await.expect("another server seals the log");
    assert!(rotated.unwrap().made);
    write(&app, 1).await;
    assert_eq!(seal(&app).await, 0, "one server seals at a time");
}

/// trust 1.12, 1.14: the server's role needs to insert, and may neither change nor remove.
#[actix_web::test]
async fn the_server_needs_no_right_to_change_the_log() {
    let app = TestApp::start().await;
    let mut db = app.db().await;
    let role = format!("server_{}", Uuid::now_v7().simple());
    let narrow = format!(
        "CREATE ROLE {role}; GRANT USAGE ON SCHEMA public TO {role}; GRANT SELECT, INSERT ON audit_events, audit_seals, audit_leaves TO {role}; \
         GRANT SELECT, INSERT, DELETE ON audit_unsealed TO {role}; GRANT SELECT ON audit_keys TO {role}; SET ROLE {role}"
    );
    db.batch_execute(&narrow).await.unwrap();
    let state = app.parts();
    let events = change::events_of(&state.secrets, &mut [record(1)], &Origin::default(), state.clock.now()).unwrap();
    change::write_audit(&db, &events).await.unwrap();
    assert!(audit::seal_all(&mut db, &state.secrets, state.clock.now()).await.unwrap() > 0);
    assert!(verify_at(&mut db, &app, None).await.intact);
    for forbidden in [
        "UPDATE audit_events SET at = at",
        "DELETE FROM audit_events",
        "TRUNCATE audit_leaves",
        "DELETE FROM audit_seals",
    ] {
        assert!(
            db.batch_execute(forbidden).await.unwrap_err().to_string().contains("permission denied"),
            "{forbidden}"
        );
    }
    db.batch_execute(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
}

/// The chain begins with a new database, and does not begin again at a later start.
#[actix_web::test]
async fn an_event_without_a_code_is_not_signed_at_a_start() {
    let world = sealed_world().await;
    let app = &world.app;
    let seals = app.count("audit_seals").await;
    let smuggled = events_of(app, 1).await[0];
    let strip = format!(
        "ALTER TABLE audit_events ALTER COLUMN mac DROP NOT NULL; UPDATE audit_events SET mac = NULL WHERE id = '{smuggled}'"
    );
    app.db().await.batch_execute(&strip).await.unwrap();
    let state = app.parts();
    setup::prepare(&app.urls(), &state.secrets, &state.hashing, &state.clock).await.unwrap();
    assert_eq!(app.count("audit_seals").await, seals);
    assert_eq!(told(&verify(app).await), [(FaultKind::EventChanged, Some(1), Some(smuggled))]);
}

/// An event without a code was not written by the server, and does not keep the others from being sealed.
#[actix_web::test]
async fn an_event_without_a_code_is_sealed_as_it_is() {
    let world = sealed_world().await;
    let app = &world.app;
    seal(app).await;
    let _ = world.team().await;
    let strip = "UPDATE audit_events SET mac = NULL WHERE id IN (SELECT event_id FROM audit_unsealed) RETURNING id::text AS value";
    app.sql("ALTER TABLE audit_events ALTER COLUMN mac DROP NOT NULL").await;
    let smuggled: Vec<Uuid> = app.text(strip).await.iter().map(|id| id.parse().unwrap()).collect();
    assert_eq!((smuggled.len(), seal(app).await), (1, 1));
    let head = app.count("audit_seals").await - 1;
    assert_eq!(told(&verify(app).await), [(FaultKind::EventChanged, Some(head), Some(smuggled[0]))]);
}

/// Prints how fast events are written, sealed and verified; run it alone, with optimisation.
#[actix_web::test]
#[ignore = "it measures, and needs a minute"]
async fn how_fast() {
    let app = TestApp::start().await;
    let count = 200_000;
    let timed = |what: &str, since: std::time::Instant| {
        let seconds = since.elapsed().as_secs_f64();
        println!("{what}: {:.0} events/s", f64::from(count) / seconds);
    };
    let start = std::time::Instant::now();
    write(&app, 200_000).await;
    timed("written", start);
    let start = std::time::Instant::now();
    assert!(seal(&app).await >= 200_000);
    timed("sealed", start);
    app.db().await.batch_execute("ANALYZE").await.unwrap();
    for _ in 0..3 {
        let start = std::time::Instant::now();
        assert!(verify(&app).await.intact);
        timed("verified", start);
    }
}
