//! The SQLSTATE of an error of the database. The driver knows it, but Diesel's error has only its text, in whatever
//! language the server speaks. So each connection tells here which text came with which SQLSTATE.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

/// The most texts that are kept. A server has a dozen of them; some, such as that of a full disk, name a file.
const MOST: usize = 256;

static HEARD: LazyLock<Mutex<HashMap<String, Trouble>>> = LazyLock::new(Mutex::default);

/// What an error of the database means for the caller, when it is neither the caller's fault nor ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Two transactions were in each other's way.
    Collision,
    /// A statement took too long, or waited too long for a lock.
    Slow,
    /// The database is ending, starting, short of something, or takes no changes.
    Away,
}

impl Trouble {
    /// The trouble of an SQLSTATE (Postgres' appendix A).
    fn of(code: &str) -> Option<Self> {
        match code {
            // serialization_failure, deadlock_detected
            "40001" | "40P01" => Some(Self::Collision),
            // query_canceled, lock_not_available, idle_in_transaction_session_timeout, transaction_timeout
            "57014" | "55P03" | "25P03" | "25P04" => Some(Self::Slow),
            // read_only_sql_transaction
            "25006" => Some(Self::Away),
            // Classes: connection exception, insufficient resources, operator intervention.
            _ if code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") => Some(Self::Away),
            _ => None,
        }
    }
}

/// Notes that a server sent `text` with this SQLSTATE.
pub(crate) fn heard(code: &str, text: &str) {
    let Some(trouble) = Trouble::of(code) else { return };
    let mut all = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= MOST {
        all.clear();
    }
    all.insert(text.to_owned(), trouble);
}

/// The trouble that came with this text.
pub(super) fn trouble(text: &str) -> Option<Trouble> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner).get(text).copied()
}

#[cfg(test)]
mod tests {
    use super::{Trouble, heard, trouble};

    #[test]
    fn the_code_decides_and_not_the_language() {
        heard("40P01", "обнаружена взаимоблокировка");
        heard("57014", "annulation de la requête à cause du délai écoulé");
        heard("42601", "deadlock detected");
        assert_eq!(trouble("обнаружена взаимоблокировка"), Some(Trouble::Collision));
        assert_eq!(trouble("annulation de la requête à cause du délai écoulé"), Some(Trouble::Slow));
        assert_eq!(trouble("deadlock detected"), None, "a syntax error is ours, whatever its text");
    }

    #[test]
    fn whole_classes_mean_that_the_database_is_away() {
        for code in ["57P01", "57P02", "57P03", "57P05", "53100", "53300", "08006", "25006"] {
            assert_eq!(Trouble::of(code), Some(Trouble::Away), "{code}");
        }
        for code in ["23505", "42P01", "22003", "P0001", "XX000"] {
            assert_eq!(Trouble::of(code), None, "{code}");
        }
    }
}
