//! How settings are checked: everything that is wrong is reported at once.

use std::fmt;

/// Collects what is wrong, so that one start reports everything.
#[derive(Default)]
pub struct Problems(Vec<String>);

impl Problems {
    /// The value, or `None` after recording what is wrong with `setting`.
    pub fn note<T>(&mut self, setting: &str, result: Result<T, impl fmt::Display>) -> Option<T> {
        result.map_err(|problem| self.0.push(format!("{setting}: {problem}"))).ok()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything that is wrong, one problem per line.
    pub fn told(&self) -> String {
        self.0.join("\n")
    }
}

/// A number from 1 to `max`.
///
/// # Errors
/// When `text` is not such a number.
pub fn count(text: &str, max: usize) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=max).contains(&count) => Ok(count),
        _ => Err(format!("not a number from 1 to {max}")),
    }
}
