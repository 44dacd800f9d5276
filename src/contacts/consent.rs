//! What a contact has agreed to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    error::FieldError,
    values::{Instant, Invalid, Say, Text},
};

/// How far another clock may be ahead of ours, in minutes.
pub const CLOCKS_APART: i64 = 5;

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

impl Consent {
    fn is_withdrawn_at(&self, moment: Instant) -> bool {
        self.withdrawn_at.is_some_and(|withdrawn| withdrawn <= moment)
    }

    fn holds_at(&self, moment: Instant) -> bool {
        self.given_at <= moment && !self.is_withdrawn_at(moment)
    }

    /// Whether this one stands in place of `withdrawn`: it is for the same purpose and was given later, or it is for another
    /// of the channels that would do.
    fn replaces(&self, withdrawn: &Self) -> bool {
        let is_for_same = self.purpose.as_str().to_lowercase() == withdrawn.purpose.as_str().to_lowercase();
        let is_later = withdrawn.withdrawn_at.is_some_and(|at| self.given_at >= at);
        let is_another = self.channel != withdrawn.channel
            && self.channel != ConsentChannel::Any
            && withdrawn.channel != ConsentChannel::Any;
        is_for_same && (is_later || is_another)
    }
}

/// The consent for one of `channels` that was withdrawn by the moment `at`, and that no other one replaces.
pub fn withdrawn<'c>(consents: &'c [Consent], channels: &[ConsentChannel], at: Instant) -> Option<&'c Consent> {
    let of_channel = || consents.iter().filter(|consent| channels.contains(&consent.channel));
    let is_replaced = |gone: &Consent| of_channel().any(|other| other.holds_at(at) && other.replaces(gone));
    of_channel().find(|consent| consent.is_withdrawn_at(at) && !is_replaced(consent))
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

/// What is wrong with a moment that has not come yet.
pub fn in_future() -> Invalid {
    Invalid::Rule("in_future", Say::new("This moment is in the future.", "Этот момент ещё не наступил."))
}

fn before_given() -> Invalid {
    let say = Say::new("The consent was given later than this.", "Согласие дано позже этого момента.");
    Invalid::Rule("before_given", say)
}

#[cfg(test)]
mod tests {
    use super::{
        Consent, ConsentChannel,
        ConsentChannel::{Any, Email, Messenger, Phone, Sms},
        withdrawn,
    };
    use crate::values::{Instant, Text};

    fn day(day: u8) -> Instant {
        format!("2026-11-{day:02}T10:00:00Z").parse().unwrap()
    }

    fn consent(channel: ConsentChannel, purpose: &str, given: u8, withdrawn: Option<u8>) -> Consent {
        let purpose = Text::parse(purpose).unwrap();
        Consent { channel, purpose, given_at: day(given), withdrawn_at: withdrawn.map(day), source: None }
    }

    #[test]
    fn what_was_withdrawn_counts_until_it_is_given_anew() {
        let gone = consent(Email, "marketing", 1, Some(10));
        let by_mail: &[ConsentChannel] = &[Email, Any];
        let cases = [
            // The consents beside it, and whether a letter on the 20th is forbidden.
            (vec![], true),
            (vec![consent(Email, "marketing", 12, None)], false),
            (vec![consent(Email, " Marketing ", 12, None)], false),
            (vec![consent(Email, "surveys", 12, None)], true),
            (vec![consent(Any, "marketing", 12, None)], false),
            (vec![consent(Any, "marketing", 5, None)], true),
            (vec![consent(Phone, "marketing", 12, None)], true),
            (vec![consent(Email, "marketing", 12, Some(15))], true),
            (vec![consent(Email, "marketing", 12, Some(25))], false),
            (vec![consent(Email, "marketing", 22, None)], true),
        ];
        for (others, forbidden) in cases {
            let all: Vec<Consent> = others.into_iter().chain([gone.clone()]).collect();
            assert_eq!(withdrawn(&all, by_mail, day(20)).is_some(), forbidden, "{all:?}");
            assert!(withdrawn(&all, by_mail, day(9)).is_none(), "{all:?}");
            assert!(withdrawn(&all, &[Phone], day(20)).is_none(), "{all:?}");
            assert!(withdrawn(&all, &[], day(20)).is_none(), "{all:?}");
        }
    }

    #[test]
    fn a_short_message_and_a_messenger_stand_for_each_other() {
        let (by_messenger, gone) = (&[Messenger, Sms, Any], consent(Sms, "marketing", 1, Some(10)));
        assert_eq!(withdrawn(std::slice::from_ref(&gone), by_messenger, day(20)), Some(&gone));
        let still = consent(Messenger, "marketing", 1, None);
        assert_eq!(withdrawn(&[gone.clone(), still.clone()], by_messenger, day(20)), None);
        let all_gone = consent(Any, "marketing", 1, Some(11));
        assert_eq!(withdrawn(&[still, all_gone.clone()], by_messenger, day(20)), Some(&all_gone));
    }
}
