//! The metrics. Their names follow Prometheus, and OpenTelemetry where it defines one.
//!
//! A request only changes atomics that are looked up once: it takes no lock and builds no name, and costs a few hundred
//! nanoseconds in all.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use actix_web::http::StatusCode;
use prometheus::{
    Encoder, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, Result, TextEncoder, core::Collector,
};
use strum::IntoEnumIterator;

use super::pool::{PoolMetrics, QueueMeter, QueueMetrics};
use crate::{
    db::PoolMeter,
    error::ProblemType,
    http::{Operation, Operations},
    telemetry::readiness::Reason,
};

/// The buckets of histograms in seconds, from the fastest answer to longer than anybody waits.
pub(super) const SECONDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The answer had this status.
    Answered(StatusCode),
    /// The client disconnected before the answer.
    Aborted,
}

impl Ending {
    const NAMES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "aborted"];

    fn index(self) -> usize {
        match self {
            Self::Answered(status) => usize::from((status.as_u16() / 100).clamp(1, 5) - 1),
            Self::Aborted => 5,
        }
    }
}

/// The meters of one operation.
pub struct Meters {
    duration: Histogram,
    endings: [IntCounter; 6],
}

/// The counters of one background job.
#[derive(Clone)]
pub struct JobMeter {
    done: IntCounter,
    failed: IntCounter,
    last_success: IntGauge,
}

impl JobMeter {
    /// Counts a run that ended at `now`, in seconds since 1970.
    pub fn ran(&self, went_well: bool, now: i64) {
        if went_well {
            self.done.inc();
            self.last_success.set(now);
        } else {
            self.failed.inc();
        }
    }
}

/// The metrics of background work and readiness.
struct Background {
    waiting: IntGaugeVec,
    waiting_age: GaugeVec,
    job_runs: IntCounterVec,
    job_success: IntGaugeVec,
    unready: IntGaugeVec,
}

impl Background {
    fn new(made: &Maker<'_>) -> Result<Self> {
        Ok(Self {
            waiting: made.gauges(
                "liaison_queue_length",
                "What waits in the database to be worked on; never more than 10000 are counted.",
                &["queue"],
            )?,
            waiting_age: made.ages(
                "liaison_queue_oldest_age_seconds",
                "How long the oldest of what waits has waited; 0 when nothing does.",
                &["queue"],
            )?,
            job_runs: made.counters("liaison_job_runs_total", "Runs of background jobs.", &["name", "result"])?,
            job_success: made.gauges(
                "liaison_job_last_success_timestamp_seconds",
                "When a background job last went well; at first, when it was started.",
                &["name"],
            )?,
            unready: made.gauges(
                "liaison_not_ready",
                "1 while the server is not ready for this reason, else 0.",
                &["reason"],
            )?,
        })
    }
}

/// The metrics of one server process.
pub struct Metrics {
    registry: Registry,
    /// The operations that requests are counted by.
    pub operations: Arc<Operations>,
    /// The meters of each operation, by its number.
    meters: Vec<OnceLock<Meters>>,
    durations: HistogramVec,
    requests: IntCounterVec,
    active: IntGauge,
    refusals: Vec<(ProblemType, IntCounter)>,
    sign_ins: IntCounterVec,
    pools: PoolMetrics,
    queues: QueueMetrics,
    background: Background,
    /// Held while the metrics are rendered, so that two readers at once each get a consistent text.
    reading: Mutex<()>,
}

impl Metrics {
    /// Metrics that are all at zero.
    ///
    /// # Panics
    /// Never: only an invalid name could be refused, and the names are constants.
    #[expect(clippy::expect_used, reason = "the names are constants, and every test would fail")]
    pub fn new(operations: Arc<Operations>) -> Self {
        Self::build(operations).expect("metrics with sound names")
    }

    fn build(operations: Arc<Operations>) -> Result<Self> {
        let registry = Registry::new();
        let made = Maker(&registry);
        made.gauges("liaison_build_info", "The version that runs; always 1.", &["version"])?
            .with_label_values(&[env!("CARGO_PKG_VERSION")])
            .inc();
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        let refusals = made.counters(
            "liaison_refused_requests_total",
            "Requests answered with 429 or 503, by the code of the problem.",
            &["code"],
        )?;
        Ok(Self {
            meters: operations.all().iter().map(|_| OnceLock::new()).collect(),
            operations,
            durations: made.histograms(
                "http_server_request_duration_seconds",
                "From the head of a request to the head of its answer.",
                &["operation", "http_request_method", "http_route"],
            )?,
            requests: made.counters(
                "http_server_requests_total",
                "Requests by the class of the answer's status; aborted ones were left by their sender.",
                &["operation", "status"],
            )?,
            active: made.gauge("http_server_active_requests", "Requests that are being answered.")?,
            refusals: refusals_of(&refusals),
            sign_ins: made.counters(
                "liaison_sign_ins_total",
                "Requests for a token, by grant type and what came of them.",
                &["grant_type", "result"],
            )?,
            pools: PoolMetrics::new(&made)?,
            queues: QueueMetrics::new(&made)?,
            background: Background::new(&made)?,
            reading: Mutex::default(),
            registry,
        })
    }

    /// Counts a request that is being answered now.
    pub fn began(&self) {
        self.active.inc();
    }

    /// Counts a request to `operation` that is over.
    pub fn ended(&self, operation: &Operation, ending: Ending, taken: Duration) {
        self.active.dec();
        let Some(meters) = self.meters.get(operation.number) else { return };
        let meters = meters.get_or_init(|| self.meters_of(operation));
        meters.duration.observe(taken.as_secs_f64());
        if let Some(counter) = meters.endings.get(ending.index()) {
            counter.inc();
        }
    }

    /// An operation appears with all its endings at its first request, because Prometheus can only compute a rate from
    /// a counter that was seen at zero.
    fn meters_of(&self, operation: &Operation) -> Meters {
        let Operation { id, method, path, .. } = operation;
        Meters {
            duration: self.durations.with_label_values(&[id, method, path]),
            endings: Ending::NAMES.map(|name| self.requests.with_label_values(&[id.as_str(), name])),
        }
    }

    /// Counts a request that was answered with `problem`, if that problem asks the caller to come back later.
    pub fn refused(&self, problem: ProblemType) {
        if let Some((_, counter)) = self.refusals.iter().find(|(counted, _)| *counted == problem) {
            counter.inc();
        }
    }

    /// Counts a request for a token of `grant_type` that was answered with `status`.
    pub fn asked_for_token(&self, grant_type: &str, status: StatusCode) {
        const GRANT_TYPES: [&str; 3] = ["password", "refresh_token", "client_credentials"];
        let grant_type = GRANT_TYPES.into_iter().find(|known| *known == grant_type).unwrap_or("other");
        let result = match status {
            StatusCode::TOO_MANY_REQUESTS => "throttled",
            status if status.is_success() => "granted",
            status if status.is_server_error() => "failed",
            _ => "refused",
        };
        self.sign_ins.with_label_values(&[grant_type, result]).inc();
    }

    /// The meter of the connections of the pool `name`. Pools of the same name are added up.
    pub fn pool(&self, name: &'static str) -> PoolMeter {
        self.pools.meter(name)
    }

    /// The meter of the requests of `class` that are admitted or wait to be admitted.
    pub fn class(&self, class: &'static str) -> QueueMeter {
        self.queues.meter(class)
    }

    /// The meter of the background job `name`, started at `now`.
    pub fn job(&self, name: &str, now: i64) -> JobMeter {
        let meter = JobMeter {
            done: self.background.job_runs.with_label_values(&[name, "done"]),
            failed: self.background.job_runs.with_label_values(&[name, "failed"]),
            last_success: self.background.job_success.with_label_values(&[name]),
        };
        meter.last_success.set(now);
        meter
    }

    /// Sets the length of `queue`, and for how many seconds its oldest item has waited.
    pub fn waits(&self, queue: &str, length: i64, oldest: f64) {
        self.background.waiting.with_label_values(&[queue]).set(length);
        self.background.waiting_age.with_label_values(&[queue]).set(oldest.max(0.0));
    }

    /// Sets why the server is not ready: no reason when it is.
    pub fn is_ready_but_for(&self, reasons: &[Reason]) {
        for reason in Reason::iter() {
            self.background.unready.with_label_values(&[reason.as_ref()]).set(i64::from(reasons.contains(&reason)));
        }
    }

    /// How many requests are being answered.
    pub fn active_requests(&self) -> i64 {
        self.active.get()
    }

    /// All metrics in Prometheus' text format 0.0.4.
    ///
    /// # Errors
    /// Only if a metric is defined wrongly.
    pub fn render(&self) -> Result<Vec<u8>> {
        let _reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        self.pools.look();
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

fn refusals_of(counters: &IntCounterVec) -> Vec<(ProblemType, IntCounter)> {
    let later = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    let refusals = ProblemType::iter().filter(|problem| later.contains(&problem.status()));
    refusals.map(|problem| (problem, counters.with_label_values(&[problem.code().as_str()]))).collect()
}

/// Makes metrics and registers them.
pub(super) struct Maker<'a>(&'a Registry);

impl Maker<'_> {
    fn registered<C: Collector + Clone + 'static>(&self, metric: C) -> Result<C> {
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge> {
        self.registered(IntGauge::new(name, help)?)
    }

    pub(super) fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec> {
        self.registered(IntGaugeVec::new(Opts::new(name, help), labels)?)
    }

    fn ages(&self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec> {
        self.registered(GaugeVec::new(Opts::new(name, help), labels)?)
    }

    pub(super) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec> {
        self.registered(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    pub(super) fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> Result<HistogramVec> {
        self.registered(HistogramVec::new(HistogramOpts::new(name, help).buckets(SECONDS.to_vec()), labels)?)
    }
}

#[cfg(test)]
mod tests {
    use std::{hint::black_box, sync::Arc, time::Instant};

    use actix_web::http::{Method, StatusCode};

    use super::{Ending, Metrics};
    use crate::http::Operations;

    #[test]
    fn every_status_has_a_class() {
        for (status, name) in [(200, "2xx"), (204, "2xx"), (304, "3xx"), (404, "4xx"), (503, "5xx"), (999, "5xx")] {
            let ending = Ending::Answered(StatusCode::from_u16(status).unwrap());
            assert_eq!(Ending::NAMES[ending.index()], name);
        }
        assert_eq!(Ending::NAMES[Ending::Aborted.index()], "aborted");
    }

    /// Run it by hand: `cargo test --release --lib a_request_costs_little -- --ignored --nocapture`.
    #[test]
    #[ignore = "a measurement"]
    fn a_request_costs_little() {
        const ROUNDS: u32 = 1_000_000;
        let metrics = Metrics::new(Arc::new(Operations::of([])));
        let path = "/v1/clients/01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f";
        let count = || {
            for _ in 0..ROUNDS {
                let began = Instant::now();
                metrics.began();
                let operation = metrics.operations.find(black_box(&Method::GET), black_box(path));
                metrics.ended(operation, Ending::Answered(StatusCode::OK), began.elapsed());
            }
        };
        let began = Instant::now();
        count();
        println!("one thread: {:?} a request", began.elapsed() / ROUNDS);
        let began = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(count);
            }
        });
        println!("two threads: {:?} a request", began.elapsed() / ROUNDS);
    }
}
