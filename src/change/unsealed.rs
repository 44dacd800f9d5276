//! The events that this server has written lately, kept in memory until they are known to be sealed. So it notices when
//! somebody removes one in the second before its seal.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::values::Instant;

/// Most events that are kept. When more come in one second, the oldest are forgotten: their seals are under way.
const MOST: usize = 100_000;

/// The ids of events, in the order in which they were written, with the moments.
#[derive(Debug, Default)]
pub struct Unsealed(Mutex<VecDeque<(Instant, Uuid)>>);

impl Unsealed {
    /// Notes events that are committed.
    pub fn note(&self, events: impl IntoIterator<Item = Uuid>, now: Instant) {
        let mut kept = self.lock();
        kept.extend(events.into_iter().map(|id| (now, id)));
        let surplus = kept.len().saturating_sub(MOST);
        kept.drain(..surplus);
    }

    /// Takes out the events written before `moment`.
    pub fn take_before(&self, moment: Instant) -> Vec<Uuid> {
        let mut kept = self.lock();
        let count = kept.iter().take_while(|(written, _)| *written < moment).count();
        kept.drain(..count).map(|(_, id)| id).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Instant, Uuid)>> {
        // The ids stay usable even if a thread panicked while it held the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{MOST, Unsealed};
    use crate::values::Instant;

    #[test]
    fn events_are_taken_once_and_their_number_is_bounded() {
        let (unsealed, ids) = (Unsealed::default(), [Uuid::now_v7(), Uuid::now_v7()]);
        let at = |second: &str| format!("2026-11-24T10:00:0{second}Z").parse::<Instant>().unwrap();
        unsealed.note([ids[0]], at("0"));
        unsealed.note([ids[1]], at("2"));
        assert!(unsealed.take_before(at("0")).is_empty());
        assert_eq!(unsealed.take_before(at("1")), [ids[0]]);
        assert_eq!(unsealed.take_before(at("3")), [ids[1]]);
        unsealed.note((0..MOST + 7).map(|_| ids[0]), at("3"));
        assert_eq!(unsealed.take_before(at("4")).len(), MOST);
    }
}
