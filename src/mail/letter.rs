//! The letters to users, in English and in Russian: it is not known which language a user reads.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::{Mail, transport::Text};
use crate::values::Instant;

/// A letter, as it is sealed and stored in the queue.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// Someone who claims to be the user with this address has forgotten the password. Becomes a [`Letter::Reset`] if
    /// there is such a user.
    Forgotten {
        /// The address.
        email: String,
        /// The network address that asked.
        #[serde(default)]
        from: Option<IpAddr>,
        /// The request that asked.
        #[serde(default)]
        request_id: Option<String>,
    },
    /// A one-time token.
    Reset {
        /// The address of the user.
        to: String,
        /// The token.
        token: String,
        /// Until when the token is valid.
        expires_at: Instant,
        /// Whether the token is for the user's first password.
        is_first: bool,
    },
    /// Something about the user's sign-in has changed.
    Notice {
        /// The address of the user.
        to: String,
        /// What has changed.
        notice: Notice,
    },
}

/// A change that the user is informed about, in case somebody else made it (ASVS 6.3.7).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The address to sign in with has changed; sent to the former address.
    EmailChanged,
    /// The password has changed.
    PasswordChanged,
    /// Signing in needs a second factor.
    SecondFactorEnabled,
    /// Signing in no longer needs a second factor.
    SecondFactorRemoved,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter(…)")
    }
}

impl Letter {
    /// To whom it goes.
    pub(super) fn address(&self) -> &str {
        match self {
            Self::Forgotten { email, .. } => email,
            Self::Reset { to, .. } | Self::Notice { to, .. } => to,
        }
    }

    /// The text to send; `None` when there is nothing to send.
    pub(super) fn text(self, mail: &Mail) -> Option<Text> {
        match self {
            Self::Forgotten { .. } => None,
            Self::Reset { to, token, expires_at, is_first } => {
                let link = mail.reset_link(&token);
                Some(reset(to, &token, link.as_deref(), expires_at, is_first))
            }
            Self::Notice { to, notice } => Some(told(to, notice)),
        }
    }
}

fn reset(to: String, token: &str, link: Option<&str>, expires_at: Instant, is_first: bool) -> Text {
    let until = expires_at.utc().format("%Y-%m-%d %H:%M UTC");
    let (ask_en, ask_ru) = match (is_first, link.is_some()) {
        (true, true) => ("Set your password for Liaison here:", "Задайте пароль для Liaison по ссылке:"),
        (false, true) => ("Set another password for Liaison here:", "Задайте новый пароль для Liaison по ссылке:"),
        (true, false) => ("Your code to set a password for Liaison:", "Ваш код для установки пароля в Liaison:"),
        (false, false) => ("Your code to set another password for Liaison:", "Ваш код для смены пароля в Liaison:"),
    };
    let way = link.unwrap_or(token);
    let body = format!(
        "{ask_en}\n\n{way}\n\nIt is good once, until {until}. If you did not ask for it, do nothing: your password stays as \
         it is.\n\n* * *\n\n{ask_ru}\n\n{way}\n\nДействует один раз, до {until}. Если вы об этом не просили, ничего не \
         делайте: ваш пароль не изменится.\n"
    );
    Text { to, subject: "Liaison: your password · ваш пароль".to_owned(), body }
}

fn told(to: String, notice: Notice) -> Text {
    let (en, ru) = match notice {
        Notice::EmailChanged => (
            "You sign in with another e-mail address from now on; this one was yours until now.",
            "Теперь вы входите с другим адресом электронной почты; этот адрес больше не действует.",
        ),
        Notice::PasswordChanged => ("Your password was changed.", "Ваш пароль изменён."),
        Notice::SecondFactorEnabled => {
            ("A second factor was added to your sign-in.", "Для вашего входа включён второй фактор.")
        }
        Notice::SecondFactorRemoved => {
            ("The second factor of your sign-in was removed.", "Второй фактор вашего входа отключён.")
        }
    };
    let body = format!(
        "{en} If that was not you, tell your supervisor at once.\n\n* * *\n\n{ru} Если это были не вы, сразу сообщите \
         руководителю.\n"
    );
    Text { to, subject: "Liaison: your sign-in · ваш вход".to_owned(), body }
}
