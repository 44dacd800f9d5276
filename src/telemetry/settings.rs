//! The settings of telemetry, as the operator writes them.

use std::net::SocketAddr;

use clap::Args;

use super::traces::Endpoint;
use crate::settings::{Problems, address};

/// Settings of telemetry; [`TelemetrySettings::check`] makes [`Settings`] of them.
#[derive(Args, Clone)]
#[command(next_help_heading = "Metrics, traces and the log of requests")]
pub struct TelemetrySettings {
    /// Where to serve metrics for Prometheus, at `/metrics` on a port of its own without sign-in: use loopback, or a
    /// network that only Prometheus reaches. Without it, metrics are not served.
    #[arg(long, env = "LIAISON_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<String>,
    /// The OpenTelemetry collector that traces are sent to by OTLP over HTTP, such as `http://127.0.0.1:4318`. Without
    /// it nothing is traced. The other `OTEL_…` variables for traces apply, too, such as `OTEL_TRACES_SAMPLER`.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide_env_values = true, value_name = "URL")]
    pub otlp_endpoint: Option<String>,
    /// The same for traces alone, as the complete address.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", hide_env_values = true, value_name = "URL")]
    pub otlp_traces_endpoint: Option<String>,
    /// Switches traces off, whatever else is set: `true` or `false`.
    #[arg(long, env = "OTEL_SDK_DISABLED", default_value = "false", hide = true, value_name = "SWITCH")]
    pub otel_sdk_disabled: String,
    /// Which requests to log, one line each: `failed` logs those that were refused, failed or took a second or longer;
    /// `all` logs every request, which costs each some microseconds.
    #[arg(long, env = "LIAISON_LOG_REQUESTS", default_value = "failed", value_name = "WHICH")]
    pub log_requests: String,
}

/// Checked settings.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where to serve metrics, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Where to send traces, if anywhere.
    pub traces: Option<Endpoint>,
    /// Whether every request is logged.
    pub logs_all_requests: bool,
}

impl TelemetrySettings {
    /// Checks everything and adds what is wrong to `problems`.
    pub(crate) fn check(&self, problems: &mut Problems) -> Option<Settings> {
        let listen = self.metrics_listen.as_deref();
        let metrics_listen =
            problems.check("--metrics-listen", listen.unwrap_or_default(), listen.map(address).transpose());
        let base = self.otlp_endpoint.as_deref().filter(|url| !url.is_empty()).map(Endpoint::under).transpose();
        let base = problems.note("OTEL_EXPORTER_OTLP_ENDPOINT", base);
        let own = self.otlp_traces_endpoint.as_deref().filter(|url| !url.is_empty()).map(Endpoint::parse).transpose();
        let own = problems.note("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", own);
        let logs_all_requests = problems.check("--log-requests", &self.log_requests, which(&self.log_requests));
        let traces = own?.or(base?).filter(|_| !self.otel_sdk_disabled.eq_ignore_ascii_case("true"));
        Some(Settings { metrics_listen: metrics_listen?, traces, logs_all_requests: logs_all_requests? })
    }
}

fn which(text: &str) -> Result<bool, &'static str> {
    match text {
        "failed" => Ok(false),
        "all" => Ok(true),
        _ => Err("give failed or all"),
    }
}
