//! Mail to users. It is stored in the transaction of the change that it reports; a background job sends it, and tries
//! again until the mail server accepts it.

mod delivery;
mod letter;
mod queue;
mod settings;
mod transport;

pub use delivery::{EVERY, deliver};
pub use letter::{Letter, Notice};
pub use queue::{LETTERS, Waiting, delete, sweep, waiting_for};
pub use settings::{ResetUrl, Settings, Smtp};
use uuid::Uuid;

use crate::{change::Tx, error::Result};

use transport::Transport;

/// How mail is sent, if it is.
#[derive(Default)]
pub struct Mail {
    transport: Option<Transport>,
    reset_url: Option<ResetUrl>,
}

impl Mail {
    /// Mail as `settings` describe it.
    ///
    /// # Errors
    /// When the certificates of this machine cannot be read.
    pub fn new(settings: &Settings) -> Result<Self> {
        let transport = settings.smtp.as_ref().map(Transport::new).transpose()?;
        Ok(Self { transport, reset_url: settings.reset_url.clone() })
    }

    /// Whether mail is sent at all.
    pub fn is_configured(&self) -> bool {
        self.transport.is_some()
    }

    /// The address where the front end sets a password with `token`, if it is configured.
    pub fn reset_link(&self, token: &str) -> Option<String> {
        self.reset_url.as_ref().map(|url| url.with(token))
    }

    /// Puts `letter` into the queue, in the transaction of the change that it reports. Does nothing without a mail
    /// server.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn post(&self, tx: &mut Tx<'_>, letter: &Letter) -> Result<()> {
        if !self.is_configured() {
            return Ok(());
        }
        let (secrets, now) = (tx.secrets(), tx.now());
        queue::insert(tx, secrets, Uuid::now_v7(), letter, now).await
    }
}
