//! What an interaction is.

use chrono::Duration;
use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    kinds::{Channel, Direction, Outcome, Purpose},
    status::InteractionStatus,
};
use crate::{
    access::{Belongs, Owned, Ownership, TeamId, UserId},
    clients::ClientId,
    contacts::ContactId,
    contracts::ContractId,
    custom::{Custom, CustomResource, CustomValues, Given},
    db::{Jsonb, schema::interactions},
    error::FieldError,
    external_ids::{self, ExternalId},
    http::{Parts, Patch, PatchText, Terms},
    orders::OrderId,
    values::{Entity, Id, Instant, Invalid, Line, Prose, Resource, Say, Text, bounds},
};

/// Longest interaction: a week.
const MAX_DURATION_SECONDS: i32 = 7 * 86_400;

/// How far another clock may be ahead of ours.
const CLOCK_SKEW: Duration = Duration::minutes(5);

/// An interaction's identifier.
pub type InteractionId = Id<Interaction>;

/// Something that passes between the company and a client.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = interactions, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = InteractionFields)]
pub struct Interaction {
    /// Identifier.
    pub id: InteractionId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the interaction was created.
    pub created_at: Instant,
    /// When the interaction was last changed.
    pub updated_at: Instant,
    /// With which client.
    pub client_id: ClientId,
    /// Who works with the client.
    pub owner_id: UserId,
    /// The owner's team.
    pub team_id: TeamId,
    /// Whether the client is designated as key.
    pub is_key: bool,
    /// Who does it, or did it.
    pub user_id: UserId,
    /// How far it has come; changed by transitions.
    pub status: InteractionStatus,
    /// When it is planned for; `null` when it was never planned.
    pub scheduled_at: Option<Instant>,
    /// When it took place; `null` until it has.
    pub occurred_at: Option<Instant>,
    /// The earlier interaction along with which this one was planned.
    pub follows_id: Option<InteractionId>,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: InteractionTerms,
}

/// The fields of an interaction that callers write.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = interactions, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
pub struct InteractionTerms {
    /// With whom at the client.
    pub contact_id: Option<ContactId>,
    /// By what means.
    pub channel: Channel,
    /// From which side. A new one is `outbound` unless it says otherwise.
    #[serde(default)]
    pub direction: Direction,
    /// What for.
    pub purpose: Purpose,
    /// How long it took, or is planned to take.
    #[schema(minimum = 0, maximum = 604_800)]
    pub duration_seconds: Option<i32>,
    /// Personal: What it is about.
    pub subject: Line,
    /// Personal: What was said, or what is to be said.
    pub summary: Option<Prose>,
    /// How it came out; only for an interaction that took place.
    pub outcome: Option<Outcome>,
    /// The contract that it is about; of the same client.
    pub contract_id: Option<ContractId>,
    /// The order that it is about; of the same client.
    pub order_id: Option<OrderId>,
    /// Personal: The values of the organisation's own fields, by their names.
    #[serde(default)]
    #[schema(value_type = CustomValues)]
    pub custom_fields: Jsonb<CustomValues>,
    /// Business: The ids by which other systems know the interaction, at most twenty. Each is unique in its source.
    #[serde(default, deserialize_with = "bounds::at_most::<20, _, _, _>")]
    #[schema(value_type = Vec<ExternalId>, max_items = 20)]
    pub external_ids: Jsonb<Vec<ExternalId>>,
}

impl Terms for InteractionTerms {
    const PATCH: PatchText = PatchText {
        name: "InteractionPatch",
        description: "The fields of an interaction to change.",
        example: r#"{"summary": "They agree to 2 %.", "outcome": "positive"}"#,
    };

    fn breaches(&self) -> Vec<FieldError> {
        external_ids::repeated(&self.external_ids.0).collect()
    }
}

impl Resource for Interaction {
    const NAME: &'static str = "interactions";
}

impl Entity for Interaction {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn client(&self) -> Option<Uuid> {
        Some(self.client_id.uuid())
    }
}

impl Custom for Interaction {
    const RESOURCE: CustomResource = CustomResource::Interactions;

    fn given(&self) -> Given<'_> {
        Given { open: &self.terms.custom_fields.0, confidential: None, kind: None, status: Some(self.status.as_ref()) }
    }

    fn values_mut(&mut self) -> &mut CustomValues {
        &mut self.terms.custom_fields.0
    }
}

impl Owned for Interaction {
    const NEWEST: &'static str = "at";
}

impl Belongs for Interaction {
    fn ownership(&self) -> Option<Ownership> {
        Some(Ownership { owner: self.owner_id, team: self.team_id, is_key: self.is_key })
    }
}

impl Interaction {
    /// When it takes or took place, computed as the column `at` is. Lists are ordered by it.
    pub fn at(&self) -> Instant {
        self.occurred_at.or(self.scheduled_at).unwrap_or(self.created_at)
    }

    /// Whether the planned time is over at `now`.
    pub fn has_passed(&self, now: Instant) -> bool {
        self.scheduled_at.is_some_and(|scheduled_at| scheduled_at < now)
    }

    /// Every breach of the rules between fields.
    pub fn breaches(&self, now: Instant) -> Vec<FieldError> {
        let mut breaches = Vec::new();
        match self.terms.duration_seconds {
            Some(seconds) if seconds < 0 => {
                breaches.push(FieldError::new("/duration_seconds", Invalid::TooSmall("0".into())));
            }
            Some(seconds) if seconds > MAX_DURATION_SECONDS => {
                let max = MAX_DURATION_SECONDS.to_string();
                breaches.push(FieldError::new("/duration_seconds", Invalid::TooLarge(max)));
            }
            _ => {}
        }
        if self.occurred_at.is_some_and(|occurred_at| occurred_at > now.after(CLOCK_SKEW)) {
            breaches.push(FieldError::new("/occurred_at", in_the_future()));
        }
        if self.terms.outcome.is_some() && self.status != InteractionStatus::Done {
            breaches.push(FieldError::new("/outcome", wrong_state()));
        }
        breaches
    }
}

fn in_the_future() -> Invalid {
    let say = Say::new(
        "What took place cannot lie in the future. Plan it with scheduled_at.",
        "Состоявшееся не может быть в будущем. Запланируйте его через `scheduled_at`.",
    );
    Invalid::Rule("in_the_future", say)
}

fn wrong_state() -> Invalid {
    let say = Say::new(
        "This value cannot be set while the interaction is in this state.",
        "У взаимодействия в этом состоянии такое значение не задаётся.",
    );
    Invalid::Rule("wrong_state", say)
}

/// An interaction to be logged or planned.
pub type NewInteraction = Parts<InteractionStart, InteractionTerms>;

/// What callers give only when they log or plan an interaction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInteraction, description = "An interaction to be logged or planned.", example = json!({"client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "channel": "phone", "direction": "outbound",
    "purpose": "negotiation", "occurred_at": "2026-11-24T09:00:00Z", "duration_seconds": 540, "subject": "Prices for 2027",
    "summary": "They ask for a discount of 3 %.", "outcome": "positive",
    "next": {"scheduled_at": "2031-12-01T10:00:00Z", "channel": "meeting", "subject": "Sign the price list"}}))]
pub struct InteractionStart {
    /// With which client.
    pub client_id: ClientId,
    /// Who does it, or did it; the caller when left out. It is planned only for a user who can see the client.
    pub user_id: Option<UserId>,
    /// Plans the interaction for this moment. Not together with `occurred_at`.
    pub scheduled_at: Option<Instant>,
    /// When it took place, at most five minutes from now; now when both moments are left out.
    pub occurred_at: Option<Instant>,
    /// The next step, to be planned along with it; not for a planned interaction.
    pub next: Option<NextInteraction>,
}

impl InteractionStart {
    /// Whether it is to be planned. Otherwise it took place.
    pub fn is_planned(&self) -> bool {
        self.scheduled_at.is_some()
    }

    /// Every breach of the rules between the fields that are given.
    pub fn breaches(&self) -> Vec<FieldError> {
        let mut breaches = Vec::new();
        if self.scheduled_at.is_some() && self.occurred_at.is_some() {
            let say = Say::new(
                "Give either scheduled_at, to plan it, or occurred_at, to log it.",
                "Укажите либо `scheduled_at`, чтобы запланировать, либо `occurred_at`, чтобы записать.",
            );
            breaches.push(FieldError::new("/scheduled_at", Invalid::Rule("planned_and_done", say)));
        }
        if self.is_planned() && self.next.is_some() {
            breaches.push(FieldError::new("/next", wrong_state()));
        }
        breaches
    }
}

/// The next step, planned along with what took place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"scheduled_at": "2031-12-01T10:00:00Z", "channel": "meeting", "purpose": "follow_up",
    "subject": "Sign the price list"}))]
pub struct NextInteraction {
    /// When.
    pub scheduled_at: Instant,
    /// By what means; as before when left out.
    pub channel: Option<Channel>,
    /// What for; `follow_up` when left out.
    pub purpose: Option<Purpose>,
    /// What it is about; as before when left out.
    pub subject: Option<Line>,
    /// With whom at the client; as before when left out.
    pub contact_id: Option<ContactId>,
    /// Who is to do it, a user who can see the client; the caller when left out.
    pub user_id: Option<UserId>,
}

/// The fields of an interaction to change.
pub type InteractionPatch = Parts<InteractionMove, Patch<InteractionTerms>>;

/// The fields that only some states of an interaction let callers change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InteractionPatch)]
pub struct InteractionMove {
    /// Who is to do it, a user who can see the client; only for a planned interaction.
    #[serde(default, deserialize_with = "bounds::not_null")]
    #[schema(nullable = false)]
    pub user_id: Option<UserId>,
    /// When it took place, at most five minutes from now; only for an interaction that took place.
    #[serde(default, deserialize_with = "bounds::not_null")]
    #[schema(nullable = false)]
    pub occurred_at: Option<Instant>,
}

impl InteractionMove {
    /// The fields that cannot be changed in `status`. A wrong `outcome` is found by [`Interaction::breaches`].
    pub fn breaches(&self, status: InteractionStatus) -> Vec<FieldError> {
        let mut breaches = Vec::new();
        if self.user_id.is_some() && status != InteractionStatus::Planned {
            breaches.push(FieldError::new("/user_id", wrong_state()));
        }
        if self.occurred_at.is_some() && status != InteractionStatus::Done {
            breaches.push(FieldError::new("/occurred_at", wrong_state()));
        }
        breaches
    }
}

/// How a planned interaction went, and the next step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InteractionCompletion, example = json!({"outcome": "positive", "summary": "They agree to 2 %.", "duration_seconds": 1800,
    "next": {"scheduled_at": "2031-12-01T10:00:00Z", "subject": "Sign the price list"}}))]
pub struct Completion {
    /// How it came out.
    pub outcome: Option<Outcome>,
    /// What was said; as planned when left out.
    pub summary: Option<Prose>,
    /// When it took place, at most five minutes from now; now when left out.
    pub occurred_at: Option<Instant>,
    /// How long it took; as planned when left out.
    #[schema(minimum = 0, maximum = 604_800)]
    pub duration_seconds: Option<i32>,
    /// The next step, to be planned along with it.
    pub next: Option<NextInteraction>,
}

/// Another time for a planned interaction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InteractionRescheduling, example = json!({"scheduled_at": "2031-12-02T10:00:00Z", "reason": "The client asked for it"}))]
pub struct Rescheduling {
    /// The new planned time.
    pub scheduled_at: Instant,
    /// Why; kept in the history.
    pub reason: Option<Text<1000>>,
}
