//! Where requests queue: for a connection of a pool, and to be admitted within their class.

use std::{sync::PoisonError, time::Duration};

use prometheus::{Histogram, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Result};

use super::metrics::Maker;
use crate::db::{PoolMeter, PoolStatus, Probes};

/// OpenTelemetry's metrics of connection pools.
pub(super) struct PoolMetrics {
    probes: Probes,
    count: IntGaugeVec,
    max: IntGaugeVec,
    pending: IntGaugeVec,
    wait: HistogramVec,
    timeouts: IntCounterVec,
}

const POOL: &str = "db_client_connection_pool_name";
const STATE: &str = "db_client_connection_state";

impl PoolMetrics {
    pub fn new(made: &Maker<'_>) -> Result<Self> {
        Ok(Self {
            probes: Probes::default(),
            count: made.gauges("db_client_connection_count", "Database connections by state.", &[POOL, STATE])?,
            max: made.gauges("db_client_connection_max", "Most database connections.", &[POOL])?,
            pending: made.gauges(
                "db_client_connection_pending_requests",
                "Who waits for a database connection now.",
                &[POOL],
            )?,
            wait: made.histograms(
                "db_client_connection_wait_time_seconds",
                "How long a database connection was waited for, opening one included.",
                &[POOL],
            )?,
            timeouts: made.counters(
                "db_client_connection_timeouts_total",
                "How often no database connection came free in time.",
                &[POOL],
            )?,
        })
    }

    pub fn meter(&self, name: &'static str) -> PoolMeter {
        PoolMeter {
            name,
            probes: self.probes.clone(),
            wait: self.wait.with_label_values(&[name]),
            timeouts: self.timeouts.with_label_values(&[name]),
        }
    }

    /// Reads the status of every pool.
    pub fn look(&self) {
        let mut probes = self.probes.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stand: Vec<(&str, PoolStatus)> = Vec::new();
        probes.retain(|(name, probe)| {
            let status = probe();
            let told = status.unwrap_or_default();
            match stand.iter_mut().find(|(known, _)| known == name) {
                Some((_, all)) => *all = all.with(told),
                None => stand.push((name, told)),
            }
            status.is_some()
        });
        for (name, PoolStatus { max, idle, used, waiting }) in stand {
            let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
            self.max.with_label_values(&[name]).set(number(max));
            self.count.with_label_values(&[name, "idle"]).set(number(idle));
            self.count.with_label_values(&[name, "used"]).set(number(used));
            self.pending.with_label_values(&[name]).set(number(waiting));
        }
    }
}

/// The meter of the admission of one class of requests.
#[derive(Clone)]
pub struct QueueMeter {
    /// How many requests are admitted now.
    pub running: IntGauge,
    /// How many requests wait to be admitted.
    pub waiting: IntGauge,
    wait: Histogram,
}

impl QueueMeter {
    /// Records that a request was admitted after waiting for `wait`.
    pub fn waited(&self, wait: Duration) {
        self.wait.observe(wait.as_secs_f64());
    }
}

pub(super) struct QueueMetrics {
    running: IntGaugeVec,
    waiting: IntGaugeVec,
    wait: HistogramVec,
}

impl QueueMetrics {
    pub fn new(made: &Maker<'_>) -> Result<Self> {
        let (running, waiting) = ("liaison_admission_running", "liaison_admission_waiting");
        Ok(Self {
            running: made.gauges(running, "Requests that are admitted, by class.", &["class"])?,
            waiting: made.gauges(waiting, "Requests that wait to be admitted, by class.", &["class"])?,
            wait: made.histograms(
                "liaison_admission_wait_seconds",
                "How long requests waited to be admitted that had to.",
                &["class"],
            )?,
        })
    }

    pub fn meter(&self, class: &str) -> QueueMeter {
        QueueMeter {
            running: self.running.with_label_values(&[class]),
            waiting: self.waiting.with_label_values(&[class]),
            wait: self.wait.with_label_values(&[class]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        time::Duration,
    };

    use crate::{db::PoolStatus, http::Operations, telemetry::Metrics};

    fn text(metrics: &Metrics) -> String {
        String::from_utf8(metrics.render().unwrap()).unwrap()
    }

    #[test]
    fn pools_of_one_name_are_added_up_and_one_that_is_gone_is_forgotten() {
        let metrics = Metrics::new(Arc::new(Operations::of([])));
        let (meter, gone) = (metrics.pool("requests"), Arc::new(AtomicBool::new(false)));
        let status = PoolStatus { max: 8, idle: 2, used: 3, waiting: 1 };
        let is_gone = Arc::clone(&gone);
        meter.watch(move || Some(status));
        meter.watch(move || (!is_gone.load(Ordering::SeqCst)).then_some(status));
        let used = |count| {
            format!(
                "db_client_connection_count{{db_client_connection_pool_name=\"requests\",\
                 db_client_connection_state=\"used\"}} {count}\n"
            )
        };
        assert!(text(&metrics).contains(&used(6)));
        gone.store(true, Ordering::SeqCst);
        assert!(text(&metrics).contains(&used(3)));
    }

    #[test]
    fn a_class_tells_its_queue() {
        let metrics = Metrics::new(Arc::new(Operations::of([])));
        let meter = metrics.class("read");
        meter.waiting.inc();
        meter.running.set(4);
        meter.waited(Duration::from_millis(3));
        let text = text(&metrics);
        for line in [
            "liaison_admission_waiting{class=\"read\"} 1",
            "liaison_admission_running{class=\"read\"} 4",
            "liaison_admission_wait_seconds_bucket{class=\"read\",le=\"0.005\"} 1",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }
}
