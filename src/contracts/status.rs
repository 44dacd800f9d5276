//! The life of a contract: draft → in review → approved → signed → active → completed, expired or terminated.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumIter, EnumString, IntoEnumIterator, IntoStaticStr, VariantNames};
use utoipa::ToSchema;

use crate::{
    db::stored_as_text,
    error::{Error, Result},
};

/// How far a contract has come.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    AsRefStr,
    EnumString,
    VariantNames,
    EnumIter,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum ContractStatus {
    /// Being written; the only status in which it can be edited.
    Draft,
    /// Waits for an approver.
    InReview,
    /// May be signed.
    Approved,
    /// Signed by both sides, not yet in force.
    Signed,
    /// In force.
    Active,
    /// Everything agreed was done; of an amendment, its terms are in the contract.
    Completed,
    /// Its last day is past.
    Expired,
    /// Ended before its last day.
    Terminated,
}
stored_as_text!(ContractStatus);

/// A step from one status to another. Its name is the verb of its address, or what the clock does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, IntoStaticStr, EnumIter)]
#[strum(serialize_all = "kebab-case")]
pub enum Transition {
    /// The draft is ready. It goes to an approver, or is approved at once within the caller's limit.
    Submit,
    /// Someone other than the author and the submitter agrees.
    Approve,
    /// The approver wants it changed.
    Return,
    /// The author's side takes it back.
    Withdraw,
    /// Both sides have signed.
    Sign,
    /// It comes into force on its first day.
    Activate,
    /// The terms of an amendment go into its contract.
    Apply,
    /// It goes on for another term.
    Renew,
    /// Its last day is past.
    Expire,
    /// Everything agreed was done.
    Complete,
    /// It is ended early.
    Terminate,
}

impl Transition {
    /// Where the step leads from `status`; `None` where it is not possible. `cleared` means that the contract needs no
    /// approver.
    pub fn target(self, status: ContractStatus, cleared: bool) -> Option<ContractStatus> {
        use ContractStatus::{Active, Approved, Completed, Draft, Expired, InReview, Signed, Terminated};
        match (self, status) {
            (Self::Submit, Draft) if !cleared => Some(InReview),
            (Self::Submit, Draft) | (Self::Approve, InReview) => Some(Approved),
            (Self::Return, InReview) | (Self::Withdraw, InReview | Approved) => Some(Draft),
            (Self::Sign, Approved) => Some(Signed),
            (Self::Activate, Signed) | (Self::Renew, Active) => Some(Active),
            (Self::Expire, Active) => Some(Expired),
            (Self::Complete, Active) | (Self::Apply, Signed) => Some(Completed),
            (Self::Terminate, Signed | Active) => Some(Terminated),
            _ => None,
        }
    }

    /// Whether the step begins business with the client, which must then be neither lost nor archived.
    pub fn begins_business(self) -> bool {
        matches!(self, Self::Submit | Self::Approve | Self::Sign)
    }

    /// Whether the clock takes the step, and callers never do.
    pub fn is_by_clock(self) -> bool {
        matches!(self, Self::Activate | Self::Apply | Self::Renew | Self::Expire)
    }

    /// The steps that callers can take from `status`.
    pub fn possible(status: ContractStatus) -> Vec<Self> {
        Self::iter().filter(|step| !step.is_by_clock() && step.target(status, false).is_some()).collect()
    }

    /// Where the step leads.
    ///
    /// # Errors
    /// 409 with the state and the steps that are possible.
    pub fn apply(self, status: ContractStatus, cleared: bool) -> Result<ContractStatus> {
        self.target(status, cleared).ok_or_else(|| refused(status))
    }

    /// The name of the step in the history, in the audit log and in events.
    pub fn done(self) -> &'static str {
        match self {
            Self::Submit => "submitted",
            Self::Approve => "approved",
            Self::Return => "returned",
            Self::Withdraw => "withdrawn",
            Self::Sign => "signed",
            Self::Activate => "activated",
            Self::Apply => "applied",
            Self::Renew => "renewed",
            Self::Expire => "expired",
            Self::Complete => "completed",
            Self::Terminate => "terminated",
        }
    }
}

/// The error for a change that `status` does not allow.
pub fn refused(status: ContractStatus) -> Error {
    let possible = Transition::possible(status);
    let names: Vec<&str> = possible.iter().map(AsRef::as_ref).collect();
    Error::transition(status.as_ref(), &names)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::IntoEnumIterator;

    use super::{ContractStatus, Transition};
    use crate::clients::under_way;

    /// Every step from every status: the row's status, then submit, approve, return, withdraw, sign, activate, apply, renew,
    /// expire, complete, terminate.
    const TABLE: &str = "
        draft       in_review  -         -      -      -       -       -          -       -        -          -
        in_review   -          approved  draft  draft  -       -       -          -       -        -          -
        approved    -          -         -      draft  signed  -       -          -       -        -          -
        signed      -          -         -      -      -       active  completed  -       -        -          terminated
        active      -          -         -      -      -       -       -          active  expired  completed  terminated
        completed   -          -         -      -      -       -       -          -       -        -          -
        expired     -          -         -      -      -       -       -          -       -        -          -
        terminated  -          -         -      -      -       -       -          -       -        -          -";

    #[test]
    fn each_step_leads_where_the_table_says() {
        let mut rows = TABLE.split_whitespace();
        for status in ContractStatus::iter() {
            assert_eq!(rows.next(), Some(status.as_ref()));
            for step in Transition::iter() {
                let target = step.target(status, false);
                assert_eq!(rows.next(), Some(target.as_ref().map_or("-", AsRef::as_ref)), "{status:?} {step:?}");
            }
        }
        assert_eq!(rows.next(), None);
    }

    #[test]
    fn only_submission_asks_whether_an_approver_is_needed() {
        for status in ContractStatus::iter() {
            for step in Transition::iter() {
                let expected = match (step, status) {
                    (Transition::Submit, ContractStatus::Draft) => Some(ContractStatus::Approved),
                    _ => step.target(status, false),
                };
                assert_eq!(step.target(status, true), expected, "{status:?} {step:?}");
            }
        }
    }

    #[test]
    fn what_is_under_way_is_no_draft_and_has_not_ended() {
        for status in ContractStatus::iter() {
            let can_go_on = Transition::iter().any(|step| step.target(status, false).is_some());
            let under_way = under_way::CONTRACTS.contains(&format!("'{}'", status.as_ref()));
            assert_eq!(under_way, can_go_on && status != ContractStatus::Draft, "{status:?}");
        }
    }

    proptest! {
        /// Whatever steps are tried, in whatever order: no contract comes into force unsigned, none is signed
        /// unapproved, and one that has ended stays ended.
        #[test]
        fn no_way_leads_around_approval_and_signature(steps in proptest::collection::vec((0_usize..11, any::<bool>()), 0..60)) {
            use ContractStatus::{Active, Approved, Completed, Draft, Expired, InReview, Signed, Terminated};
            let mut status = Draft;
            for (index, cleared) in steps {
                let step = Transition::iter().nth(index).unwrap();
                let Some(next) = step.target(status, cleared) else { continue };
                prop_assert!(!matches!(status, Completed | Expired | Terminated));
                prop_assert!(next != Active || matches!(status, Signed | Active));
                prop_assert!(next != Signed || status == Approved);
                prop_assert!(next != Approved || status == InReview || cleared);
                status = next;
            }
        }
    }
}
