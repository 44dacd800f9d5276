//! The network between server and Postgres is a bad one for a while. trust R7, R15

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    length,
    load::{Load, Outcome, longest},
    postgres::Postgres,
    proxy::{Proxy, Weather},
    records,
    stage::Stage,
};

/// The time of a request.
const DEADLINE: Duration = Duration::from_secs(2);
/// By how much an answer may be later.
const AFTER_DEADLINE: Duration = Duration::from_millis(250);
/// Within which time everything goes on when the weather is fair again.
const RECOVERY: Duration = Duration::from_secs(5);
/// The settings of the server, and the most connections that it can have with them: for each of two threads two for
/// changes, one for large reads and two for small ones, and five for what nobody asks for.
const ARGUMENTS: [&str; 4] = ["--request-timeout=2", "--read-timeout=2", "--workers=2", "--pool-size=2"];
const MOST_CONNECTIONS: usize = 2 * (2 + 1 + 2) + 5;

/// Waits until the connections that were given up are gone; how many are left.
fn settled_connections(postgres: &Postgres) -> usize {
    let began = Instant::now();
    while postgres.connections() > MOST_CONNECTIONS && began.elapsed() < Duration::from_secs(15) {
        thread::sleep(Duration::from_millis(100));
    }
    postgres.connections()
}

#[test]
fn a_bad_network_holds_up_nobody_beyond_their_deadline() {
    let bad = length::of(Duration::from_secs(4), Duration::from_secs(20));
    let postgres = Postgres::start();
    let proxy = Proxy::before(&postgres);
    let stage = Stage::over(postgres, proxy.url(), &ARGUMENTS);
    let load = Load::start(&stage, 4, 3);
    let mut recoveries = Vec::new();
    let slow = Weather::Slow(Duration::from_millis(20));
    for weather in [slow, Weather::Stalled, Weather::Forgetful, Weather::Resetting] {
        load.until_both_are_done();
        let since = Instant::now();
        proxy.turn(weather);
        // As a load balancer asks: a connection that leads nowhere is not to be asked over for ever.
        while since.elapsed() < bad {
            stage.is_ready();
            thread::sleep(Duration::from_millis(500));
        }
        proxy.turn(Weather::Fair);
        let until = Instant::now();
        load.until_both_are_done();
        while !stage.is_ready() && until.elapsed() < Duration::from_mins(1) {
            thread::sleep(Duration::from_millis(50));
        }
        let recovery = until.elapsed();
        let connections = settled_connections(&stage.postgres);
        recoveries.push((weather, since, until, recovery, connections));
    }
    let record = load.finish();
    let verdict = records::check(&stage.postgres, &record.writes);
    for (weather, since, until, recovery, connections) in &recoveries {
        let samples: Vec<_> = record.between(*since, *until).collect();
        println!(
            "stalled: {weather:?} for {bad:?}: {} requests, {} failed, the longest took {:?}; recovery {recovery:?}; {connections} \
             connections of at most {MOST_CONNECTIONS}",
            samples.len(),
            samples.iter().filter(|sample| sample.outcome != Outcome::Done).count(),
            longest(samples.iter().copied()),
        );
    }
    println!(
        "stalled: {} acknowledged writes checked, {} lost, {} doubled",
        verdict.acknowledged,
        verdict.lost.len(),
        verdict.doubled.len()
    );
    assert!(verdict.is_clean(), "{verdict:?}");
    assert!(record.samples.iter().all(|sample| sample.outcome != Outcome::Lost), "every request is answered");
    let latest = longest(&record.samples);
    assert!(latest < DEADLINE + AFTER_DEADLINE + length::slack(), "{latest:?}");
    for (weather, _, _, recovery, connections) in recoveries {
        assert!(recovery < RECOVERY + length::slack(), "{weather:?}: {recovery:?}");
        assert!(connections <= MOST_CONNECTIONS, "{weather:?}: {connections}");
    }
}

/// Nobody's request finds out that the connections of an idle server lead nowhere: the probe itself has to.
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
    // For a second the answer of before holds.
    thread::sleep(Duration::from_millis(1100));
    while !stage.is_ready() {
        assert!(began.elapsed() < RECOVERY + length::slack(), "it does not find a way to Postgres");
        thread::sleep(Duration::from_millis(50));
    }
    println!("stalled: an idle server is ready {:?} after its connections were forgotten", began.elapsed());
}
