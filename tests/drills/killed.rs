//! Server and Postgres are killed while callers write. trust R1

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    length,
    load::{Load, Outcome, longest},
    records,
    stage::Stage,
};

/// The most time from starting the killed program until everybody gets answers again, including the start.
const RECOVERY: Duration = Duration::from_secs(3);

/// How long the load runs before kill `number`: a different time each, so that the kills come at different moments of a
/// write.
fn pause(number: usize) -> Duration {
    Duration::from_millis(u64::try_from(80 + number * 37 % 240).unwrap())
}

#[test]
fn what_was_acknowledged_outlives_every_kill() {
    let (kills, stops) = length::of((5, 2), (100, 20));
    let mut stage = Stage::new(&[]);
    let load = Load::start(&stage, 4, 1);
    let mut recoveries = Vec::new();
    for number in 0..kills {
        thread::sleep(pause(number));
        stage.kill_server();
        let ended = Instant::now();
        stage.start_server();
        load.until_both_are_done();
        recoveries.push(ended.elapsed());
        // The stops of Postgres are spread evenly over the kills of the server.
        if (number + 1) * stops / kills > number * stops / kills {
            thread::sleep(pause(number + 3));
            stage.postgres.stop_immediately();
            thread::sleep(pause(number + 1));
            let begun = Instant::now();
            stage.postgres.start_again();
            load.until_both_are_done();
            recoveries.push(begun.elapsed());
        }
    }
    let record = load.finish();
    let verdict = records::check(&stage.postgres, &record.writes);
    let audited = records::verified_audit_events(&stage);
    let slowest = recoveries.iter().max().copied().unwrap_or_default();
    let unknown = record.writes.len() - verdict.acknowledged;
    let lost_answers = record.samples.iter().filter(|sample| sample.outcome == Outcome::Lost).count();
    println!(
        "killed: {kills} kills of the server and {stops} immediate stops of Postgres; {} acknowledged writes checked, {} lost, \
         {} doubled, {} untold, {} unintended; {unknown} whose caller gave up; {lost_answers} lost answers, {} failures in \
         all; {audited} audit events verified; longest wait for an answer {:?}, slowest recovery {slowest:?}",
        verdict.acknowledged,
        verdict.lost.len(),
        verdict.doubled.len(),
        verdict.untold.len(),
        verdict.unintended.len(),
        record.failures(),
        longest(&record.samples),
    );
    assert!(verdict.is_clean(), "{verdict:?}");
    assert!(verdict.acknowledged > 20 * kills && lost_answers > 0, "there was hardly a load");
    assert!(slowest < RECOVERY + length::slack(), "{recoveries:?}");
}
