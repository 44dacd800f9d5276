//! Limits log lines that would otherwise come by the thousand just when the server is overloaded.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The least time between two lines.
const APART: Duration = Duration::from_secs(1);

/// Lets through one line a second, and counts the lines that it holds back.
#[derive(Debug, Default)]
pub struct Sparing(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    last: Option<Instant>,
    held_back: u64,
}

impl Sparing {
    /// How many lines were held back since the last one, if a line may be written `now`. `None` means that this line is
    /// held back, too.
    pub fn take(&self, now: Instant) -> Option<u64> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.last.is_some_and(|last| now.saturating_duration_since(last) < APART) {
            lines.held_back += 1;
            return None;
        }
        lines.last = Some(now);
        Some(std::mem::take(&mut lines.held_back))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Sparing;

    #[test]
    fn one_line_a_second_tells_how_many_it_stands_for() {
        let (lines, begin) = (Sparing::default(), Instant::now());
        let at = |ms| lines.take(begin + Duration::from_millis(ms));
        assert_eq!(at(0), Some(0));
        assert_eq!(at(1), None);
        assert_eq!(at(999), None);
        assert_eq!(at(1000), Some(2));
        assert_eq!(at(1500), None);
        assert_eq!(at(5000), Some(1));
        assert_eq!(at(6000), Some(0));
    }
}
