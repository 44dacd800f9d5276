//! What operators see of the server: metrics, traces and the log of requests. Requests are identified by their
//! operation, never by what was asked or answered.

pub mod listener;
mod metrics;
mod pool;
mod queries;
pub mod readiness;
pub mod request;
pub mod sampler;
pub mod settings;
mod sparing;
pub mod traces;

use std::sync::Arc;

use crate::{error::Result, http::Operations};

pub use self::{
    metrics::{JobMeter, Metrics},
    pool::QueueMeter,
    readiness::Readiness,
};
use self::{settings::Settings, sparing::Sparing, traces::Traces};

/// The telemetry of one server process.
pub struct Telemetry {
    /// The metrics, which are counted even if nobody reads them.
    pub metrics: Metrics,
    /// The exporter of traces, when they are switched on.
    pub traces: Option<Traces>,
    /// Whether requests that succeeded quickly are logged, too.
    pub logs_all_requests: bool,
    /// Limits the log lines about requests that were refused because of overload.
    overload: Sparing,
}

impl Telemetry {
    /// Metrics of `operations`, and nothing else.
    pub fn new(operations: Arc<Operations>) -> Self {
        Self { metrics: Metrics::new(operations), traces: None, logs_all_requests: false, overload: Sparing::default() }
    }

    /// Telemetry as `settings` describe it.
    ///
    /// # Errors
    /// When the exporter of traces cannot be made, for example because its protocol is not supported.
    pub fn by(settings: &Settings, operations: Arc<Operations>) -> Result<Self> {
        let traces = settings.traces.as_ref().map(Traces::start).transpose()?;
        Ok(Self { traces, logs_all_requests: settings.logs_all_requests, ..Self::new(operations) })
    }

    /// Sends the remaining traces and ends tracing. Blocks for some seconds when the collector does not answer.
    pub fn flush(&self) {
        if let Some(traces) = &self.traces {
            traces.end();
        }
    }
}
