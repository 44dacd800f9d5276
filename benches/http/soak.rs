//! Whether the server stays stable under a load of hours: its memory, files and connections, and how long answers take.

use std::{fs, time::Duration};

use serde_json::{Map, Value, json};

use crate::{
    Result,
    database::Database,
    measure::operation,
    plan::{Plan, USUAL},
    pressure::{Answer, Pressure, Rate, good_rate, percentile, rate},
    server::Server,
};

/// The load as a share of what the server can do.
const SHARE: f64 = 0.7;
const SATURATION: Duration = Duration::from_secs(10);
/// How long each operation is sent in a minute. Changes come less often than reads, as in real use.
const MINUTE: [(&str, Duration); 3] =
    [("get", Duration::from_secs(20)), ("list", Duration::from_secs(20)), ("create", Duration::from_secs(20))];

/// Loads the server for this many minutes; returns each minute's figures, and which minutes had failed requests.
pub fn measure(plan: &Plan, database: &Database, server: &Server, minutes: u32) -> Result<(Value, Vec<String>)> {
    let tokens = server.sign_in_all()?;
    let mut rates = Vec::new();
    for (number, (name, _)) in (0..).zip(MINUTE) {
        let pressure = Pressure { plan, address: &server.address, tokens: &tokens, operation: operation(name)? };
        let answers = pressure.put(Rate { connections: USUAL, all: None, time: SATURATION }, number)?;
        rates.push(good_rate(&answers, SATURATION) * SHARE);
    }
    let (mut all, mut failures) = (Vec::new(), Vec::new());
    for minute in 1..=minutes {
        let (found, failed) = one(plan, database, server, minute, &rates)?;
        println!("{found}");
        all.push(found);
        if failed > 0 {
            failures.push(format!("minute {minute}: {failed} requests failed"));
        }
    }
    Ok((Value::Array(all), failures))
}

fn one(plan: &Plan, database: &Database, server: &Server, minute: u32, rates: &[f64]) -> Result<(Value, usize)> {
    // Tokens last for a quarter of an hour.
    let tokens = server.sign_in_all()?;
    let mut found = Map::from_iter([("minute".to_owned(), json!(minute))]);
    let mut failed = 0;
    for ((name, time), all) in MINUTE.into_iter().zip(rates) {
        let pressure = Pressure { plan, address: &server.address, tokens: &tokens, operation: operation(name)? };
        let answers = pressure.put(Rate { connections: USUAL, all: Some(*all), time }, 100 + minute)?;
        failed += answers.iter().filter(|answer| !answer.is_good()).count();
        found.insert(name.to_owned(), figures(&answers, time));
    }
    let connections = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
    let files = fs::read_dir(format!("/proc/{}/fd", server.process())).map(Iterator::count);
    found.extend([
        ("memory_mb".to_owned(), json!(server.memory("VmRSS"))),
        ("files".to_owned(), json!(files.ok())),
        ("connections".to_owned(), json!(database.rows(connections)?.concat().concat())),
    ]);
    Ok((Value::Object(found), failed))
}

fn figures(answers: &[Answer], time: Duration) -> Value {
    json!({
        "rate": rate(answers.len(), time).round(),
        "p50_ms": percentile(answers.iter().map(|answer| answer.took), 0.5),
        "p99_ms": percentile(answers.iter().map(|answer| answer.took), 0.99),
    })
}
