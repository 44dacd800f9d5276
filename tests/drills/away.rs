//! Postgres is away for a while, and comes back. trust R10

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    caller::Request,
    length,
    load::{Load, Outcome, longest},
    records,
    stage::Stage,
};

/// How long a request may take until it is refused because the database is away.
const REFUSED_WITHIN: Duration = Duration::from_millis(500);
/// How long it may take until everything works again after the database is back.
const RECOVERY: Duration = Duration::from_secs(3);

/// Checks the probes of `stage` for `time`, and returns the longest time that one took.
fn probe(stage: &Stage, time: Duration) -> Duration {
    let (began, caller) = (Instant::now(), stage.balancer());
    let mut slowest = Duration::ZERO;
    while began.elapsed() < time {
        let lives = caller.send(&Request::get("/livez")).unwrap();
        assert_eq!(lives.status, 200, "{lives:?}");
        let ready = caller.send(&Request::get("/readyz")).unwrap();
        // An earlier answer may be reused for a second.
        if began.elapsed() > Duration::from_millis(1500) {
            assert_eq!((ready.status, ready.code()), (503, Some("not_ready")), "{ready:?}");
            assert_eq!(ready.body["reasons"], serde_json::json!(["database_unreachable"]), "{ready:?}");
        }
        slowest = slowest.max(lives.took).max(ready.took);
        thread::sleep(Duration::from_millis(50));
    }
    slowest
}

#[test]
fn a_server_lives_on_while_postgres_is_away() {
    let away = length::of(Duration::from_secs(4), Duration::from_secs(30));
    let mut stage = Stage::new(&[]);
    let load = Load::start(&stage, 3, 2);
    load.until_both_are_done();
    let before = Instant::now();
    stage.postgres.stop_immediately();
    let gone = Instant::now();
    let probes = probe(&stage, away);
    let until = Instant::now();
    stage.postgres.start_again();
    let recovery = load.until_both_are_done();
    let is_ready = stage.is_ready();
    let record = load.finish();
    let verdict = records::check(&stage.postgres, &record.writes);

    let refusals: Vec<_> = record.between(gone, until).collect();
    let longest_refusal = longest(refusals.iter().copied());
    let longest_at_all = longest(record.between(before, until));
    println!(
        "away: Postgres was away for {away:?}; {} requests refused, the longest took {longest_refusal:?}, that of the \
         moment of its end {longest_at_all:?}, of a probe {probes:?}; recovery {recovery:?}; {} acknowledged writes checked, \
         {} lost, {} doubled",
        refusals.len(),
        verdict.acknowledged,
        verdict.lost.len(),
        verdict.doubled.len(),
    );
    assert!(refusals.len() > 50, "there was hardly a load");
    let is_refused = |outcome: &Outcome| matches!(outcome, Outcome::Problem(503, _));
    let others: Vec<_> = refusals.iter().filter(|sample| !is_refused(&sample.outcome)).collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(record.samples.iter().all(|sample| sample.outcome != Outcome::Lost), "every request is answered");
    assert!(longest_at_all < REFUSED_WITHIN + length::slack(), "{longest_at_all:?}");
    assert!(recovery < RECOVERY + length::slack(), "{recovery:?}");
    assert!(is_ready, "the server is not ready again");
    assert!(verdict.is_clean(), "{verdict:?}");
}
