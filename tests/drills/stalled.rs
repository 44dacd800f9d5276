//! The network between server and Postgres is bad for a while. trust R7, R15

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    caller::Request,
    length,
    load::{Load, Outcome, Record, longest},
    postgres::Postgres,
    proxy::{Proxy, Weather},
    records,
    stage::Stage,
};

/// The deadline of a request.
const DEADLINE: Duration = Duration::from_secs(2);
/// How much later than the deadline an answer may come.
const AFTER_DEADLINE: Duration = Duration::from_millis(250);
/// How long it may take until everything works again once the weather is fair.
const RECOVERY: Duration = Duration::from_secs(5);
/// The most time that a probe may take.
const PROBED_WITHIN: Duration = Duration::from_millis(250);
/// How long sealing may take: a step of a background job without an answer is abandoned after thirty seconds.
const SEALED_WITHIN: Duration = Duration::from_secs(40);
/// The settings of the server, and the most connections that it can have with them: for each of two threads, two for
/// changes, one for large reads and two for small ones, and six for background jobs.
const ARGUMENTS: [&str; 4] = ["--request-timeout=2", "--read-timeout=2", "--workers=2", "--pool-size=2"];
const MOST_CONNECTIONS: usize = 2 * (2 + 1 + 2) + 6;

/// Asserts that the server is alive, and returns how long the answer took. Liveness depends on nothing, not even on a
/// token.
fn lives(stage: &Stage) -> Duration {
    let answer = stage.caller().send(&Request::get("/livez")).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.took
}

/// Waits until the server has sealed all waiting events, and returns how long that took.
fn until_all_is_sealed(postgres: &Postgres) -> Duration {
    let began = Instant::now();
    while postgres.value("SELECT count(*) FROM audit_unsealed") != "0" {
        assert!(began.elapsed() < SEALED_WITHIN, "what waits is not sealed");
        thread::sleep(Duration::from_millis(100));
    }
    began.elapsed()
}

/// Waits until abandoned connections are closed, and returns how many connections are left.
fn settled_connections(postgres: &Postgres) -> usize {
    let began = Instant::now();
    while postgres.connections() > MOST_CONNECTIONS && began.elapsed() < Duration::from_secs(15) {
        thread::sleep(Duration::from_millis(100));
    }
    postgres.connections()
}

/// A time of bad weather, and what was observed after it.
struct Spell {
    weather: Weather,
    since: Instant,
    until: Instant,
    recovery: Duration,
    connections: usize,
}

impl Spell {
    /// Keeps `weather` for `time`, and waits for the recovery.
    fn of(weather: Weather, time: Duration, (stage, proxy, load): (&Stage, &Proxy, &Load)) -> Self {
        load.until_both_are_done();
        let since = Instant::now();
        proxy.turn(weather);
        while since.elapsed() < time {
            stage.is_ready();
            assert!(lives(stage) < PROBED_WITHIN + length::slack(), "a probe is held up");
            thread::sleep(Duration::from_millis(500));
        }
        proxy.turn(Weather::Fair);
        let until = Instant::now();
        load.until_both_are_done();
        while !stage.is_ready() && until.elapsed() < Duration::from_mins(1) {
            thread::sleep(Duration::from_millis(50));
        }
        let recovery = until.elapsed();
        Self { weather, since, until, recovery, connections: settled_connections(&stage.postgres) }
    }

    fn print(&self, record: &Record) {
        let Self { weather, since, until, recovery, connections } = self;
        let samples: Vec<_> = record.between(*since, *until).collect();
        println!(
            "stalled: {weather:?} for {:?}: {} requests, {} failed, the longest took {:?}; recovery {recovery:?}; {connections} \
             connections of at most {MOST_CONNECTIONS}",
            until.duration_since(*since),
            samples.len(),
            samples.iter().filter(|sample| sample.outcome != Outcome::Done).count(),
            longest(samples.iter().copied()),
        );
    }
}

#[test]
fn a_bad_network_holds_up_nobody_beyond_their_deadline() {
    let time = length::of(Duration::from_secs(4), Duration::from_secs(20));
    let postgres = Postgres::start();
    let proxy = Proxy::before(&postgres);
    let stage = Stage::over(postgres, proxy.url(), &ARGUMENTS);
    let load = Load::start(&stage, 4, 3);
    let slow = Weather::Slow(Duration::from_millis(20));
    let spells = [slow, Weather::Stalled, Weather::Forgetful, Weather::Resetting]
        .map(|weather| Spell::of(weather, time, (&stage, &proxy, &load)));
    let record = load.finish();
    let sealed = until_all_is_sealed(&stage.postgres);
    let verdict = records::check(&stage.postgres, &record.writes);
    for spell in &spells {
        spell.print(&record);
    }
    println!(
        "stalled: {} acknowledged writes checked, {} lost, {} doubled; all of the audit log sealed {sealed:?} after the end",
        verdict.acknowledged,
        verdict.lost.len(),
        verdict.doubled.len()
    );
    assert!(verdict.is_clean(), "{verdict:?}");
    assert!(record.samples.iter().all(|sample| sample.outcome != Outcome::Lost), "every request is answered");
    let latest = longest(&record.samples);
    assert!(latest < DEADLINE + AFTER_DEADLINE + length::slack(), "{latest:?}");
    assert!(latest >= DEADLINE, "the network was not bad enough: {latest:?}");
    for Spell { weather, recovery, connections, .. } in spells {
        assert!(recovery < RECOVERY + length::slack(), "{weather:?}: {recovery:?}");
        assert!(connections <= MOST_CONNECTIONS, "{weather:?}: {connections}");
    }
}

/// On an idle server, no request notices that the connections lead nowhere, so the probe itself has to.
#[test]
fn an_idle_server_is_ready_again_after_its_connections_were_forgotten() {
    let postgres = Postgres::start();
    let proxy = Proxy::before(&postgres);
    let stage = Stage::over(postgres, proxy.url(), &["--workers=1"]);
    assert!(stage.is_ready());
    proxy.turn(Weather::Forgetful);
    thread::sleep(Duration::from_millis(100));
    proxy.turn(Weather::Fair);
    let began = Instant::now();
    // The earlier answer is reused for a second.
    thread::sleep(Duration::from_millis(1100));
    while !stage.is_ready() {
        assert!(began.elapsed() < RECOVERY + length::slack(), "it does not find a way to Postgres");
        thread::sleep(Duration::from_millis(50));
    }
    println!("stalled: an idle server is ready {:?} after its connections were forgotten", began.elapsed());
}
