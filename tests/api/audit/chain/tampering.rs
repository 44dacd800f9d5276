//! Tampering by someone who may write to the database: each change is found and named.

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use liaison::audit::{Anchor, AuditVerification, FaultKind};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use uuid::Uuid;

use super::{events_of, seal, sealed_world, told, verify, verify_at};
use crate::harness::TestApp;

fn anchor(found: &AuditVerification) -> Anchor {
    let head = found.head.as_ref().unwrap();
    format!("{}:{}", head.number, head.hash).parse().unwrap()
}

/// The faults that are found after `tampering`, which is then rolled back.
async fn after(
    db: &mut AsyncPgConnection,
    app: &TestApp,
    tampering: &str,
    anchor: Option<&Anchor>,
) -> AuditVerification {
    db.batch_execute("BEGIN; ALTER TABLE audit_events ALTER COLUMN mac DROP NOT NULL").await.unwrap();
    db.batch_execute(tampering).await.unwrap_or_else(|error| panic!("{tampering}: {error}"));
    let found = verify_at(db, app, anchor).await;
    db.batch_execute("ROLLBACK").await.unwrap();
    found
}

#[actix_web::test]
async fn an_untouched_log_is_intact() {
    let world = sealed_world().await;
    let found = verify(&world.app).await;
    assert_eq!(told(&found), []);
    let events = world.app.count("audit_events").await;
    assert_eq!((found.seals, found.events, found.waiting, found.erased), (4, events - 1, 1, 0));
    assert!(verify_at(&mut world.app.db().await, &world.app, Some(&anchor(&found))).await.intact);
}

/// ASVS 16.4.2, trust 1.12: any changed column of an event is found, and the event is named.
#[actix_web::test]
async fn a_changed_column_of_an_event_is_found() {
    let world = sealed_world().await;
    let app = &world.app;
    let mut db = app.db().await;
    let event = events_of(app, 2).await[0];
    let changes = [
        "at = at + interval '1 microsecond'",
        "at = 'infinity'",
        "actor_id = gen_random_uuid()",
        "actor_id = NULL",
        "action = 'deleted'",
        "resource = 'contacts'",
        "resource_id = gen_random_uuid()",
        "resource_id = NULL",
        "client_id = gen_random_uuid()",
        "request_id = 'another'",
        "request_id = NULL",
        "changes = changes || '{\"more\": 1}'",
        "changes = '{}'",
        "changes = '1e400'",
        "outcome = 'refused'",
        "session_id = gen_random_uuid()",
        "session_id = NULL",
        "api_key_id = gen_random_uuid()",
        "address = '198.51.100.1'",
        "address = NULL",
        "address = ''",
        "personal = personal || '{\"name\": {\"from\": null, \"to\": \"Another\"}}'",
        "personal = '{}'",
        "personal = NULL",
        "personal_salt = '\\x00'",
        "personal_salt = NULL",
        "personal_digest = '\\x00'",
        "personal_digest = NULL",
        "personal_digest = NULL, personal = NULL, personal_salt = NULL",
        "mac = '\\x00'",
        "mac = NULL",
    ];
    for change in changes {
        let tampering = format!("UPDATE audit_events SET {change} WHERE id = '{event}'");
        let found = after(&mut db, app, &tampering, None).await;
        assert_eq!(told(&found), [(FaultKind::EventChanged, Some(2), Some(event))], "{change}");
    }
    // No column was forgotten.
    let columns =
        app.text("SELECT column_name::text AS value FROM information_schema.columns WHERE table_name = 'audit_events'");
    for column in columns.await.iter().filter(|column| *column != "id") {
        assert!(changes.iter().any(|change| change.starts_with(&format!("{column} = "))), "{column}");
    }
}

/// ASVS 16.4.2, trust 1.12: everything removed, inserted, swapped or moved is found and named.
#[actix_web::test]
async fn what_was_removed_inserted_or_moved_is_found() {
    use FaultKind::{ChainBroken, EventChanged, EventInserted, EventRemoved, SealChanged, SealRemoved};
    let world = sealed_world().await;
    let app = &world.app;
    let mut db = app.db().await;
    let events = events_of(app, 2).await;
    let (one, two) = (events[0], events[1]);
    let seal = |kind, number| vec![(kind, Some(number), None)];
    let copy = |id: &str| {
        format!(
            "INSERT INTO audit_events SELECT (jsonb_populate_record(event, '{{\"id\": \"{id}\"}}')).* \
             FROM audit_events event WHERE id = '{one}'"
        )
    };
    let new = Uuid::now_v7();
    let waiting: Uuid = app.text("SELECT event_id::text AS value FROM audit_unsealed").await[0].parse().unwrap();
    let cases = [
        (format!("DELETE FROM audit_events WHERE id = '{one}'"), vec![(EventRemoved, Some(2), Some(one))]),
        (format!("DELETE FROM audit_events WHERE id = '{waiting}'"), vec![(EventRemoved, None, Some(waiting))]),
        (copy(&new.to_string()), vec![(EventChanged, None, Some(new))]),
        (
            format!("{}; DELETE FROM audit_unsealed WHERE event_id = '{new}'", copy(&new.to_string())),
            vec![(EventInserted, None, Some(new))],
        ),
        (
            format!(
                "{0}; DELETE FROM audit_unsealed WHERE event_id = '{new}'; INSERT INTO audit_leaves VALUES ('{new}', 2)",
                copy(&new.to_string())
            ),
            vec![(EventChanged, Some(2), Some(new)), (SealChanged, Some(2), None)],
        ),
        (
            format!(
                "{0}; DELETE FROM audit_unsealed WHERE event_id = '{new}'; INSERT INTO audit_leaves VALUES ('{new}', -1)",
                copy(&new.to_string())
            ),
            vec![(EventInserted, None, Some(new))],
        ),
        (
            format!(
                "UPDATE audit_events event SET mac = other.mac FROM audit_events other \
                WHERE (event.id, other.id) IN (('{one}', '{two}'), ('{two}', '{one}'))"
            ),
            vec![(EventChanged, Some(2), Some(one)), (EventChanged, Some(2), Some(two))],
        ),
        (
            format!("UPDATE audit_events SET id = '{new}' WHERE id = '{one}'"),
            vec![(EventRemoved, Some(2), Some(one)), (EventInserted, None, Some(new))],
        ),
        (
            format!("DELETE FROM audit_leaves WHERE event_id = '{one}'"),
            vec![(SealChanged, Some(2), None), (EventInserted, None, Some(one))],
        ),
        (
            format!("DELETE FROM audit_leaves WHERE event_id = '{one}'; INSERT INTO audit_unsealed VALUES ('{one}')"),
            seal(SealChanged, 2),
        ),
        (
            format!("DELETE FROM audit_leaves WHERE event_id = '{one}'; DELETE FROM audit_events WHERE id = '{one}'"),
            seal(SealChanged, 2),
        ),
        (
            format!("UPDATE audit_leaves SET seal = 1 WHERE event_id = '{one}'"),
            vec![(SealChanged, Some(1), None), (SealChanged, Some(2), None)],
        ),
        ("UPDATE audit_seals SET sealed_at = 'infinity' WHERE number = 2".to_owned(), seal(SealChanged, 2)),
        ("UPDATE audit_seals SET events = events + 1 WHERE number = 2".to_owned(), seal(SealChanged, 2)),
        (
            "UPDATE audit_seals SET previous = '\\x00' WHERE number = 2".to_owned(),
            vec![(SealChanged, Some(2), None), (ChainBroken, Some(2), None)],
        ),
        (
            "UPDATE audit_seals SET hash = '\\x00' WHERE number = 2".to_owned(),
            vec![(SealChanged, Some(2), None), (ChainBroken, Some(3), None)],
        ),
        ("UPDATE audit_seals SET mac = '\\x00' WHERE number = 2".to_owned(), seal(SealChanged, 2)),
        ("DELETE FROM audit_seals WHERE number = 0".to_owned(), seal(SealRemoved, 0)),
    ];
    for (tampering, expected) in cases {
        assert_eq!(told(&after(&mut db, app, &tampering, None).await), expected, "{tampering}");
    }
    for (tampering, first) in [
        ("DELETE FROM audit_seals WHERE number = 2", (SealRemoved, Some(2), None)),
        ("UPDATE audit_seals SET number = 9 WHERE number = 3", (SealRemoved, Some(3), None)),
        (
            "UPDATE audit_seals SET number = -1 WHERE number = 1; UPDATE audit_seals SET number = 1 WHERE number = 2; \
             UPDATE audit_seals SET number = 2 WHERE number = -1",
            (SealChanged, Some(1), None),
        ),
        ("TRUNCATE audit_events, audit_leaves, audit_seals, audit_unsealed", (SealRemoved, Some(0), None)),
        ("DELETE FROM audit_seals WHERE number = 3", (EventInserted, None, Some(events_of(app, 3).await[0]))),
    ] {
        assert_eq!(told(&after(&mut db, app, tampering, None).await)[0], first, "{tampering}");
    }
}

/// trust 1.12: the removal of the newest events is found only with a head that was noted before.
#[actix_web::test]
async fn a_cut_tail_is_found_with_a_head_that_was_noted() {
    let world = sealed_world().await;
    let app = &world.app;
    let mut db = app.db().await;
    let noted = anchor(&verify(app).await);
    let cut = "DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_leaves WHERE seal = 3); \
               DELETE FROM audit_leaves WHERE seal = 3; DELETE FROM audit_seals WHERE number = 3";
    assert!(after(&mut db, app, cut, None).await.intact, "nobody can know");
    assert_eq!(told(&after(&mut db, app, cut, Some(&noted)).await), [(FaultKind::TailCut, Some(3), None)]);

    db.batch_execute(cut).await.unwrap();
    seal(app).await;
    assert!(verify(app).await.intact);
    let found = verify_at(&mut db, app, Some(&noted)).await;
    assert_eq!(told(&found), [(FaultKind::HeadDiffers, Some(3), None)], "another seal has taken the number");
}

#[actix_web::test]
async fn whatever_is_done_at_random_is_found() {
    let world = sealed_world().await;
    let app = &world.app;
    let mut db = app.db().await;
    let noted = anchor(&verify(app).await);
    let count = |table: &'static str| async move { usize::try_from(app.count(table).await).unwrap() };
    let (events, seals) = (count("audit_events").await, count("audit_seals").await);
    let texts = ["action", "resource", "request_id", "address", "outcome"];
    let mut runner = TestRunner::deterministic();
    let mut pick = |below: usize| (0..below).new_tree(&mut runner).unwrap().current();
    for _ in 0..150 {
        let event = format!("(SELECT id FROM audit_events ORDER BY id OFFSET {} LIMIT 1)", pick(events));
        let leaf = format!("(SELECT event_id FROM audit_leaves ORDER BY event_id OFFSET {} LIMIT 1)", pick(events - 1));
        let seal = pick(seals);
        let tampering = match pick(9) {
            0 => format!("DELETE FROM audit_events WHERE id = {event}"),
            1 => format!(
                "UPDATE audit_events SET {0} = concat({0}, 'x') WHERE id = {event}",
                texts[pick(texts.len() - 1)]
            ),
            2 => format!(
                "UPDATE audit_events SET at = at - interval '{} microseconds' WHERE id = {event}",
                1 + pick(1000)
            ),
            3 => format!(
                "UPDATE audit_events SET mac = set_byte(mac, {}, 255 - get_byte(mac, {0})) WHERE id = {event}",
                pick(32)
            ),
            4 => format!("UPDATE audit_events SET changes = changes || '{{\"x{}\": 1}}' WHERE id = {event}", pick(9)),
            5 => format!("DELETE FROM audit_leaves WHERE event_id = {leaf}"),
            6 => format!("UPDATE audit_leaves SET seal = seal + {} WHERE event_id = {leaf}", 1 + pick(3)),
            7 => format!("DELETE FROM audit_seals WHERE number = {seal}"),
            _ => format!("UPDATE audit_seals SET events = events + 1 + {} WHERE number = {seal}", pick(9)),
        };
        let found = after(&mut db, app, &tampering, Some(&noted)).await;
        assert!(!found.intact && !found.faults.is_empty(), "{tampering}");
    }
    assert!(verify(app).await.intact);
}
