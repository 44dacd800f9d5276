//! Many callers change the same object, each based on what they have just read. trust R3

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use serde_json::json;

use crate::{
    caller::{Caller, Request},
    length,
    stage::Stage,
};

const CALLERS: usize = 16;

/// Adds one to the client's number until all callers together have done so `cycles` times. Returns how often another
/// caller was quicker.
fn add(caller: &Caller, path: &str, begun: &AtomicUsize, cycles: usize) -> usize {
    let mut conflicts = 0;
    while begun.fetch_add(1, Ordering::Relaxed) < cycles {
        loop {
            let seen = caller.send(&Request::get(path)).unwrap();
            let next = seen.body["employees"].as_i64().unwrap() + 1;
            let changed = caller.send(&Request::patch(path, seen.etag(), json!({"employees": next}))).unwrap();
            if changed.status == 200 {
                assert_eq!(changed.body["employees"], next, "{changed:?}");
                break;
            }
            assert_eq!((changed.status, changed.code()), (412, Some("precondition_failed")), "{changed:?}");
            conflicts += 1;
        }
    }
    conflicts
}

#[test]
fn no_update_is_lost_among_callers_who_name_what_they_saw() {
    let cycles = length::of(1_000, 10_000);
    let stage = Stage::new(&[]);
    let client = stage.client("Counted");
    let path = format!("/v1/clients/{client}");
    let begun = AtomicUsize::new(0);
    let zero = stage.caller().send(&Request::patch(&*path, "\"1\"", json!({"employees": 0}))).unwrap();
    assert_eq!(zero.status, 200, "{zero:?}");
    let conflicts: usize = thread::scope(|scope| {
        let callers: Vec<_> =
            (0..CALLERS).map(|_| scope.spawn(|| add(&stage.caller(), &path, &begun, cycles))).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });
    let end = stage.postgres.rows(&format!("SELECT employees, version FROM clients WHERE id = '{client}'"));
    let told = format!(
        "SELECT count(*), count(DISTINCT changes #>> '{{employees,to}}'), max((changes #>> '{{employees,to}}')::int) \
         FROM audit_events WHERE resource_id = '{client}' AND action = 'updated' AND outcome = 'done'"
    );
    let told = stage.postgres.rows(&told);
    let announced =
        format!("SELECT count(DISTINCT version), count(*) FROM outbox_events WHERE resource_id = '{client}'");
    let announced = stage.postgres.rows(&announced);
    println!(
        "cycles: {cycles} acknowledged increments of {CALLERS} callers, {conflicts} conflicts; number and version {end:?}; \
         audit rows, distinct values and the highest {told:?}; events {announced:?}"
    );
    // Creating the client and setting zero make two more versions.
    let (updates, versions) = ((cycles + 1).to_string(), (cycles + 2).to_string());
    assert_eq!(end, [[cycles.to_string(), versions.clone()]]);
    assert_eq!(told, [[updates.clone(), updates, cycles.to_string()]]);
    assert_eq!(announced, [[versions.clone(), versions]]);
    assert!(conflicts > 0, "nobody was in anybody's way");
}
