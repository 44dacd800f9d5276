//! Tampering with the audit log, as someone would who may write to the database: each is found and named.

use std::collections::BTreeSet;

use actix_web::http::Method;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use liaison::{
    audit::{self, Anchor, AuditVerification, FaultKind, Origin, Record},
    rest::id::Id,
    setup,
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{entries, path, world};
use crate::{
    calls::{Target, World},
    harness::TestApp,
};

async fn seal(app: &TestApp) -> usize {
    audit::seal_all(&mut app.db().await, &app.state().secrets, app.state().clock.now()).await.unwrap()
}

async fn verify_at(db: &mut AsyncPgConnection, app: &TestApp, anchor: Option<&Anchor>) -> AuditVerification {
    audit::verify(db, &app.state().secrets, anchor).await.unwrap()
}

async fn verify(app: &TestApp) -> AuditVerification {
    verify_at(&mut app.db().await, app, None).await
}

/// What is wrong: kind, seal and event.
fn told(found: &AuditVerification) -> Vec<(FaultKind, Option<i64>, Option<Uuid>)> {
    assert_eq!(found.intact, found.faults.is_empty());
    found.faults.iter().map(|fault| (fault.kind, fault.seal, fault.event_id.map(Id::uuid))).collect()
}

fn anchor(found: &AuditVerification) -> Anchor {
    let head = found.head.as_ref().unwrap();
    format!("{}:{}", head.number, head.hash).parse().unwrap()
}

/// A log of four seals, the first of nothing, and an event that waits.
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

/// What is found after `tampering`, which is taken back.
async fn after(
    db: &mut AsyncPgConnection,
    app: &TestApp,
    tampering: &str,
    anchor: Option<&Anchor>,
) -> AuditVerification {
    db.batch_execute("BEGIN; ALTER TABLE audit_events DROP CONSTRAINT audit_events_mac_check").await.unwrap();
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

/// ASVS 16.4.2, trust 1.12: any changed column of an event is found, and the event named.
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
    // None of the columns was forgotten.
    let columns =
        app.text("SELECT column_name::text AS value FROM information_schema.columns WHERE table_name = 'audit_events'");
    for column in columns.await.iter().filter(|column| *column != "id") {
        assert!(changes.iter().any(|change| change.starts_with(&format!("{column} = "))), "{column}");
    }
}

/// ASVS 16.4.2, trust 1.12: what was removed, inserted, swapped or moved is found and named.
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

/// trust 1.12: a cut of the newest events is found with a head that was noted before, and only with it.
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

/// trust 1.12, 1.15: erasing personal values leaves the chain valid; nothing else may be missing.
#[actix_web::test]
async fn erasing_personal_values_is_no_fault_and_is_told_to_the_reader() {
    let world = sealed_world().await;
    let app = &world.app;
    let client = entries(&world.sue, "resource=clients&action=archived").await[0]["resource_id"].clone();
    let of_client = format!("resource_id={}", client.as_str().unwrap());
    let before = entries(&world.sue, &of_client).await;
    assert_eq!(before[0]["changes"]["reason"], json!({"from": null, "to": "Closed"}));
    let erase = format!("UPDATE audit_events SET personal = NULL, personal_salt = NULL WHERE resource_id = {client}");
    app.db().await.batch_execute(&erase.replace('"', "'")).await.unwrap();
    let found = verify(app).await;
    assert_eq!((told(&found), found.erased), (vec![], 3));

    let entries = entries(&world.sue, &of_client).await;
    let erased = json!({"from": null, "to": null, "erased": true});
    assert_eq!((&entries[0]["changes"]["reason"], &entries[1]["changes"]["confidential_note"]), (&erased, &erased));
    assert_eq!(entries[0]["changes"]["status"], before[0]["changes"]["status"]);
    // What was confidential is so still.
    let grant = "UPDATE role_policies SET grants = jsonb_set(grants, '{clients:read_confidential}', '\"none\"') \
                 WHERE role = 'supervisor' RETURNING role AS value";
    app.text(grant).await;
    app.state().callers.forget();
    assert_eq!(super::entries(&world.sue, &of_client).await[1]["changes"], json!({}));
}

/// Only the values of a person are kept apart, and none of them is in clear elsewhere.
#[actix_web::test]
async fn personal_values_are_only_where_they_can_be_erased() {
    let world = world().await;
    let body = json!({"kind": "person", "name": "canary one", "email": "canary@example.com", "tags": ["canary tag"],
        "address": {"city": "canary city"}, "confidential_note": "canary note", "industry": "Retail"});
    let client = world.sue.post("/v1/clients", body).await.created();
    let contact = json!({"client_id": client["id"], "name": "canary two", "phone": "+74951234567"});
    let _ = world.sue.post("/v1/contacts", contact).await.created();
    let _ = world.sue.transition("archive", &client, json!({"reason": "canary reason"})).await;
    let clear = world
        .app
        .text("SELECT concat(event.changes, event.resource) AS value FROM audit_events event")
        .await
        .join("\n");
    assert!(!clear.contains("canary") && !clear.contains("+7495") && clear.contains("Retail"), "{clear}");
    let apart =
        world.app.text("SELECT personal::text AS value FROM audit_events WHERE personal IS NOT NULL").await.join("\n");
    for value in ["canary one", "canary@", "canary tag", "canary city", "canary note", "canary two", "+7495"] {
        assert!(apart.contains(value), "{value}");
    }
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
        personal: &["name"],
    }
}

async fn write(app: &TestApp, count: usize) {
    let mut records: Vec<Record> = (0..count).map(record).collect();
    let state = app.state();
    let events = audit::events(&state.secrets, &mut records, &Origin::default(), state.clock.now()).unwrap();
    audit::write(&app.db().await, &events).await.unwrap();
}

/// Everything acknowledged is sealed exactly once, however many servers seal.
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
    let state = app.state();
    let events = audit::events(&state.secrets, &mut [record(1)], &Origin::default(), state.clock.now()).unwrap();
    audit::write(&db, &events).await.unwrap();
    write(&app, 1).await;
    assert_eq!(seal(&app).await, 1);
    db.batch_execute("COMMIT").await.unwrap();
    assert_eq!(seal(&app).await, 1, "the older event has a later seal");
    assert!(verify(&app).await.intact);
}

/// trust 1.12, 1.14: whoever serves needs to insert, and may neither change nor remove.
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
    let state = app.state();
    let events = audit::events(&state.secrets, &mut [record(1)], &Origin::default(), state.clock.now()).unwrap();
    audit::write(&db, &events).await.unwrap();
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

#[actix_web::test]
async fn events_of_before_are_signed_once_at_a_start() {
    let world = sealed_world().await;
    let app = &world.app;
    let mut db = app.db().await;
    let before = "ALTER TABLE audit_events DROP CONSTRAINT audit_events_mac_check; \
        UPDATE audit_events SET changes = changes || coalesce(personal, '{}'), personal = NULL, personal_salt = NULL, \
            personal_digest = NULL, mac = NULL; \
        TRUNCATE audit_seals, audit_leaves, audit_unsealed; \
        ALTER TABLE audit_events ADD CONSTRAINT audit_events_mac_check CHECK (mac IS NOT NULL) NOT VALID";
    let told_before = entries(&world.sue, "").await;
    db.batch_execute(before).await.unwrap();
    assert_eq!(entries(&world.sue, "").await, told_before, "a reader sees no difference");
    let urls = app.urls();
    let prepare = || setup::prepare(&urls, &app.state().secrets, &app.state().hashing, &app.state().clock);
    prepare().await.unwrap();
    assert_eq!(entries(&world.sue, "").await, told_before);
    assert_eq!(app.count("audit_events WHERE changes::text LIKE '%Closed%' OR mac IS NULL").await, 0);
    let events = app.count("audit_events").await;
    assert_eq!(seal(app).await, usize::try_from(events).unwrap());
    assert!(verify(app).await.intact);

    // The chain has begun: what has no code now is not from before.
    let smuggled = events_of(app, 1).await[0];
    let strip = format!(
        "ALTER TABLE audit_events DROP CONSTRAINT audit_events_mac_check; UPDATE audit_events SET mac = NULL WHERE id = '{smuggled}'"
    );
    db.batch_execute(&strip).await.unwrap();
    prepare().await.unwrap();
    assert_eq!(told(&verify(app).await), [(FaultKind::EventChanged, Some(1), Some(smuggled))]);
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
