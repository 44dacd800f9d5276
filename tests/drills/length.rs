//! Whether drills run in their short or long form.

use std::time::Duration;

/// Whether drills run in full length, not in their short form.
pub fn is_long() -> bool {
    std::env::var_os("LIAISON_DRILLS").is_some_and(|length| length == "long")
}

/// The value for the length of the drills.
pub fn of<T>(short: T, long: T) -> T {
    if is_long() { long } else { short }
}

/// How much the machine itself may add to a time: short drills share it with all other tests, long ones run alone.
pub fn slack() -> Duration {
    of(Duration::from_secs(1), Duration::ZERO)
}
