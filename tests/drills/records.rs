//! Compares the tables with the writes of a load.

use crate::{
    caller::Request,
    history::{self, Found, Verdict, Write},
    load::Load,
    postgres::Postgres,
    stage::Stage,
};

/// One row for each row that a write has left, with how often the audit log records it and the outbox announces it.
///
/// A change of a client leaves no row of its own. It was made if the client's version is higher than that of the
/// change, or is the same and the client has the value of the change. Its audit rows are counted by mark.
const WRITTEN: &str = "
    WITH audits AS (
        SELECT resource, resource_id, action, count(*) FROM audit_events WHERE outcome = 'done' GROUP BY 1, 2, 3
    ), events AS (
        SELECT type, resource_id, count(*) FROM outbox_events GROUP BY 1, 2
    ), made (mark, id, resource, action) AS (
        SELECT name, id, 'clients', 'created' FROM clients
        UNION ALL SELECT subject, id, 'interactions', 'created' FROM interactions
        UNION ALL SELECT comment, id, 'orders', 'created' FROM orders
        UNION ALL SELECT reason, order_id, 'orders', 'submitted' FROM order_events WHERE action = 'submitted'
    ), changes AS (
        SELECT changes #>> '{industry,to}' AS mark, resource_id,
            1 + row_number() OVER (PARTITION BY resource_id ORDER BY id) AS version
        FROM audit_events WHERE resource = 'clients' AND action = 'updated' AND outcome = 'done'
    )
    SELECT mark, coalesce(audits.count, 0), coalesce(events.count, 0)
    FROM made
    LEFT JOIN audits ON audits.resource = made.resource AND audits.resource_id = id AND audits.action = made.action
    LEFT JOIN events ON events.resource_id = id AND events.type = made.resource || '.' || made.action
    UNION ALL
    SELECT mark, count(*) OVER (PARTITION BY mark),
        (SELECT count(*) FROM outbox_events
         WHERE resource_id = changes.resource_id AND type = 'clients.updated' AND version = changes.version)
    FROM changes
    JOIN clients ON id = changes.resource_id
        AND (clients.version > changes.version OR clients.version = changes.version AND industry = mark)";

/// What nobody can have meant to write: rows whose version differs from the number of their audit rows or events, and
/// audit rows and events of rows that do not exist.
const STRAYS: &str = "
    WITH told AS (
        SELECT resource, resource_id AS id, count(*) FROM audit_events
        WHERE outcome = 'done' AND resource IN ('clients', 'interactions', 'orders') GROUP BY 1, 2
    ), announced AS (
        SELECT resource, resource_id AS id, count(*) FROM outbox_events
        WHERE resource IN ('clients', 'interactions', 'orders') GROUP BY 1, 2
    ), versions AS (
        SELECT 'clients' AS resource, id, version FROM clients
        UNION ALL SELECT 'interactions', id, version FROM interactions
        UNION ALL SELECT 'orders', id, version FROM orders
    )
    SELECT concat_ws(' ', resource, id, 'at version', version, 'told', told.count, 'announced', announced.count)
    FROM versions FULL JOIN told USING (resource, id) FULL JOIN announced USING (resource, id)
    WHERE (version = told.count AND version = announced.count) IS NOT TRUE";

/// Compares the tables with what was meant to be written.
pub fn check(postgres: &Postgres, writes: &[Write]) -> Verdict {
    let found: Vec<Found> = postgres
        .rows(WRITTEN)
        .into_iter()
        .map(|row| Found { mark: row[0].clone(), audits: row[1].parse().unwrap(), events: row[2].parse().unwrap() })
        .collect();
    let mut verdict = history::check(writes, &found);
    verdict.unintended.extend(postgres.rows(STRAYS).into_iter().flatten());
    verdict
}

/// Verifies the audit log, asserts that all of it is intact, and returns the number of events.
pub fn verified_audit_events(stage: &Stage) -> i64 {
    let (mut next, mut events) = (Some(0), 0);
    while let Some(seal) = next {
        let part = stage.caller().send(&Request::get(format!("/v1/audit/verification?from_seal={seal}"))).unwrap();
        assert_eq!((part.status, &part.body["intact"]), (200, &true.into()), "{part:?}");
        events += part.body["events"].as_i64().unwrap();
        events += if part.body["next_seal"].is_null() { part.body["waiting"].as_i64().unwrap() } else { 0 };
        next = part.body["next_seal"].as_i64();
    }
    events
}

#[test]
fn every_fault_of_the_tables_is_found() {
    let stage = Stage::new(&[]);
    let load = Load::start(&stage, 2, 1);
    for _ in 0..8 {
        load.until_both_are_done();
    }
    let writes = load.finish().writes;
    let verdict = check(&stage.postgres, &writes);
    assert!(verdict.is_clean(), "{verdict:?}");
    stage.postgres.run(&[
        "UPDATE clients SET name = 'client 0 of 0' WHERE name = 'client 4 of 0'",
        "UPDATE clients SET name = 'nobody' WHERE name = 'visited by 1'",
        "UPDATE clients SET industry = 'overwritten' WHERE name = 'changed by 0'",
        "UPDATE clients SET version = version + 1 WHERE name = 'read by 0'",
        "DELETE FROM outbox_events USING orders WHERE resource_id = orders.id AND comment = 'draft 3 of 0'",
    ]);
    let last_change = writes.iter().rfind(|write| write.mark.starts_with("change ") && write.mark.ends_with(" of 0"));
    let last_change = last_change.unwrap().mark.as_str();
    let Verdict { mut lost, doubled, untold, unintended, .. } = check(&stage.postgres, &writes);
    lost.sort();
    assert_eq!(lost, [last_change, "client 4 of 0", "visited by 1"]);
    assert_eq!(doubled, ["client 0 of 0"]);
    assert_eq!(untold, ["draft 3 of 0", "submission 3 of 0"]);
    assert_eq!(
        unintended.len(),
        3,
        "nobody, a version that nothing tells of, and an order that is not announced: {unintended:?}"
    );
    assert_eq!(unintended[0], "nobody");
}
