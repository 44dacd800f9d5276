//! The edge's settings, as a person writes them.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use clap::Args;

use super::{Edge, cors::Cors, rate::Quotas, tls::Files};
use crate::{
    http::Proxies,
    settings::{Problems, count},
};

/// Settings of the edge; [`EdgeSettings::check`] makes an [`Edge`] of them.
#[derive(Args, Clone)]
#[command(next_help_heading = "Network")]
pub struct EdgeSettings {
    /// The certificate for HTTPS, PEM, followed by those of its authorities; read again when it is renewed.
    #[arg(long, env = "LIAISON_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key, PEM.
    #[arg(long, env = "LIAISON_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// The networks of proxies in front, such as `10.0.0.0/8,192.0.2.7`: the `X-Forwarded-For` of others is ignored.
    #[arg(
        long,
        env = "LIAISON_TRUSTED_PROXIES",
        default_value = "",
        hide_default_value = true,
        value_name = "NETWORKS"
    )]
    pub trusted_proxies: String,
    /// The origins whose pages may call this server, such as `https://crm.example,http://localhost:3000`.
    #[arg(long, env = "LIAISON_CORS_ORIGINS", default_value = "", hide_default_value = true, value_name = "ORIGINS")]
    pub cors_origins: String,
    /// Whether to serve Swagger UI and the OpenAPI document: `on` or `off`.
    #[arg(long, env = "LIAISON_DOCS", default_value = "on", value_name = "SWITCH")]
    pub docs: String,
    /// The same as `--docs off`.
    #[arg(long)]
    pub no_docs: bool,
    /// How many requests a minute one user or service account may send to this server; `off` is without limit.
    #[arg(long, env = "LIAISON_REQUESTS_PER_MINUTE", default_value = "6000", value_name = "COUNT")]
    pub requests_per_minute: String,
    /// The same for everyone who is not signed in, from one network.
    #[arg(long, env = "LIAISON_ANONYMOUS_REQUESTS_PER_MINUTE", default_value = "600", value_name = "COUNT")]
    pub anonymous_requests_per_minute: String,
    /// How many seconds a request may take before it is answered with 503.
    #[arg(long, env = "LIAISON_REQUEST_TIMEOUT", default_value = "30", value_name = "SECONDS")]
    pub request_timeout: String,
    /// How many seconds a caller may take to send the headers of a request, and again to send its body.
    #[arg(long, env = "LIAISON_READ_TIMEOUT", default_value = "10", value_name = "SECONDS")]
    pub read_timeout: String,
    /// The most connections of each thread; further ones wait.
    #[arg(long, env = "LIAISON_CONNECTIONS_PER_WORKER", default_value = "5000", value_name = "COUNT")]
    pub connections_per_worker: String,
    /// How many seconds a server that was told to stop goes on serving while `/readyz` refuses: as long as a load
    /// balancer takes to notice.
    #[arg(long, env = "LIAISON_DRAIN_DELAY", default_value = "0", value_name = "SECONDS")]
    pub drain_delay: String,
}

impl EdgeSettings {
    /// Checks everything; notes what is wrong.
    pub(crate) fn check(&self, problems: &mut Problems) -> Option<Edge> {
        let cors = problems.check("--cors-origins", &self.cors_origins, Cors::parse(&self.cors_origins));
        let proxies = problems.check("--trusted-proxies", &self.trusted_proxies, Proxies::parse(&self.trusted_proxies));
        let docs = problems.check("--docs", &self.docs, switch(&self.docs));
        let caller =
            problems.check("--requests-per-minute", &self.requests_per_minute, quota(&self.requests_per_minute));
        let anonymous = problems.check(
            "--anonymous-requests-per-minute",
            &self.anonymous_requests_per_minute,
            quota(&self.anonymous_requests_per_minute),
        );
        let deadline = problems.check("--request-timeout", &self.request_timeout, seconds(&self.request_timeout));
        let read_timeout = problems.check("--read-timeout", &self.read_timeout, seconds(&self.read_timeout));
        let connections = problems.check(
            "--connections-per-worker",
            &self.connections_per_worker,
            count(&self.connections_per_worker, 1_000_000),
        );
        let drain_delay = problems.check("--drain-delay", &self.drain_delay, drain_delay(&self.drain_delay));
        let tls = problems.note("--tls-cert", self.tls());
        let in_time = match (read_timeout, deadline) {
            (Some(read), Some(deadline)) if read > deadline => Err("give no more than --request-timeout"),
            _ => Ok(()),
        };
        problems.check("--read-timeout", &self.read_timeout, in_time)?;
        Some(Edge {
            cors: cors?,
            proxies: proxies?,
            docs: docs? && !self.no_docs,
            deadline: deadline?,
            read_timeout: read_timeout?,
            connections: connections?,
            drain_delay: drain_delay?,
            quotas: Quotas { caller: caller?, anonymous: anonymous? },
            tls: tls?,
        })
    }

    fn tls(&self) -> Result<Option<Files>, String> {
        match (&self.tls_cert, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => {
                let files = Files { certificate: certificate.clone(), key: key.clone() };
                files.read().map(|_| Some(files))
            }
            _ => Err("a certificate and a key (--tls-key) go together; give both".to_owned()),
        }
    }
}

fn switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("give on or off"),
    }
}

/// Up to 100,000 requests a second. A larger number would be no limit, and is refused.
fn quota(text: &str) -> Result<Option<NonZeroU32>, String> {
    const MAX: u32 = 6_000_000;
    match text {
        "off" | "0" => Ok(None),
        text => {
            let quota = text.parse().ok().filter(|quota: &NonZeroU32| quota.get() <= MAX);
            quota.map(Some).ok_or_else(|| format!("give off or a number up to {MAX}"))
        }
    }
}

/// No more than five minutes.
fn drain_delay(text: &str) -> Result<Duration, &'static str> {
    match text.parse::<u16>() {
        Ok(seconds @ 0..=300) => Ok(Duration::from_secs(seconds.into())),
        _ => Err("give a number from 0 to 300"),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = count(text, 3600)?;
    Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX)))
}
