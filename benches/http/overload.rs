//! What the server does when it gets three times as many requests as it can answer.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    Result,
    measure::operation,
    plan::{Plan, USUAL},
    pressure::{Answer, Pressure, Rate, good_rate, percentile, rate},
    process::of_this,
    server::{Server, Tokens},
};

/// The overload as a multiple of what the server can do.
const TIMES: f64 = 3.0;
/// The connections of the overload: enough for all requests that wait, and all that are refused at once.
const CONNECTIONS: u32 = 2_000;
const SATURATION: Duration = Duration::from_secs(10);
const OVERLOAD: Duration = Duration::from_secs(20);
const AFTERWARDS: Duration = Duration::from_secs(10);
/// The server has not recovered while answers are slower than this.
const RECOVERED: Duration = Duration::from_millis(250);

/// The least share of the possible work that must still be done, counting only the processors that the load generator
/// leaves free.
const LEAST: f64 = 0.85;
/// A refusal may take this many milliseconds at most.
const REFUSED_WITHIN: f64 = 20.0;
/// Recovery may take this many seconds at most.
const RECOVERED_WITHIN: f64 = 5.0;

/// The result for one operation.
struct Overload {
    title: &'static str,
    /// Good answers a second over the usual number of connections without pauses, before and after the overload: the
    /// rows written meanwhile make the database slower by themselves.
    saturation: [f64; 2],
    asked: f64,
    good: f64,
    good_p99: f64,
    refused: f64,
    refused_p50: f64,
    refused_p99: f64,
    /// Requests that were neither done nor refused.
    failed: usize,
    /// Seconds from the end of the overload until half of the possible load is answered normally again.
    recovery: f64,
    memory: Option<f64>,
    /// How many processors the load generator used under the usual load, and during the overload.
    asking: [f64; 2],
}

/// Measures one read and one change and prints the results. Returns them for `overload.json`, and which limits were not
/// kept.
pub fn measure(plan: &Plan, server: &Server) -> Result<(Value, Vec<String>)> {
    let (mut all, mut failures) = (Vec::new(), Vec::new());
    for (number, name) in (0..).zip(["list", "create"]) {
        let tokens = server.sign_in_all()?;
        let found = one(plan, server, &tokens, name, number * 10)?;
        println!("{}", found.text());
        all.push(found.json());
        failures.extend(found.failures());
    }
    Ok((Value::Array(all), failures))
}

fn one(plan: &Plan, server: &Server, tokens: &Tokens, name: &str, run: u32) -> Result<Overload> {
    let pressure = Pressure { plan, address: &server.address, tokens, operation: operation(name)? };
    pressure.put(Rate { connections: USUAL, all: None, time: Duration::from_secs(2) }, run)?;
    let (usual, asking_usual) =
        timed(SATURATION, || pressure.put(Rate { connections: USUAL, all: None, time: SATURATION }, run + 1))?;
    let before = good_rate(&usual, SATURATION);
    let most = Rate { connections: CONNECTIONS, all: Some(before * TIMES), time: OVERLOAD };
    let (answers, asking_most) = timed(OVERLOAD, || pressure.put(most, run + 2))?;
    let memory = server.memory("VmHWM");
    let half = Rate { connections: USUAL, all: Some(before / 2.0), time: AFTERWARDS };
    let afterwards = pressure.put(half, run + 3)?;
    let again = pressure.put(Rate { connections: USUAL, all: None, time: SATURATION }, run + 4)?;
    let of = |kind: fn(&Answer) -> bool| answers.iter().filter(|answer| kind(answer)).copied().collect::<Vec<_>>();
    let (good, refused) = (of(Answer::is_good), of(|answer| answer.status == 503));
    let tail = answers.last().map_or(Duration::ZERO, |last| last.at.saturating_sub(OVERLOAD));
    let late = afterwards.iter().rev().find(|answer| !answer.is_good() || answer.took > RECOVERED);
    Ok(Overload {
        title: pressure.operation.title,
        saturation: [before, good_rate(&again, SATURATION)],
        asked: rate(answers.len(), OVERLOAD),
        good: good_rate(&good, OVERLOAD),
        good_p99: percentile(good.iter().map(|answer| answer.answered_in), 0.99),
        refused: rate(refused.len(), OVERLOAD),
        refused_p50: percentile(refused.iter().map(|answer| answer.answered_in), 0.5),
        refused_p99: percentile(refused.iter().map(|answer| answer.answered_in), 0.99),
        failed: answers.len() - good.len() - refused.len(),
        recovery: (tail + late.map_or(Duration::ZERO, |answer| answer.at)).as_secs_f64(),
        memory,
        asking: [asking_usual, asking_most],
    })
}

/// The result of `load`, and how many processors generating it took.
fn timed(time: Duration, load: impl FnOnce() -> Result<Vec<Answer>>) -> Result<(Vec<Answer>, f64)> {
    let before = of_this();
    let answers = load()?;
    Ok((answers, (of_this() - before) / time.as_secs_f64()))
}

impl Overload {
    /// What the server can do at the time of the overload: the mean of before and after.
    fn possible(&self) -> f64 {
        let [before, after] = self.saturation;
        f64::midpoint(before, after)
    }

    /// The share of that which was done during the overload.
    fn done(&self) -> f64 {
        self.good / self.possible()
    }

    /// The same share, relative to the processors that the load generator leaves free: it runs on the same processors,
    /// and needs more of them for the overload, which is not the server's fault.
    fn done_by_the_rest(&self) -> f64 {
        let [asking_usual, asking_most] = self.asking;
        let all =
            thread::available_parallelism().map_or(1.0, |count| f64::from(u32::try_from(count.get()).unwrap_or(1)));
        self.done() * (all - asking_usual) / (all - asking_most)
    }

    fn failures(&self) -> Vec<String> {
        let checks = [
            (self.asked < self.possible() * TIMES * 0.9, format!("only {:.0}/s were asked", self.asked)),
            (self.done_by_the_rest() < LEAST, format!("only {:.0}/s of {:.0}/s were done", self.good, self.possible())),
            (self.refused_p99 > REFUSED_WITHIN, format!("a refusal takes {:.1} ms", self.refused_p99)),
            (self.failed > 0, format!("{} were neither done nor refused", self.failed)),
            (self.recovery > RECOVERED_WITHIN, format!("it recovers in {:.1} s", self.recovery)),
        ];
        checks.into_iter().filter(|(fails, _)| *fails).map(|(_, what)| format!("{}: {what}", self.title)).collect()
    }

    fn text(&self) -> String {
        let [asking_usual, asking_most] = self.asking;
        let [before, after] = self.saturation;
        format!(
            "{}\n  at {USUAL} connections {before:.0}/s before and {after:.0}/s after; asked {:.0}/s: {:.0}/s done ({:.0} %, {:.0} % of what the processors that \
             asking leaves can do; p99 {:.0} ms), {:.0}/s refused (p50 {:.1}, p99 {:.1} ms), {} failed\n  recovered after \
             {:.1} s; memory at most {:.0} MB; asking took {asking_usual:.2} processors at first and {asking_most:.2} then",
            self.title,
            self.asked,
            self.good,
            self.done() * 100.0,
            self.done_by_the_rest() * 100.0,
            self.good_p99,
            self.refused,
            self.refused_p50,
            self.refused_p99,
            self.failed,
            self.recovery,
            self.memory.unwrap_or_default(),
        )
    }

    fn json(&self) -> Value {
        json!({
            "operation": self.title,
            "saturation": self.saturation,
            "asked": self.asked,
            "good": self.good,
            "good_p99_ms": self.good_p99,
            "refused": self.refused,
            "refused_p50_ms": self.refused_p50,
            "refused_p99_ms": self.refused_p99,
            "failed": self.failed,
            "recovery_s": self.recovery,
            "memory_mb": self.memory,
            "processors_asking": self.asking,
            "done_by_the_rest": self.done_by_the_rest(),
        })
    }
}
