//! Made-up clients in any number, for trials and measurements: Russian and English companies and persons with their contacts, of
//! whom a stated share is entered twice. The same seed makes the same clients.

mod again;
mod dice;
mod load;
mod made;
mod names;
mod numbers;
mod truth;
mod words;

use std::{fmt, str::FromStr};

pub use load::{MOST, load};
pub use made::Plan;

/// A share of a whole, such as `2%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(f64);

impl Share {
    /// The share from 0 to 1.
    pub fn part(self) -> f64 {
        self.0
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim().trim_end_matches('%').trim_end().parse::<f64>().ok();
        let share = number.filter(|percent| (0.0..=100.0).contains(percent)).map(|percent| Self(percent / 100.0));
        share.ok_or_else(|| "give a percentage from 0% to 100%".to_owned())
    }
}

impl fmt::Display for Share {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}%", self.0 * 100.0)
    }
}
