//! The life of an interaction: planned → done, cancelled or missed.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumIter, EnumString, IntoEnumIterator, IntoStaticStr, VariantNames};
use utoipa::ToSchema;

use crate::{
    db::stored_as_text,
    error::{Error, Result},
};

/// How far an interaction has come.
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
pub enum InteractionStatus {
    /// To take place: a task.
    Planned,
    /// Took place.
    Done,
    /// Called off.
    Cancelled,
    /// Its time passed and it did not take place.
    Missed,
}
stored_as_text!(InteractionStatus);

/// A step from one status to another. Its name is the verb of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, IntoStaticStr, EnumIter)]
#[strum(serialize_all = "kebab-case")]
pub enum Transition {
    /// It took place.
    Complete,
    /// It is to take place at another time.
    Reschedule,
    /// It is called off.
    Cancel,
    /// Its time passed and it did not take place.
    Miss,
}

impl Transition {
    /// Where the step leads from `status`; `None` where it is not possible. `passed` is whether the planned time is
    /// over.
    pub fn target(self, status: InteractionStatus, passed: bool) -> Option<InteractionStatus> {
        use InteractionStatus::{Cancelled, Done, Missed, Planned};
        match (self, status) {
            (Self::Complete, Planned) => Some(Done),
            (Self::Reschedule, Planned) => Some(Planned),
            (Self::Cancel, Planned) => Some(Cancelled),
            (Self::Miss, Planned) if passed => Some(Missed),
            _ => None,
        }
    }

    /// The name of the step in the audit log and in events.
    pub fn done(self) -> &'static str {
        match self {
            Self::Complete => "completed",
            Self::Reschedule => "rescheduled",
            Self::Cancel => "cancelled",
            Self::Miss => "missed",
        }
    }

    /// The steps possible from `status`.
    pub fn possible(status: InteractionStatus, passed: bool) -> Vec<Self> {
        Self::iter().filter(|step| step.target(status, passed).is_some()).collect()
    }

    /// Where the step leads.
    ///
    /// # Errors
    /// 409 with the state and the steps that are possible.
    pub fn apply(self, status: InteractionStatus, passed: bool) -> Result<InteractionStatus> {
        self.target(status, passed).ok_or_else(|| {
            let possible = Self::possible(status, passed);
            let names: Vec<&str> = possible.iter().map(AsRef::as_ref).collect();
            Error::transition(status.as_ref(), &names)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};
    use strum::IntoEnumIterator;

    use super::{InteractionStatus, Transition};

    /// Every step from every status, before and after its time: complete, reschedule, cancel, miss.
    const TABLE: &str = "
        planned    before  done  planned  cancelled  -
        planned    after   done  planned  cancelled  missed
        done       before  -     -        -          -
        done       after   -     -        -          -
        cancelled  before  -     -        -          -
        cancelled  after   -     -        -          -
        missed     before  -     -        -          -
        missed     after   -     -        -          -";

    #[test]
    fn each_step_leads_where_the_table_says() {
        let mut cells = TABLE.split_whitespace();
        for status in InteractionStatus::iter() {
            for (when, passed) in [("before", false), ("after", true)] {
                assert_eq!((cells.next(), cells.next()), (Some(status.as_ref()), Some(when)));
                for step in Transition::iter() {
                    let target = step.target(status, passed);
                    assert_eq!(cells.next(), Some(target.as_ref().map_or("-", AsRef::as_ref)), "{status:?} {step:?}");
                }
            }
        }
        assert_eq!(cells.next(), None);
    }

    fn steps() -> impl Strategy<Value = Vec<(Transition, bool)>> {
        proptest::collection::vec((select(Transition::iter().collect::<Vec<_>>()), any::<bool>()), 0..20)
    }

    proptest! {
        /// Whatever is tried, in whatever order: a step is taken only when it was offered, and no step leaves a final
        /// status.
        #[test]
        fn what_is_over_stays_as_it_is(steps in steps()) {
            let mut status = InteractionStatus::Planned;
            for (step, passed) in steps {
                let offered = Transition::possible(status, passed).contains(&step);
                let taken = step.apply(status, passed);
                prop_assert_eq!(taken.is_ok(), offered);
                prop_assert!(taken.is_err() || status == InteractionStatus::Planned);
                status = taken.unwrap_or(status);
            }
        }
    }
}
