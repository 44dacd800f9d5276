//! What operators see: metrics, traces, the log of requests, readiness, and the dashboard and alerts.

mod collector;
mod dashboards;
mod log;
mod metrics;
mod readiness;
mod traces;
