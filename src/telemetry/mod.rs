//! What operators see of the server: metrics, traces and the log of requests. Requests are told by their operation, never by
//! what was asked or answered.

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

/// All of it, of one server process.
pub struct Telemetry {
    /// The metrics, counted whether somebody reads them or not.
    pub metrics: Metrics,
    /// Where traces go, when they are wanted.
    pub traces: Option<Traces>,
    /// Whether a request that went well and fast has its line in the log, too.
    pub logs_all_requests: bool,
    /// The lines about requests that there was no room for.
    overload: Sparing,
}

impl Telemetry {
    /// Metrics of `operations`, and nothing else.
    pub fn new(operations: Arc<Operations>) -> Self {
        Self { metrics: Metrics::new(operations), traces: None, logs_all_requests: false, overload: Sparing::default() }
    }

    /// By `settings`.
    ///
    /// # Errors
    /// When the exporter of traces cannot be made, such as for a protocol that is not spoken.
    pub fn by(settings: &Settings, operations: Arc<Operations>) -> Result<Self> {
        let traces = settings.traces.as_ref().map(Traces::start).transpose()?;
        Ok(Self { traces, logs_all_requests: settings.logs_all_requests, ..Self::new(operations) })
    }

    /// Sends what has not been sent, and ends. Blocks for some seconds when nobody takes it.
    pub fn flush(&self) {
        if let Some(traces) = &self.traces {
            traces.end();
        }
    }
}
