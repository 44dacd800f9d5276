//! The connection to the mail server.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::authentication::Credentials,
};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::settings::{Encryption, Smtp};
use crate::{
    error::{Error, Result},
    values::Instant,
};

/// How long the server may take for each answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A mail to one address.
pub struct Text {
    /// The recipient's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text itself.
    pub body: String,
}

/// Sends mail, over a new connection for each.
pub struct Transport {
    smtp: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Transport {
    /// A transport to the server of `settings`.
    ///
    /// # Errors
    /// When the certificates of this machine cannot be read.
    pub fn new(settings: &Smtp) -> Result<Self> {
        type Smtp = AsyncSmtpTransport<Tokio1Executor>;
        let mut builder = match settings.encryption {
            Encryption::Implicit => Smtp::relay(&settings.host).map_err(Error::internal)?,
            Encryption::StartTls => Smtp::starttls_relay(&settings.host).map_err(Error::internal)?,
            Encryption::None => Smtp::builder_dangerous(&settings.host),
        };
        if let Some(port) = settings.port {
            builder = builder.port(port);
        }
        if let Some((user, password)) = &settings.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { smtp: builder.timeout(Some(TIMEOUT)).build(), from: settings.from.clone() })
    }

    /// Sends `text`, the letter `id`. When this returns, the mail server has accepted it.
    ///
    /// # Errors
    /// When the server cannot be reached or does not accept the mail.
    pub async fn send(&self, id: Uuid, text: Text, now: Instant) -> Result<()> {
        let message = Message::builder()
            // The same at each attempt, so that a mail program can hide a second copy.
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .date(now.utc().into())
            .from(self.from.clone())
            .to(text.to.parse().map_err(Error::internal)?)
            .subject(text.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text.body)
            .map_err(Error::internal)?;
        self.smtp.send(message).await.map_err(Error::internal)?;
        Ok(())
    }
}
