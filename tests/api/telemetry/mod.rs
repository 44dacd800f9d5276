//! What operators see: metrics, traces, the log of requests, readiness, and the files that are made for them.

mod collector;
mod dashboards;
mod log;
mod metrics;
mod readiness;
mod traces;
