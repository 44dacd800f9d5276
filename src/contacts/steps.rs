//! A person leaves the client, and comes back.

use serde::Deserialize;
use strum::{AsRefStr, IntoStaticStr};
use utoipa::ToSchema;

use super::{
    model::Contact,
    queries,
    view::{ContactView, changed},
};
use crate::{
    access::Update,
    change::{self, AnyStep, Reason, Tx},
    error::{Error, Result},
    http::{Routes, StepText},
    values::{Instant, Text},
};

type Step = change::Step<Contact, Transition, Update>;

const RETIRE: Step = Step::new(Transition::Retire);
const RESTORE: Step = Step::new(Transition::Restore);

/// The steps that callers take, each with the right that it needs.
pub const STEPS: [AnyStep<Contact, Transition>; 2] = [RETIRE.any(), RESTORE.any()];

/// A step of a contact. Its name is the verb of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Transition {
    /// The person left the client.
    Retire,
    /// The person is at the client again.
    Restore,
}

impl Transition {
    /// Whether the step is possible with `contact`.
    pub fn is_possible(self, contact: &Contact) -> bool {
        (self == Self::Retire) == contact.retired_at.is_none()
    }

    /// Refuses the step where it is not possible.
    ///
    /// # Errors
    /// 409 with the state and the step that is possible.
    pub fn check(self, contact: &Contact) -> Result<()> {
        match (self.is_possible(contact), self) {
            (true, _) => Ok(()),
            (false, Self::Retire) => Err(Error::transition("retired", &[Self::Restore.as_ref()])),
            (false, Self::Restore) => Err(Error::transition("active", &[Self::Retire.as_ref()])),
        }
    }
}

/// When and why a person left.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ContactRetirement, example = json!({"retired_at": "2026-11-20T09:00:00Z", "reason": "Works elsewhere now"}))]
pub struct Retirement {
    /// When the person left, not in the future; now when left out.
    pub retired_at: Option<Instant>,
    /// Why; kept in the history.
    pub reason: Option<Text<1000>>,
}

const RETIRED: StepText = StepText {
    id: "retire_contact",
    summary: "Retire a contact",
    description: "The person has left the client: they are listed only when asked for, are no longer primary, the client is no \
                  longer found by them, and nothing is planned with them any more. They stay in the history. What is planned \
                  with them already stays, to be given to another contact or called off. Use it in place of deletion.",
};

const RESTORED: StepText = StepText {
    id: "restore_contact",
    summary: "Restore a contact",
    description: "The person is at the client again. Use it when they come back, or were retired by mistake.",
};

/// The operations that are steps.
pub fn routes(api: &mut Routes) {
    let retired = RETIRE.endpoint(RETIRED, async |tx, scope, id, seen, retirement: Retirement| {
        let Retirement { retired_at, reason } = retirement;
        let contact = queries::retire(tx, scope, id.uuid().into(), seen, retired_at).await?;
        told(tx, contact, &Reason { reason }).await
    });
    let restored = RESTORE.endpoint(RESTORED, async |tx, scope, id, seen, reason: Reason| {
        let contact = queries::restore(tx, scope, id.uuid().into(), seen).await?;
        told(tx, contact, &reason).await
    });
    api.add("contacts", [retired, restored]);
}

async fn told(tx: &mut Tx<'_>, contact: Contact, reason: &Reason) -> Result<ContactView> {
    reason.record(tx);
    changed(tx, contact).await
}
