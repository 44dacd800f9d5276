//! Limits how many refusals are recorded, so that a flood of them does not fill the disk.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::Duration;

use crate::{access::UserId, values::Instant};

/// The time over which refusals are counted.
const WINDOW: Duration = Duration::minutes(1);
/// Maximum number of refusals of one user that are recorded in a minute, on each server.
pub const PER_CALLER: u32 = 30;
/// Maximum number of refused sign-ins from one address that are recorded in a minute, on each server.
pub const PER_ADDRESS: u32 = 20;
/// Maximum number of refused sign-ins that are recorded in a minute, on each server.
pub const SIGN_INS: u32 = 120;

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// What one user was refused.
    Caller(UserId),
    /// All sign-ins that were refused.
    SignIns,
    /// The refused sign-ins to one account that were not recorded one by one.
    Account(UserId),
    /// The refused sign-ins from one address.
    Address(Option<IpAddr>),
}

/// Refusals that were not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// Whose refusals they are.
    pub subject: Subject,
    /// How many there were.
    pub count: u32,
}

#[derive(Debug)]
struct Window {
    ends_at: Instant,
    recorded: u32,
    suppressed: u32,
}

/// The counts of one server.
#[derive(Debug, Default)]
pub struct Budget(Mutex<HashMap<Subject, Window>>);

impl Budget {
    /// Whether to record what `user` was refused. Also returns what went unrecorded in a window that is over.
    pub fn admit_refusal(&self, user: UserId, now: Instant) -> (bool, Option<Suppressed>) {
        let mut windows = self.lock();
        let (window, owed) = current(&mut windows, Subject::Caller(user), now);
        (window.take(PER_CALLER), owed)
    }

    /// The same for a refused sign-in from `address`.
    pub fn admit_sign_in(&self, address: Option<IpAddr>, now: Instant) -> (bool, Option<Suppressed>) {
        let mut windows = self.lock();
        let (all, owed) = current(&mut windows, Subject::SignIns, now);
        if all.recorded >= SIGN_INS {
            all.suppressed = all.suppressed.saturating_add(1);
            return (false, owed);
        }
        // A window for an address is made only while refused sign-ins are still recorded. So their limit also bounds
        // the number of windows.
        let within = current(&mut windows, Subject::Address(address), now).0.take(PER_ADDRESS);
        let (all, _) = current(&mut windows, Subject::SignIns, now);
        match within {
            true => all.recorded += 1,
            false => all.suppressed = all.suppressed.saturating_add(1),
        }
        (within, owed)
    }

    /// Counts a refused sign-in to an existing account that is not recorded. There is a count for each account, whatever the
    /// budget is.
    pub fn count_for(&self, account: UserId, now: Instant) {
        let mut windows = self.lock();
        // A window that is over waits for its report, so it is not begun anew here.
        let fresh = || Window { ends_at: now.after(WINDOW), recorded: 0, suppressed: 0 };
        let window = windows.entry(Subject::Account(account)).or_insert_with(fresh);
        window.suppressed = window.suppressed.saturating_add(1);
    }

    /// What went unrecorded in windows that are over. It is reported only once.
    pub fn settle(&self, now: Instant) -> Vec<Suppressed> {
        let mut owed = Vec::new();
        self.lock().retain(|subject, window| {
            let over = window.ends_at <= now;
            if over {
                owed.extend(window.owed(*subject));
            }
            !over
        });
        owed
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, Window>> {
        // The counts stay usable even if a thread panicked while it held the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn take(&mut self, limit: u32) -> bool {
        let within = self.recorded < limit;
        match within {
            true => self.recorded += 1,
            false => self.suppressed = self.suppressed.saturating_add(1),
        }
        within
    }

    /// The refusals that went unrecorded, if any. An address reports none: its sign-ins are counted among all sign-ins.
    fn owed(&self, subject: Subject) -> Option<Suppressed> {
        let told = self.suppressed > 0 && !matches!(subject, Subject::Address(_));
        told.then_some(Suppressed { subject, count: self.suppressed })
    }
}

fn current(
    windows: &mut HashMap<Subject, Window>,
    subject: Subject,
    now: Instant,
) -> (&mut Window, Option<Suppressed>) {
    let fresh = || Window { ends_at: now.after(WINDOW), recorded: 0, suppressed: 0 };
    let window = windows.entry(subject).or_insert_with(fresh);
    if window.ends_at > now {
        return (window, None);
    }
    let owed = window.owed(subject);
    *window = fresh();
    (window, owed)
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::{Budget, PER_ADDRESS, PER_CALLER, SIGN_INS, Subject, Suppressed};
    use crate::values::{Id, Instant};

    fn now() -> Instant {
        "2026-11-24T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn of_one_user_so_many_are_recorded_in_a_minute_and_the_rest_is_counted() {
        let (budget, user, other) = (Budget::default(), Id::generate(), Id::generate());
        let recorded = (0..PER_CALLER + 7).filter(|_| budget.admit_refusal(user, now()).0).count();
        assert_eq!(recorded, PER_CALLER as usize);
        assert!(budget.admit_refusal(other, now()).0, "another user has room of their own");
        assert_eq!(budget.settle(now()), [], "the minute is not over");
        let later = now().after(Duration::minutes(1));
        let owed = Suppressed { subject: Subject::Caller(user), count: 7 };
        assert_eq!(budget.admit_refusal(user, later), (true, Some(owed)));
        assert_eq!(budget.settle(later), [], "it is told once");
    }

    #[test]
    fn sign_ins_to_an_account_are_counted_whatever_the_budget_is() {
        let (budget, account) = (Budget::default(), Id::generate());
        for n in 0..10_000 {
            let address = Some(std::net::IpAddr::from(std::net::Ipv4Addr::from_bits(n)));
            let _ = budget.admit_sign_in(address, now());
        }
        (0..7).for_each(|_| budget.count_for(account, now()));
        let owed = budget.settle(now().after(Duration::minutes(1)));
        assert!(owed.contains(&Suppressed { subject: Subject::Account(account), count: 7 }), "{owed:?}");
    }

    #[test]
    fn sign_ins_have_a_bound_for_an_address_and_one_for_all() {
        let budget = Budget::default();
        let address = |n: u32| Some(std::net::IpAddr::from(std::net::Ipv4Addr::from_bits(n)));
        let one = (0..PER_ADDRESS + 3).filter(|_| budget.admit_sign_in(address(1), now()).0).count();
        let many = (2..10_000).filter(|n| budget.admit_sign_in(address(*n), now()).0).count();
        assert_eq!((one, one + many), (PER_ADDRESS as usize, SIGN_INS as usize));
        assert!(budget.0.lock().unwrap().len() < 200, "what is refused takes no memory");
        let owed = budget.settle(now().after(Duration::minutes(1)));
        let count = 3 + 9_998 - u32::try_from(many).unwrap();
        assert_eq!(owed, [Suppressed { subject: Subject::SignIns, count }]);
        assert!(budget.0.lock().unwrap().is_empty());
    }
}
