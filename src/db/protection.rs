//! How the connection to the database is protected: as its URL says, or else by how far away the database is.
//!
//! For a database on this machine, libpq's defaults apply. For one on another machine they are too weak (ASVS 12.3.1,
//! 12.3.2): by default its server must prove its name, and a mode that may fall back to clear text is refused.

use std::net::IpAddr;

use strum::EnumString;
use tokio_postgres::{Config, config::Host};

use super::TargetError;

/// How the connection is protected, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumString)]
#[strum(serialize_all = "kebab-case")]
pub(super) enum Protection {
    /// Not at all.
    Disable,
    /// As `Prefer`: the server decides.
    Allow,
    /// Encrypted when the server can.
    Prefer,
    /// Encrypted, but the server is not verified.
    Require,
    /// Encrypted, to a server whose certificate a known authority issued.
    VerifyCa,
    /// As `VerifyCa`, and the certificate is for the host's name.
    VerifyFull,
}

/// How far away the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Behind a Unix socket.
    Socket,
    /// On this machine.
    Loopback,
    /// On another machine, as far as is known.
    Network,
}

impl Reach {
    /// The reach of the farthest host.
    pub(super) fn of(config: &Config) -> Self {
        let near = |host: &Host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => {
                name.eq_ignore_ascii_case("localhost")
                    || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
            }
        };
        let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
        if addresses.is_empty() && hosts.iter().all(|host| matches!(host, Host::Unix(_))) {
            return Self::Socket;
        }
        let all_near = hosts.iter().all(near) && addresses.iter().all(IpAddr::is_loopback);
        if all_near { Self::Loopback } else { Self::Network }
    }
}

/// The protection that was asked for, or the right one for this reach.
pub(super) fn protection(
    named: Option<Protection>,
    root: Option<&str>,
    reach: Reach,
) -> Result<Protection, TargetError> {
    match (named, root) {
        (Some(Protection::Allow), _) if reach == Reach::Network => Err(TargetError::Fallback("allow")),
        (Some(Protection::Prefer), _) if reach == Reach::Network => Err(TargetError::Fallback("prefer")),
        (None, _) if reach == Reach::Network => Ok(Protection::VerifyFull),
        (None, Some("system")) => Ok(Protection::VerifyFull),
        (Some(mode), Some("system")) if mode < Protection::VerifyFull => Err(TargetError::WeakSystem),
        // As in libpq: when an authority is given, `require` also verifies the server's certificate.
        (Some(Protection::Require), Some(_)) => Ok(Protection::VerifyCa),
        (named, _) => Ok(named.unwrap_or(Protection::Prefer)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Protection, Reach, protection};
    use crate::db::Target;

    fn told(mode: Option<&str>, root: Option<&str>, reach: Reach) -> Result<Protection, String> {
        protection(mode.map(|mode| mode.parse().unwrap()), root, reach).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_on_this_machine_are_libpqs() {
        let of = |mode, root| told(mode, root, Reach::Loopback);
        assert_eq!(of(None, None), Ok(Protection::Prefer));
        assert_eq!(of(Some("require"), None), Ok(Protection::Require));
        assert_eq!(of(Some("require"), Some("/ca.pem")), Ok(Protection::VerifyCa));
        assert_eq!(of(Some("verify-ca"), None), Ok(Protection::VerifyCa));
        assert_eq!(of(None, Some("system")), Ok(Protection::VerifyFull));
        assert!(of(Some("require"), Some("system")).is_err());
    }

    /// ASVS 12.3.1, 12.3.2
    #[test]
    fn a_way_to_another_machine_never_falls_back_to_clear_text() {
        let of = |mode, root| told(mode, root, Reach::Network);
        assert_eq!(
            (of(None, None), of(None, Some("/ca.pem"))),
            (Ok(Protection::VerifyFull), Ok(Protection::VerifyFull))
        );
        for weak in ["allow", "prefer"] {
            let message = of(Some(weak), Some("/ca.pem")).unwrap_err();
            assert!(message.contains(weak) && message.contains("sslmode=verify-full"), "{message}");
        }
        assert_eq!(of(Some("require"), None), Ok(Protection::Require));
        assert_eq!(of(Some("disable"), None), Ok(Protection::Disable));
        for url in
            ["postgres://u:hush@db.example/db?sslmode=prefer", "host=db.example user=u password=hush sslmode=prefer"]
        {
            let message = Target::parse(url).map(|_| ()).unwrap_err().to_string();
            assert!(message.contains("sslmode=disable where") && !message.contains("hush"), "{url}: {message}");
        }
        for (url, in_clear) in
            [("postgres://u@10.0.0.7/db?sslmode=disable", true), ("postgres://u@10.0.0.7/db?sslmode=require", false)]
        {
            assert_eq!(Target::parse(url).unwrap().caution().unwrap().contains("in clear"), in_clear, "{url}");
        }
        assert_eq!(Target::parse("postgres://u@localhost/db?sslmode=disable").unwrap().caution(), None);
    }

    #[test]
    fn another_machine_is_whatever_may_be_one() {
        let of = |url: &str| Reach::of(&url.parse().unwrap());
        for url in ["postgres:///db?host=/run/postgresql", "host=/run/a,/run/b user=u"] {
            assert_eq!(of(url), Reach::Socket, "{url}");
        }
        for url in [
            "postgres://u@localhost,LOCALHOST,127.0.0.1,[::1]/db",
            "host=/run/a,127.8.8.8 user=u",
            "hostaddr=127.0.0.1 user=u",
        ] {
            assert_eq!(of(url), Reach::Loopback, "{url}");
        }
        for url in [
            "postgres://u@db/db",
            "postgres://u@localhost,10.0.0.1/db",
            "postgres://u@localhost.example/db",
            "hostaddr=10.0.0.1 user=u",
            "host=localhost hostaddr=10.0.0.1 user=u",
            "host=db.example hostaddr=127.0.0.1 user=u",
        ] {
            assert_eq!(of(url), Reach::Network, "{url}");
        }
    }
}
