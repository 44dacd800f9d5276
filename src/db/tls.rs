//! The connection to the database: a libpq URL, whose `sslmode` and `sslrootcert` say how the connection is protected.
//!
//! For a database on this machine, libpq's defaults apply. For one on another machine they are too weak (ASVS 12.3.1,
//! 12.3.2): by default its server must prove its name, and a mode that may fall back to clear text is refused.
//!
//! The driver parses the rest, several hosts and Unix sockets included. Passwords are never part of an error.

use std::{
    fs::File,
    io::BufReader,
    net::IpAddr,
    sync::{Arc, atomic::AtomicUsize},
};

use percent_encoding::percent_decode_str;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use strum::EnumString;
use tokio_postgres::{
    Config,
    config::{Host, SslMode, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::alive::notice_silence;

/// How the connection is protected, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumString)]
#[strum(serialize_all = "kebab-case")]
enum Protection {
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

/// How far away the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Behind a Unix socket.
    Socket,
    /// On this machine.
    Loopback,
    /// On another machine, as far as is known.
    Network,
}

impl Reach {
    /// The reach of the farthest host.
    fn of(config: &Config) -> Self {
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

/// The mode in a connection string such as `host=… sslmode=…`, which the driver parses.
fn named_by_words(words: &str, driver: SslMode) -> Option<Protection> {
    match driver {
        SslMode::Disable => Some(Protection::Disable),
        SslMode::Require => Some(Protection::Require),
        _ => words.contains("sslmode").then_some(Protection::Prefer),
    }
}

/// The protection that was asked for, or the right one for this reach.
fn protection(named: Option<Protection>, root: Option<&str>, reach: Reach) -> Result<Protection, TargetError> {
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

fn client_config(protection: Protection, root: Option<&str>) -> Result<ClientConfig, TargetError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let authorities = match root {
        _ if protection < Protection::VerifyCa => None,
        None | Some("system") => {
            Some(Authorities::new("system", rustls_native_certs::load_native_certs().certs, &provider)?)
        }
        Some(path) => Some(Authorities::new(path, read_certificates(path)?, &provider)?),
    };
    let by_name = protection == Protection::VerifyFull;
    let verifier = Verifier { authorities, by_name, provider: Arc::clone(&provider) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

fn read_certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, TargetError> {
    let wrong = |error: String| TargetError::RootCertificates(path.to_owned(), error);
    let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
    CertificateDer::pem_reader_iter(BufReader::new(file))
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(error.to_string()))
}

/// The certificate authorities that are trusted.
#[derive(Debug)]
struct Authorities {
    certificates: Vec<CertificateDer<'static>>,
    chain: Arc<WebPkiServerVerifier>,
}

impl Authorities {
    fn new(
        from: &str,
        certificates: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, TargetError> {
        let mut store = RootCertStore::empty();
        let (added, _) = store.add_parsable_certificates(certificates.iter().cloned());
        if added == 0 {
            return Err(TargetError::RootCertificates(from.to_owned(), "no certificate in it".to_owned()));
        }
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
            .build()
            .map_err(|error| TlsError::General(error.to_string()))?;
        Ok(Self { certificates, chain })
    }
}

/// Checks what `sslmode` asks for, and always that the server has the key of its certificate.
#[derive(Debug)]
struct Verifier {
    authorities: Option<Authorities>,
    by_name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        use CertificateError::{
            Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        };
        let Some(Authorities { certificates, chain }) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is checked last: when only the name is wrong, the chain is right.
            Err(TlsError::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) if !self.by_name => {}
            Err(TlsError::InvalidCertificate(
                error @ (Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }),
            )) => return Err(error.into()),
            // A self-signed certificate that was given as its own authority.
            Err(_) if certificates.iter().any(|known| known == end_entity) => {
                if self.by_name {
                    verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                }
            }
            other => return other,
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::{Protection, Reach, Target, protection, split};

    #[test]
    fn what_the_driver_does_not_know_is_taken_out() {
        let parts =
            split("postgres://u:p%3F@a:1,b:2/db?sslmode=verify-full&application_name=x&sslrootcert=%2Fa%20b.pem");
        assert_eq!(parts.rest, "postgres://u:p%3F@a:1,b:2/db?application_name=x");
        assert_eq!(parts.mode.as_deref(), Some("verify-full"));
        assert_eq!(parts.root.as_deref(), Some("/a b.pem"));
    }

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
