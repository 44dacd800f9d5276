//! What a contact has agreed to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    error::FieldError,
    values::{Instant, Invalid, Say, Text},
};

/// How far another clock may be ahead of ours, in minutes.
const CLOCKS_APART: i64 = 5;

/// A consent to be spoken with, and its withdrawal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// By which means.
    pub channel: ConsentChannel,
    /// What for, such as `marketing`.
    pub purpose: Text<100>,
    /// When it was given; not in the future.
    pub given_at: Instant,
    /// When it was withdrawn: not before it was given, and not in the future. Absent while it holds.
    pub withdrawn_at: Option<Instant>,
    /// Where it comes from: a form, a letter, a call.
    pub source: Option<Text<200>>,
}

/// A means of speaking with a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentChannel {
    /// Telephone calls.
    Phone,
    /// E-mail.
    Email,
    /// Short messages to a telephone.
    Sms,
    /// Messengers.
    Messenger,
    /// Letters.
    Letter,
    /// Every means.
    Any,
}

/// The breaches of the rules between the moments of `consents`.
pub fn breaches(consents: &[Consent], now: Instant) -> Vec<FieldError> {
    let latest = now.after(chrono::Duration::minutes(CLOCKS_APART));
    let mut breaches = Vec::new();
    for (index, consent) in consents.iter().enumerate() {
        if consent.given_at > latest {
            breaches.push(FieldError::new(format!("/consents/{index}/given_at"), in_future()));
        }
        let withdrawn = consent.withdrawn_at.and_then(|at| match at {
            at if at < consent.given_at => Some(before_given()),
            at if at > latest => Some(in_future()),
            _ => None,
        });
        if let Some(invalid) = withdrawn {
            breaches.push(FieldError::new(format!("/consents/{index}/withdrawn_at"), invalid));
        }
    }
    breaches
}

fn in_future() -> Invalid {
    Invalid::Rule("in_future", Say::new("This moment is in the future.", "Этот момент ещё не наступил."))
}

fn before_given() -> Invalid {
    let say = Say::new("The consent was given later than this.", "Согласие дано позже этого момента.");
    Invalid::Rule("before_given", say)
}
