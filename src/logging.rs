//! What may be logged, whatever the settings ask for.

use tracing_subscriber::{EnvFilter, filter::ParseError};

/// Targets that are limited to a level, whatever the filter says. At `debug` the Postgres driver logs the parameters of
/// every statement and the text of every batch: hashes of passwords, digests of tokens, sealed secrets, personal data.
const CAPS: [&str; 2] = ["tokio_postgres::query=info", "tokio_postgres::simple_query=info"];

/// The filter that `wanted` describes, except for what must never be logged.
///
/// # Errors
/// What is wrong with `wanted`.
pub fn filter(wanted: &str) -> Result<EnvFilter, ParseError> {
    let mut filter: EnvFilter = wanted.parse()?;
    for cap in CAPS {
        // A directive replaces an earlier one for the same target.
        filter = filter.add_directive(cap.parse()?);
    }
    Ok(filter)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    use super::filter;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged with this filter.
    fn logged(wanted: &str) -> String {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter(wanted).unwrap())
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!(target: "tokio_postgres::query", "parameters");
            tracing::debug!(target: "tokio_postgres::simple_query", "batch");
            tracing::info!(target: "tokio_postgres::query", "harmless");
            tracing::debug!(target: "tokio_postgres::prepare", "statement");
        });
        String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
    }

    /// ASVS 16.2.5
    #[test]
    fn no_filter_brings_the_parameters_of_statements_into_the_log() {
        for wanted in
            ["trace", "tokio_postgres=trace", "tokio_postgres::query=trace,tokio_postgres::simple_query=debug,info"]
        {
            let logged = logged(wanted);
            assert!(!logged.contains("parameters") && !logged.contains("batch"), "{wanted}: {logged}");
        }
        assert!(logged("trace").contains("statement"), "what is harmless is logged");
        assert!(logged("debug").contains("harmless"));
    }

    /// ASVS 16.4.1
    #[test]
    fn nothing_that_is_logged_breaks_its_line() {
        let hostile = "one\r\n2026-11-24T10:00:00Z ERROR forged: two\u{1b}[2J";
        let (text, json) = (Log::default(), Log::default());
        let (to_text, to_json) = (text.clone(), json.clone());
        let log = || tracing_subscriber::fmt().with_env_filter(filter("info").unwrap());
        let log_once = || tracing::error!(cause = hostile, "request failed");
        let subscriber = log().with_writer(move || to_text.clone()).finish();
        tracing::subscriber::with_default(subscriber, log_once);
        let subscriber = log().json().with_writer(move || to_json.clone()).finish();
        tracing::subscriber::with_default(subscriber, log_once);
        for log in [&text, &json] {
            let written = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            assert_eq!(written.trim_end().lines().count(), 1, "{written}");
            assert!(!written.contains("\u{1b}[2J"), "{written:?}");
        }
        let line: serde_json::Value = serde_json::from_slice(&json.0.lock().unwrap()).unwrap();
        assert_eq!(line["fields"]["cause"], hostile);
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
    }

    #[test]
    fn a_filter_that_is_none_is_refused() {
        assert!(filter("liaison=loud").is_err());
    }
}
