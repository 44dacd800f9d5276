//! The first words of a server: who signs in, and with which password.

use crate::{demo, setup::FIRST_SUPERVISOR};

/// What the user of a printed password must do first, since somebody else has read the password (ASVS 6.4.1).
pub const MUST_CHANGE: &str = "must choose another at PUT /v1/me/password";

/// The passwords that were made at this start. Each is shown once: when the server serves, or when the program ends
/// before that.
#[derive(Default)]
pub struct Welcome(Vec<String>);

impl Welcome {
    /// The password of the first supervisor, if there was no user before.
    pub fn of(first_password: Option<String>) -> Self {
        let line = |password| {
            format!("The administrator signs in as {FIRST_SUPERVISOR} and {MUST_CHANGE}. The first password {password}")
        };
        Self(first_password.map(line).into_iter().collect())
    }

    /// Adds the users of the demonstration company, who come first, as most people want to try those.
    pub fn add_demo(&mut self, password: &str) {
        let [supervisor, key_account_manager, manager] = demo::EXAMPLES;
        let line = format!(
            "Sign in as {supervisor} (supervisor), {key_account_manager} (key-account manager) or {manager} (manager) with \
             the password {password}"
        );
        self.0.insert(0, line);
    }

    /// Prints what has not been printed yet.
    pub fn print(&mut self) {
        for line in self.0.drain(..) {
            println!("{line}");
        }
    }
}

impl Drop for Welcome {
    fn drop(&mut self) {
        self.print();
    }
}
