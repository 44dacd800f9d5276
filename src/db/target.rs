//! The database to connect to: a libpq URL, whose `sslmode` and `sslrootcert` say how the connection is protected.
//!
//! The driver parses the rest, several hosts and Unix sockets included. Passwords are never part of an error.

use std::sync::{Arc, atomic::AtomicUsize};

use percent_encoding::percent_decode_str;
use rustls::Error as TlsError;
use tokio_postgres::{
    Config,
    config::{SslMode, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    alive::notice_silence,
    protection::{Protection, Reach, protection},
    tls::client_config,
};

/// What is wrong with a database URL.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The driver cannot read it. Its own message is left out, since it could repeat the password.
    #[error("not a libpq URL")]
    NotAUrl,
    /// The `sslmode` is not one of libpq's.
    #[error("sslmode is none of disable, allow, prefer, require, verify-ca and verify-full")]
    Mode,
    /// Anyone can get a certificate from a public authority, so it proves nothing without the name.
    #[error("sslrootcert=system needs sslmode=verify-full")]
    WeakSystem,
    /// An attacker on the network could turn the encryption off.
    #[error(
        "sslmode={0} may fall back to clear text on the way to another machine; write sslmode=verify-full (with \
         sslrootcert=FILE for an authority of your own), or sslmode=disable where that network is trusted"
    )]
    Fallback(&'static str),
    /// No certificate can be read from the file.
    #[error("sslrootcert {0}: {1}")]
    RootCertificates(String, String),
    /// TLS itself cannot be set up.
    #[error("TLS: {0}")]
    Tls(#[from] TlsError),
}

/// A database that can be connected to.
#[derive(Clone)]
pub struct Target {
    pub(super) config: Config,
    pub(super) tls: Option<MakeRustlsConnect>,
    /// The number of the host that the next connection tries first: the one that took the last connection.
    pub(super) first_host: Arc<AtomicUsize>,
    caution: Option<&'static str>,
}

/// The warning about a connection in clear text to another machine.
const IN_CLEAR: &str = "the way to the database on another machine is in clear (sslmode=disable): whoever is on it can read and \
                        change everything";
/// The warning about a connection to another machine whose server is not verified.
const UNPROVED: &str = "the database on another machine need not prove who it is: write sslmode=verify-full, with sslrootcert=FILE \
                        for an authority of your own";

impl Target {
    /// Reads `url` and the certificates that it names.
    ///
    /// # Errors
    /// When the URL is wrong, or its certificates cannot be read.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let Parts { rest, mode, root } = split(url);
        let mut config: Config = rest.parse().map_err(|_secret| TargetError::NotAUrl)?;
        notice_silence(&mut config);
        // The server changes things: of several hosts, only the primary is of use, also after a failover.
        if config.get_hosts().len() > 1 && !rest.contains("target_session_attrs") {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let named = mode.map(|mode| mode.parse().map_err(|_unknown| TargetError::Mode)).transpose()?;
        let named = named.or_else(|| named_by_words(&rest, config.get_ssl_mode()));
        let reach = Reach::of(&config);
        let protection = protection(named, root.as_deref(), reach)?;
        // As in libpq, no encryption: nobody can eavesdrop on a Unix socket.
        if reach == Reach::Socket || protection == Protection::Disable {
            config.ssl_mode(SslMode::Disable);
            let first_host = Arc::default();
            return Ok(Self { config, tls: None, first_host, caution: (reach == Reach::Network).then_some(IN_CLEAR) });
        }
        let unproved = reach == Reach::Network && protection < Protection::VerifyCa;
        config.ssl_mode(if protection < Protection::Require { SslMode::Prefer } else { SslMode::Require });
        let tls = MakeRustlsConnect::new(client_config(protection, root.as_deref())?);
        Ok(Self { config, tls: Some(tls), first_host: Arc::default(), caution: unproved.then_some(UNPROVED) })
    }

    /// The warning for the operator about this connection, if there is one.
    pub fn caution(&self) -> Option<&'static str> {
        self.caution
    }

    /// Whether the database is on another machine, as far as is known.
    pub fn is_on_network(&self) -> bool {
        Reach::of(&self.config) == Reach::Network
    }
}

/// A URL without the parameters that the driver does not know, and the values of those.
struct Parts {
    rest: String,
    mode: Option<String>,
    root: Option<String>,
}

fn split(url: &str) -> Parts {
    let is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let Some((base, query)) = url.split_once('?').filter(|_| is_url) else {
        return Parts { rest: url.to_owned(), mode: None, root: None };
    };
    let value = |wanted: &str| {
        let found = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == wanted);
        found.map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned())
    };
    let ours = |pair: &&str| pair.starts_with("sslmode=") || pair.starts_with("sslrootcert=");
    let others: Vec<&str> = query.split('&').filter(|pair| !ours(pair)).collect();
    let rest = if others.is_empty() { base.to_owned() } else { format!("{base}?{}", others.join("&")) };
    Parts { rest, mode: value("sslmode"), root: value("sslrootcert") }
}

/// The mode in a connection string such as `host=… sslmode=…`, which the driver parses.
fn named_by_words(words: &str, driver: SslMode) -> Option<Protection> {
    match driver {
        SslMode::Disable => Some(Protection::Disable),
        SslMode::Require => Some(Protection::Require),
        _ => words.contains("sslmode").then_some(Protection::Prefer),
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, split};

    #[test]
    fn what_the_driver_does_not_know_is_taken_out() {
        let parts =
            split("postgres://u:p%3F@a:1,b:2/db?sslmode=verify-full&application_name=x&sslrootcert=%2Fa%20b.pem");
        assert_eq!(parts.rest, "postgres://u:p%3F@a:1,b:2/db?application_name=x");
        assert_eq!(parts.mode.as_deref(), Some("verify-full"));
        assert_eq!(parts.root.as_deref(), Some("/a b.pem"));
    }

    #[test]
    fn every_form_of_a_url_is_read() {
        for url in [
            "postgres://u@localhost/db",
            "postgresql://u:p@a:5432,b:5433/db?target_session_attrs=read-write&sslmode=require",
            "postgres:///db?host=/run/postgresql&sslmode=verify-full",
            "postgres://u@[::1]/db?sslmode=disable",
            "host=a,b user=u sslmode=require",
        ] {
            assert!(Target::parse(url).is_ok(), "{url}");
        }
        for (url, wrong) in [
            ("mysql://u@a/db", "not a libpq URL"),
            ("postgres://u:hush@a:b/db", "not a libpq URL"),
            ("postgres://u:hush@a/db?sslmode=strict", "sslmode is none of"),
            ("postgres://u:hush@a/db?sslmode=verify-ca&sslrootcert=/nowhere.pem", "sslrootcert /nowhere.pem: "),
        ] {
            let message = Target::parse(url).map(|_| ()).unwrap_err().to_string();
            assert!(message.starts_with(wrong) && !message.contains("hush"), "{url}: {message}");
        }
    }
}
