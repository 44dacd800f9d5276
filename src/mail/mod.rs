//! Mail to users: written in the transaction of what it tells of, sent by the background until the server takes it.

mod delivery;
mod letter;
mod queue;
mod settings;
mod transport;

pub use delivery::{EVERY, deliver};
pub use letter::{Letter, Notice};
pub use queue::{LETTERS, sweep};
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
    /// By `settings`.
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

    /// Where the front end sets a password with `token`, when that is known.
    pub fn reset_link(&self, token: &str) -> Option<String> {
        self.reset_url.as_ref().map(|url| url.with(token))
    }

    /// Puts `letter` into the queue, in the transaction of what it tells of; without a mail server, nothing.
    ///
    /// # Errors
    /// The database's.
    pub async fn post(&self, tx: &mut Tx<'_>, letter: &Letter) -> Result<()> {
        if !self.is_configured() {
            return Ok(());
        }
        let (secrets, now) = (tx.secrets(), tx.now());
        queue::insert(tx, secrets, Uuid::now_v7(), letter, now).await
    }
}
