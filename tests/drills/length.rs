//! How much of a drill is done.

use std::time::Duration;

/// Whether all that is demanded is done, and not a short form of it.
pub fn is_long() -> bool {
    std::env::var_os("LIAISON_DRILLS").is_some_and(|length| length == "long")
}

/// The one that fits the length of the drills.
pub fn of<T>(short: T, long: T) -> T {
    if is_long() { long } else { short }
}

/// What the machine itself may add to a time: the short drills share it with all other tests, the long ones are run alone.
pub fn slack() -> Duration {
    of(Duration::from_secs(1), Duration::ZERO)
}
