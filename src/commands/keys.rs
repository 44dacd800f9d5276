//! `liaison keys`: the keys that sign access tokens.

use chrono::SecondsFormat;
use clap::Subcommand;
use diesel_async::AsyncPgConnection;

use crate::{
    access::token_keys::{
        self,
        life::{SigningKeyState, TAIL, states},
    },
    clock::Clock,
    config::BaseSettings,
    error::Result,
    secrets::Secrets,
    setup::{self, Urls},
    signing_keys::{self as rotation, Rotation},
    values::Instant,
};

/// What to do with the keys.
#[derive(Subcommand, Clone)]
pub enum KeysCommand {
    /// List all keys with their states.
    List(BaseSettings),
    /// Publish a new key. It signs after five and a half minutes, when everyone can have fetched it. Users notice
    /// nothing.
    Rotate {
        /// The settings, which name the database.
        #[command(flatten)]
        settings: BaseSettings,
        /// Revoke all other keys at once: every access token becomes invalid within seconds, and clients have to
        /// refresh it.
        #[arg(long)]
        emergency: bool,
    },
    /// Revoke one key at once: the access tokens that it signed become invalid within seconds.
    Revoke {
        /// The settings, which name the database.
        #[command(flatten)]
        settings: BaseSettings,
        /// The key's id.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
}

impl KeysCommand {
    /// The settings of the command.
    pub fn settings(&self) -> &BaseSettings {
        match self {
            Self::List(settings) | Self::Rotate { settings, .. } | Self::Revoke { settings, .. } => settings,
        }
    }
}

/// Executes the command and prints the result.
///
/// # Errors
/// When the database cannot be reached, or there is no such key.
pub async fn keys(urls: &Urls, secrets: &Secrets, command: KeysCommand) -> Result<()> {
    setup::bring_up_to_date(urls, secrets, &Clock::system()).await?;
    let mut db = setup::login(urls).await?.connect().await?;
    let now = Clock::system().now();
    match command {
        KeysCommand::List(_) => list(&mut db, now).await,
        KeysCommand::Rotate { emergency: false, .. } => {
            let Rotation { next, made } = rotation::rotate(&mut db, secrets, now).await?;
            let what = if made { "is published" } else { "was published before" };
            println!("{} {what} and signs from {}", next.id, text(next.signs_from));
            Ok(())
        }
        KeysCommand::Rotate { emergency: true, .. } => {
            let Rotation { next, .. } = rotation::replace_all(&mut db, secrets, now).await?;
            println!("All other keys are revoked; {} signs", next.id);
            Ok(())
        }
        KeysCommand::Revoke { kid, .. } => {
            let Rotation { next, .. } = rotation::revoke(&mut db, secrets, &kid, now).await?;
            println!("{kid} is revoked; {} signs", next.id);
            Ok(())
        }
    }
}

async fn list(db: &mut AsyncPgConnection, now: Instant) -> Result<()> {
    let all = token_keys::lives(db).await?;
    for (life, state) in all.iter().zip(states(&all, now)) {
        let until = match (life.revoked_at, life.superseded_at(&all)) {
            (Some(revoked), _) => format!("revoked {}", text(revoked)),
            (None, Some(end)) => format!("signs until {}, verifies until {}", text(end), text(end.after(TAIL))),
            (None, None) => String::new(),
        };
        let line = format!("{}  {:11}  signs from {}  {until}", life.id, state_name(state), text(life.signs_from));
        println!("{}", line.trim_end());
    }
    Ok(())
}

fn state_name(state: SigningKeyState) -> &'static str {
    match state {
        SigningKeyState::Published => "published",
        SigningKeyState::Signing => "signing",
        SigningKeyState::VerifyOnly => "verify-only",
        SigningKeyState::Retired => "retired",
    }
}

fn text(moment: Instant) -> String {
    moment.utc().to_rfc3339_opts(SecondsFormat::Secs, true)
}
