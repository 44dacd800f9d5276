//! A key's life: published → signing → verify-only → retired.
//!
//! The state of a key follows from its stored moments and the current time. So all servers agree on it, and no job has
//! to change it.

use chrono::Duration;

use crate::values::Instant;

/// How long clients may cache the published keys, in seconds.
pub const CACHED_SECONDS: i64 = 300;

/// How long a key is published before it signs. By then every server and every client's cache must have it.
pub const LEAD: Duration = Duration::seconds(CACHED_SECONDS + 30);

/// How long a key verifies after its successor began to sign: the lifetime of a token, plus the difference between the
/// servers' clocks, plus the time for which clients cache the keys.
pub const TAIL: Duration = Duration::seconds(15 * 60 + 30 + CACHED_SECONDS);

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SigningKeyState {
    /// It is published and does not sign yet.
    Published,
    /// It signs new tokens.
    Signing,
    /// It has a successor; tokens that it signed are still valid.
    VerifyOnly,
    /// It is no longer used at all: its time is over, or it was revoked.
    Retired,
}

/// The moments of a key's life that are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// The key's id.
    pub id: String,
    /// From when it is published.
    pub published_at: Instant,
    /// From when it signs, until its successor does.
    pub signs_from: Instant,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
}

impl Life {
    /// Whether it is revoked.
    pub fn is_revoked(&self) -> bool {
        self.revoked_at.is_some()
    }

    /// When its successor among `all` begins to sign.
    pub fn superseded_at(&self, all: &[Self]) -> Option<Instant> {
        all.iter().filter(|other| other.signs() && self.precedes(other)).map(|other| other.signs_from).min()
    }

    fn precedes(&self, other: &Self) -> bool {
        (self.signs_from, &self.id) < (other.signs_from, &other.id)
    }

    /// Whether it ever signs. A key that was revoked before it signed does not replace the one before it.
    fn signs(&self) -> bool {
        self.revoked_at.is_none_or(|revoked| revoked > self.signs_from)
    }

    fn state(&self, all: &[Self], now: Instant) -> SigningKeyState {
        if self.revoked_at.is_some_and(|revoked| revoked <= now) {
            return SigningKeyState::Retired;
        }
        if self.signs_from > now {
            return SigningKeyState::Published;
        }
        match self.superseded_at(all) {
            Some(end) if end.after(TAIL) <= now => SigningKeyState::Retired,
            Some(end) if end <= now => SigningKeyState::VerifyOnly,
            _ => SigningKeyState::Signing,
        }
    }
}

/// The state of each of `all` at `now`. At most one signs.
pub fn states(all: &[Life], now: Instant) -> Vec<SigningKeyState> {
    let mut states: Vec<SigningKeyState> = all.iter().map(|life| life.state(all, now)).collect();
    if !states.contains(&SigningKeyState::Signing) {
        // This server's clock may be behind that of the server that made the first key. Signing in must work all the
        // same.
        let waiting = all.iter().zip(&mut states).filter(|(_, state)| **state == SigningKeyState::Published);
        if let Some((_, state)) = waiting.min_by_key(|(life, _)| (life.signs_from, life.id.clone())) {
            *state = SigningKeyState::Signing;
        }
    }
    states
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::{CACHED_SECONDS, LEAD, Life, SigningKeyState, TAIL, states};
    use crate::{access::token::LIFETIME, values::Instant};

    fn moment(seconds: i64) -> Instant {
        "2026-11-24T00:00:00Z".parse::<Instant>().unwrap().after(chrono::Duration::seconds(seconds))
    }

    fn life(number: usize, published: i64, lead: i64, revoked: Option<i64>) -> Life {
        Life {
            id: format!("key {number}"),
            published_at: moment(published),
            signs_from: moment(published + lead),
            revoked_at: revoked.map(|after| moment(published + after)),
        }
    }

    /// Keys in any order, made at any time, signing at once or later, some revoked.
    fn lives() -> impl Strategy<Value = Vec<Life>> {
        let one = (0..5000_i64, prop_oneof![Just(0), Just(LEAD.num_seconds()), 0..2000_i64], option::of(0..4000_i64));
        vec(one, 1..6).prop_map(|all| {
            all.into_iter()
                .enumerate()
                .map(|(n, (published, lead, revoked))| life(n, published, lead, revoked))
                .collect()
        })
    }

    #[test]
    fn the_tail_covers_every_token() {
        assert!(TAIL.num_seconds() >= i64::try_from(LIFETIME.as_secs()).unwrap() + CACHED_SECONDS);
        assert!(LEAD.num_seconds() > CACHED_SECONDS);
    }

    #[test]
    fn a_rotation_walks_through_all_states() {
        use SigningKeyState::{Published, Retired, Signing, VerifyOnly};
        let all = [life(1, 0, 0, None), life(2, 1000, LEAD.num_seconds(), None)];
        let (begin, end) = (1000 + LEAD.num_seconds(), 1000 + LEAD.num_seconds() + TAIL.num_seconds());
        for (at, expected) in [
            (1000, [Signing, Published]),
            (begin - 1, [Signing, Published]),
            (begin, [VerifyOnly, Signing]),
            (end - 1, [VerifyOnly, Signing]),
            (end, [Retired, Signing]),
        ] {
            assert_eq!(states(&all, moment(at)), expected, "at {at}");
        }
    }

    #[test]
    fn a_key_revoked_before_it_signed_takes_nobodys_place() {
        let all = [life(1, 0, 0, None), life(2, 1000, 330, Some(100))];
        assert_eq!(states(&all, moment(9000)), [SigningKeyState::Signing, SigningKeyState::Retired]);
        let at_the_moment = [life(1, 0, 0, None), life(2, 1000, 330, Some(330))];
        assert_eq!(states(&at_the_moment, moment(9000)), [SigningKeyState::Signing, SigningKeyState::Retired]);
    }

    #[test]
    fn a_retired_key_does_not_come_back_when_its_successor_is_revoked() {
        let all = [life(1, 0, 0, None), life(2, 1000, 0, Some(5000)), life(3, 6000, 0, None)];
        assert_eq!(
            states(&all, moment(6000)),
            [SigningKeyState::Retired, SigningKeyState::Retired, SigningKeyState::Signing]
        );
    }

    #[test]
    fn a_clock_that_is_behind_still_signs() {
        let all = [life(1, 100, 0, None), life(2, 100, 330, None)];
        assert_eq!(states(&all, moment(0)), [SigningKeyState::Signing, SigningKeyState::Published]);
    }

    proptest! {
        #[test]
        fn never_two_sign(all in lives(), at in 0..9000_i64) {
            let signing = states(&all, moment(at)).into_iter().filter(|state| *state == SigningKeyState::Signing).count();
            prop_assert!(signing <= 1);
            // A key that was never revoked and has no successor can always sign.
            let last = all.iter().any(|life| !life.is_revoked() && life.superseded_at(&all).is_none());
            prop_assert!(signing == 1 || !last);
        }

        #[test]
        fn no_key_goes_back(all in lives(), first in 0..9000_i64, later in 0..9000_i64) {
            let (first, later) = (first.min(later), first.max(later));
            for (before, after) in states(&all, moment(first)).into_iter().zip(states(&all, moment(later))) {
                prop_assert!(before <= after, "{before:?} became {after:?}");
            }
        }

        #[test]
        fn every_token_lives_out_its_time_unless_its_key_is_revoked(all in lives(), at in 0..9000_i64, age in 0..=930_i64) {
            let signing = states(&all, moment(at)).into_iter().position(|state| state == SigningKeyState::Signing);
            if let Some(key) = signing {
                let then = moment(at + age);
                let revoked = all[key].revoked_at.is_some_and(|revoked| revoked <= then);
                prop_assert_eq!(states(&all, then)[key] == SigningKeyState::Retired, revoked);
            }
        }

        #[test]
        fn a_revoked_key_is_good_for_nothing(all in lives(), at in 0..9000_i64) {
            for (life, state) in all.iter().zip(states(&all, moment(at))) {
                if life.revoked_at.is_some_and(|revoked| revoked <= moment(at)) {
                    prop_assert_eq!(state, SigningKeyState::Retired);
                }
            }
        }

        #[test]
        fn a_new_key_changes_nothing_before_it_signs(all in lives(), at in 5000..9000_i64, wait in 0..330_i64) {
            let mut more = all.clone();
            more.push(life(9, at, LEAD.num_seconds(), None));
            let then = moment(at + wait);
            let before = states(&all, then);
            // When no other key signs, the new key signs at once.
            prop_assume!(before.contains(&SigningKeyState::Signing));
            prop_assume!(all.iter().all(|life| life.signs_from <= then));
            let after = states(&more, then);
            prop_assert_eq!(after.last(), Some(&SigningKeyState::Published));
            prop_assert_eq!(&after[..all.len()], &before[..]);
        }
    }
}
