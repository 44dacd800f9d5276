//! The operator's settings: the mail server, the sender, and the front end's page to set a password.

use std::{fmt, net::IpAddr};

use lettre::message::Mailbox;
use secrecy::SecretString;
use url::{Host, Url};

/// How to send mail.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The mail server; without one no mail is sent.
    pub smtp: Option<Smtp>,
    /// The front end's page to set a password.
    pub reset_url: Option<ResetUrl>,
}

/// A mail server, and the login and sender to use there.
#[derive(Clone)]
pub struct Smtp {
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) encryption: Encryption,
    pub(super) credentials: Option<(String, SecretString)>,
    pub(super) from: Mailbox,
}

/// How a connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// From the first byte (RFC 8314).
    Implicit,
    /// By STARTTLS, which the server must offer (RFC 3207).
    StartTls,
    /// Not at all; only for a server on this machine.
    None,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("host", &self.host).field("encryption", &self.encryption).finish_non_exhaustive()
    }
}

impl Smtp {
    /// Reads `smtps://user:password@host:port` or `smtp://…`, which uses STARTTLS unless the server is on this machine.
    /// `from` is an address with or without a name.
    ///
    /// # Errors
    /// What is wrong. The message repeats nothing of the URL, since it may contain a password.
    pub fn parse(url: &str, from: &str) -> Result<Self, &'static str> {
        let from = from.parse().map_err(|_address| "LIAISON_MAIL_FROM is not an e-mail address")?;
        let url = Url::parse(url).map_err(|_secret| "not a URL")?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("no host")?;
        let encryption = match url.scheme() {
            "smtps" => Encryption::Implicit,
            "smtp" if is_loopback(host) => Encryption::None,
            "smtp" => Encryption::StartTls,
            _ => return Err("neither smtp:// nor smtps://"),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("more than a user, a password, a host and a port");
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: url.port(), encryption, credentials: credentials(&url)?, from })
    }
}

fn credentials(url: &Url) -> Result<Option<(String, SecretString)>, &'static str> {
    let decoded = |text: &str| {
        let text = percent_encoding::percent_decode_str(text).decode_utf8();
        text.map(std::borrow::Cow::into_owned).map_err(|_secret| "a user or password that is not UTF-8")
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err("a user without a password, or a password without a user"),
        (user, Some(password)) => Ok(Some((decoded(user)?, decoded(password)?.into()))),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The address of the front end where a password is set, with `{token}` where the token goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetUrl(String);

const PLACE: &str = "{token}";

impl ResetUrl {
    /// Checks `template`. The token must be in the fragment, because a fragment never reaches a server's log (ASVS
    /// 14.2.1).
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(template: &str) -> Result<Self, &'static str> {
        let (before, after) = template.split_once(PLACE).ok_or("no {token} in it")?;
        if !before.contains('#') || after.contains(PLACE) {
            return Err("{token} belongs after a #, once: the rest of an address ends in logs");
        }
        let url = Url::parse(&template.replace(PLACE, "token")).map_err(|_not_a_url| "not a URL")?;
        let local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err("no host"),
        };
        match url.scheme() {
            "https" => Ok(Self(template.to_owned())),
            "http" if local => Ok(Self(template.to_owned())),
            _ => Err("not an https address"),
        }
    }

    /// The address with `token` in it.
    pub fn with(&self, token: &str) -> String {
        self.0.replace(PLACE, token)
    }
}

#[cfg(test)]
mod tests {
    use super::{Encryption, ResetUrl, Smtp};

    fn encryption(url: &str) -> Result<Encryption, &'static str> {
        Smtp::parse(url, "Liaison <crm@example.com>").map(|smtp| smtp.encryption)
    }

    /// ASVS 12.3.1
    #[test]
    fn only_a_server_on_this_machine_is_spoken_to_without_tls() {
        assert_eq!(encryption("smtps://u:p@mail.example.com"), Ok(Encryption::Implicit));
        assert_eq!(encryption("smtp://u:p@mail.example.com:587"), Ok(Encryption::StartTls));
        assert_eq!(encryption("smtp://localhost.example.com"), Ok(Encryption::StartTls));
        for local in ["smtp://127.0.0.1:2525", "smtp://localhost", "smtp://[::1]:25"] {
            assert_eq!(encryption(local), Ok(Encryption::None), "{local}");
        }
    }

    #[test]
    fn a_wrong_server_is_refused_without_telling_the_password() {
        for wrong in [
            "mail.example.com",
            "http://mail.example.com",
            "smtp://u:hush@mail.example.com?tls=none",
            "smtp://u:hush@mail.example.com/path",
            "smtp://user@mail.example.com",
            "smtp:///",
        ] {
            let told = encryption(wrong).unwrap_err();
            assert!(!told.contains("hush"), "{wrong}: {told}");
        }
        assert!(Smtp::parse("smtps://mail.example.com", "nobody").is_err());
        let smtp = Smtp::parse("smtps://anna%40example.com:hush%21@mail.example.com", "crm@example.com").unwrap();
        assert_eq!(smtp.credentials.as_ref().map(|(user, _)| user.as_str()), Some("anna@example.com"));
        assert!(!format!("{smtp:?}").contains("hush"));
    }

    /// ASVS 14.2.1
    #[test]
    fn a_token_goes_into_the_fragment_of_an_https_address() {
        let url = ResetUrl::parse("https://app.example/reset#token={token}").unwrap();
        assert_eq!(url.with("abc"), "https://app.example/reset#token=abc");
        assert!(ResetUrl::parse("http://localhost:3000/#{token}").is_ok());
        for wrong in [
            "https://app.example/reset",
            "https://app.example/reset?token={token}",
            "http://app.example/#{token}",
            "javascript:alert(1)//#{token}",
            "https://app.example/#{token}{token}",
            "/reset#{token}",
        ] {
            assert!(ResetUrl::parse(wrong).is_err(), "{wrong}");
        }
    }
}
