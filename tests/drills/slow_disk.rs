//! The disk of Postgres writes slowly, or not at all for a while.
//!
//! No real disk is slowed down, which would need root and would affect all other tests. On a slow disk, Postgres writes
//! its write-ahead log slowly: each COMMIT waits for that, while reads are served from memory. `commit_delay` adds a
//! delay to every such write, in the same place as a slow `fsync`. For a stuck disk, COMMIT waits for a standby that
//! does not exist: the transaction keeps its locks, and nobody sees its changes, until the wait is over.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    length,
    load::{Load, Outcome, Record, Sample, longest},
    records,
    stage::Stage,
};

const DEADLINE: Duration = Duration::from_secs(2);
const AFTER_DEADLINE: Duration = Duration::from_millis(250);
const RECOVERY: Duration = Duration::from_secs(5);
/// How much longer a write takes on the slow disk.
const WRITE: Duration = Duration::from_millis(100);
/// How much other work on the machine may add to the median time of a read.
const READ_DRIFT: Duration = Duration::from_millis(20);

const SLOW: [&str; 3] =
    ["ALTER SYSTEM SET commit_siblings = 0", "ALTER SYSTEM SET commit_delay = 100000", "SELECT pg_reload_conf()"];
const STUCK: [&str; 2] = ["ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()"];
const GOOD: [&str; 2] = ["ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()"];

/// The median time of the samples.
fn median(samples: &[Sample]) -> Duration {
    let mut times: Vec<Duration> = samples.iter().map(|sample| sample.took).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// The reads and the changes of a part of the drill.
struct Part {
    reads: Vec<Sample>,
    changes: Vec<Sample>,
}

impl Part {
    fn of(record: &Record, (since, until): (Instant, Instant)) -> Self {
        let (changes, reads) = record.between(since, until).cloned().partition(|sample| sample.is_change);
        Self { reads, changes }
    }

    fn print(&self, disk: &str) {
        let refused = self.changes.iter().filter(|sample| sample.outcome != Outcome::Done).count();
        println!(
            "slow disk: {disk}: {} reads, half of them within {:?}, the longest {:?}; {} changes, half of them within {:?}, the \
             longest {:?}, {refused} refused",
            self.reads.len(),
            median(&self.reads),
            longest(&self.reads),
            self.changes.len(),
            median(&self.changes),
            longest(&self.changes),
        );
    }
}

/// Applies `settings` to the disk for `time`; returns the begin and the end of that time.
fn for_a_time(stage: &Stage, settings: &[&str], time: Duration) -> (Instant, Instant) {
    stage.postgres.run(settings);
    // Every backend needs a moment to load the settings.
    thread::sleep(Duration::from_millis(200));
    let since = Instant::now();
    thread::sleep(time);
    (since, Instant::now())
}

#[test]
fn a_slow_disk_holds_up_changes_and_no_reads() {
    let time = length::of(Duration::from_secs(4), Duration::from_secs(20));
    let stage = Stage::new(&["--request-timeout=2", "--read-timeout=2"]);
    let load = Load::start(&stage, 4, 2);
    load.until_both_are_done();
    let good = for_a_time(&stage, &GOOD, time / 2);
    let slow = for_a_time(&stage, &SLOW, time / 2);
    stage.postgres.run(&GOOD);
    // Changes that began on the slow disk must not end on the stuck one.
    thread::sleep(DEADLINE / 2);
    let stuck = for_a_time(&stage, &STUCK, time);
    stage.postgres.run(&GOOD);
    let recovery = load.until_both_are_done();
    let record = load.finish();
    let verdict = records::check(&stage.postgres, &record.writes);
    let latest = longest(&record.samples);
    let [good, slow, stuck] = [good, slow, stuck].map(|part| Part::of(&record, part));
    good.print("good");
    slow.print("each write 100 ms longer");
    stuck.print("stuck");
    println!(
        "slow disk: the longest wait for an answer {latest:?}; recovery {recovery:?}; {} acknowledged writes checked, {} lost, \
         {} doubled",
        verdict.acknowledged,
        verdict.lost.len(),
        verdict.doubled.len()
    );
    assert!(median(&slow.changes) >= WRITE, "the disk was not slow");
    assert!(slow.changes.iter().all(|sample| sample.outcome == Outcome::Done), "a slow disk refuses nothing");
    assert!(
        stuck.changes.iter().all(|sample| matches!(sample.outcome, Outcome::Problem(..))),
        "the disk was not stuck"
    );
    for part in [&slow, &stuck] {
        assert!(part.reads.iter().all(|sample| sample.outcome == Outcome::Done), "every read is answered");
        assert!(median(&part.reads) < 2 * median(&good.reads) + READ_DRIFT, "reads are held up");
    }
    let in_time = DEADLINE..DEADLINE + AFTER_DEADLINE + length::slack();
    assert!(in_time.contains(&latest), "a change that hangs ends with its time: {latest:?}");
    assert!(recovery < RECOVERY + length::slack(), "{recovery:?}");
    assert!(verdict.is_clean(), "{verdict:?}");
}
