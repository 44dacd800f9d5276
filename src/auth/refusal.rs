//! A refused sign-in or other proof of identity: the answer, and what the audit log says, which may be more.

use crate::{
    audit::Journal,
    db::Db,
    error::{Error, ProblemType, Result},
};

/// A refusal, with its cause for the audit log alone.
pub struct Refusal {
    error: Error,
    cause: Option<&'static str>,
}

impl Refusal {
    /// The password is wrong, or the account has no password.
    pub fn of_password(error: Error) -> Self {
        Self { error, cause: Some("wrong_password") }
    }

    /// The password is right, the code of the second factor is not.
    pub fn of_code(error: Error) -> Self {
        Self { error, cause: Some("wrong_code") }
    }

    /// Records that `action` was refused to `account`, and returns the error to answer with.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn told(self, journal: &Journal, db: &Db, action: &'static str, account: &str) -> Result<Error> {
        if let Some(cause) = self.cause {
            journal.proof_refused(db, action, account, cause).await?;
        }
        Ok(self.error)
    }
}

impl From<Error> for Refusal {
    /// Throttling is recorded. Other errors are not, since nothing was decided.
    fn from(error: Error) -> Self {
        let cause = (error.problem() == ProblemType::TooManyRequests).then_some("throttled");
        Self { error, cause }
    }
}
