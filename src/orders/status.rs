//! The life of an order: draft → submitted → approved | rejected → handed over → accepted → in progress → fulfilled →
//! closed, and cancelled.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumIter, EnumString, IntoEnumIterator, IntoStaticStr, VariantNames};
use utoipa::ToSchema;

use crate::{
    db::stored_as_text,
    error::{Error, Result},
};

/// How far an order is.
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
pub enum OrderStatus {
    /// Being written; the only status in which its lines can be changed.
    Draft,
    /// Waits for approval.
    Submitted,
    /// Can be handed to a department.
    Approved,
    /// Not approved; can be reopened.
    Rejected,
    /// In a department's queue.
    HandedOver,
    /// The department has taken it on.
    Accepted,
    /// The department works on it.
    InProgress,
    /// Everything is delivered.
    Fulfilled,
    /// Settled; nothing remains to be done.
    Closed,
    /// Will not be fulfilled.
    Cancelled,
}
stored_as_text!(OrderStatus);

impl OrderStatus {
    /// Whether something about the order can still be changed: all of a draft, and how it is executed until it is.
    pub fn can_be_changed(self) -> bool {
        matches!(self, Self::Draft | Self::Approved | Self::HandedOver | Self::Accepted | Self::InProgress)
    }

    /// Whether the order is in a department's queue.
    pub fn is_queued(self) -> bool {
        matches!(self, Self::HandedOver | Self::Accepted | Self::InProgress)
    }

    /// Whether everything was delivered.
    pub fn is_executed(self) -> bool {
        matches!(self, Self::Fulfilled | Self::Closed)
    }

    /// Whether nothing comes of the order.
    pub fn is_void(self) -> bool {
        matches!(self, Self::Rejected | Self::Cancelled)
    }
}

/// A step from one status to another. Its name is the verb of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, IntoStaticStr, EnumIter)]
#[strum(serialize_all = "kebab-case")]
pub enum Transition {
    /// The draft is ready.
    Submit,
    /// Who submitted it takes it back.
    Withdraw,
    /// It may be executed.
    Approve,
    /// It may not be executed.
    Reject,
    /// A rejected order becomes a draft again.
    Reopen,
    /// A department is to execute it. A draft is submitted first.
    HandOver,
    /// The department wants to know something first.
    Ask,
    /// It is told.
    Answer,
    /// The department takes it on.
    Accept,
    /// The department begins.
    Start,
    /// Something is delivered.
    Fulfil,
    /// A delivery was noted wrongly.
    Correct,
    /// Goods come back from the client.
    TakeBack,
    /// The department gives it back.
    Return,
    /// It is settled.
    Close,
    /// It will not be executed.
    Cancel,
    /// It shall not be executed, though the department works on it.
    RequestCancellation,
    /// The department agrees.
    ConfirmCancellation,
    /// The department goes on.
    DeclineCancellation,
}

impl Transition {
    /// Where the step leads from `status`; `None` where it is not possible. Two steps can lead to two statuses, and
    /// `whole` chooses the further one: a submitted order needs no approval, or a fulfilment leaves nothing to deliver.
    #[expect(clippy::match_same_arms, reason = "one arm for each step, in their order")]
    pub fn target(self, status: OrderStatus, whole: bool) -> Option<OrderStatus> {
        use OrderStatus::{
            Accepted, Approved, Cancelled, Closed, Draft, Fulfilled, HandedOver, InProgress, Rejected, Submitted,
        };
        match (self, status) {
            (Self::Submit, Draft) => Some(if whole { Approved } else { Submitted }),
            (Self::Withdraw, Submitted) => Some(Draft),
            (Self::Approve, Submitted) => Some(Approved),
            (Self::Reject, Submitted) => Some(Rejected),
            (Self::Reopen, Rejected) => Some(Draft),
            (Self::HandOver, Draft | Approved) => Some(HandedOver),
            (Self::Ask | Self::Answer, HandedOver | Accepted | InProgress) => Some(status),
            (Self::Accept, HandedOver) => Some(Accepted),
            (Self::Start, Accepted) => Some(InProgress),
            (Self::Fulfil, Accepted | InProgress) => Some(if whole { Fulfilled } else { InProgress }),
            (Self::Correct, InProgress | Fulfilled) => Some(if whole { Fulfilled } else { InProgress }),
            (Self::TakeBack, InProgress | Fulfilled | Closed | Cancelled) => Some(status),
            (Self::Return, HandedOver | Accepted | InProgress) => Some(Approved),
            (Self::Close, Fulfilled) => Some(Closed),
            (Self::Cancel, Draft | Submitted | Approved | Rejected | HandedOver) => Some(Cancelled),
            (Self::RequestCancellation | Self::DeclineCancellation, Accepted | InProgress) => Some(status),
            (Self::ConfirmCancellation, Accepted | InProgress) => Some(Cancelled),
            _ => None,
        }
    }

    /// Whether the step begins business with the client, which must then be neither lost nor archived.
    pub fn begins_business(self) -> bool {
        matches!(self, Self::Submit | Self::Approve | Self::HandOver)
    }

    /// The name of the step in the history, in the audit log and in events.
    pub fn done(self) -> &'static str {
        match self {
            Self::Submit => "submitted",
            Self::Withdraw => "withdrawn",
            Self::Approve => "approved",
            Self::Reject => "rejected",
            Self::Reopen => "reopened",
            Self::HandOver => "handed_over",
            Self::Ask => "asked",
            Self::Answer => "answered",
            Self::Accept => "accepted",
            Self::Start => "started",
            Self::Fulfil => "fulfilled",
            Self::Correct => "corrected",
            Self::TakeBack => "taken_back",
            Self::Return => "returned",
            Self::Close => "closed",
            Self::Cancel | Self::ConfirmCancellation => "cancelled",
            Self::RequestCancellation => "cancellation_requested",
            Self::DeclineCancellation => "cancellation_declined",
        }
    }

    /// The steps possible from `status`.
    pub fn possible(status: OrderStatus) -> impl Iterator<Item = Self> {
        Self::iter().filter(move |step| step.target(status, true).is_some())
    }

    /// Where the step leads.
    ///
    /// # Errors
    /// 409 with the state and the steps that are possible.
    pub fn apply(self, status: OrderStatus, whole: bool) -> Result<OrderStatus> {
        self.target(status, whole).ok_or_else(|| refusal(status))
    }
}

/// The refusal of a step that `status` does not allow.
pub fn refusal(status: OrderStatus) -> Error {
    let names: Vec<&str> = Transition::possible(status).map(Into::into).collect();
    Error::transition(status.as_ref(), &names)
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::{OrderStatus, Transition};
    use crate::{clients::under_way, departments::QUEUED};

    /// Every step from every status: the row's status, then submit, withdraw, approve, reject, reopen, hand over, ask, answer,
    /// accept, start, fulfil, correct, take back, return, close, cancel, request, confirm and decline a cancellation. After a `|`
    /// stands where the step leads when it is not whole.
    const TABLE: &str = "
        draft       approved|submitted - - - - handed_over - - - - - - - - - cancelled - - -
        submitted   - draft approved rejected - - - - - - - - - - - cancelled - - -
        approved    - - - - - handed_over - - - - - - - - - cancelled - - -
        rejected    - - - - draft - - - - - - - - - - cancelled - - -
        handed_over - - - - - - handed_over handed_over accepted - - - - approved - cancelled - - -
        accepted    - - - - - - accepted accepted - in_progress fulfilled|in_progress - - approved - - accepted cancelled accepted
        in_progress - - - - - - in_progress in_progress - - fulfilled|in_progress fulfilled|in_progress in_progress approved - -
                    in_progress cancelled in_progress
        fulfilled   - - - - - - - - - - - fulfilled|in_progress fulfilled - closed - - - -
        closed      - - - - - - - - - - - - closed - - - - - -
        cancelled   - - - - - - - - - - - - cancelled - - - - - -";

    #[test]
    fn each_step_leads_where_the_table_says() {
        let mut rows = TABLE.split_whitespace();
        for status in OrderStatus::iter() {
            assert_eq!(rows.next(), Some(status.as_ref()));
            for step in Transition::iter() {
                let name = |whole| step.target(status, whole).map_or("-".to_owned(), |to| to.as_ref().to_owned());
                let (whole, part) = (name(true), name(false));
                let both = if whole == part { whole } else { format!("{whole}|{part}") };
                assert_eq!(rows.next(), Some(both.as_str()), "{status:?} {step:?}");
            }
        }
        assert_eq!(rows.next(), None);
    }

    #[test]
    fn what_is_under_way_can_be_cancelled_and_has_left_its_author() {
        for status in OrderStatus::iter() {
            let cancelled = [Transition::Cancel, Transition::ConfirmCancellation]
                .iter()
                .any(|step| step.target(status, true).is_some());
            let with_author = matches!(status, OrderStatus::Draft | OrderStatus::Rejected);
            let under_way = under_way::ORDERS.contains(&format!("'{}'", status.as_ref()));
            assert_eq!(under_way, cancelled && !with_author, "{status:?}");
        }
    }

    #[test]
    fn queued_is_what_a_department_can_return() {
        for status in OrderStatus::iter() {
            let queued = QUEUED.contains(&format!("'{}'", status.as_ref()));
            assert_eq!(queued, Transition::Return.target(status, true).is_some(), "{status:?}");
        }
    }
}
