//! What a contact is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::consent::{self, Consent};
pub use crate::clients::ContactId;
use crate::{
    access::{Belongs, Owned, TeamId, UserId},
    clients::{ClientId, Messenger},
    db::{Jsonb, schema::contacts, stored_as_text},
    error::{Error, FieldError, Result},
    list::{Sort, Words, search},
    values::{
        Email, Entity, Instant, Invalid, Line, Phone, Resource,
        patch::{self, change},
    },
};

/// Most messengers of one contact.
const MAX_MESSENGERS: usize = 10;

/// A person at a client.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = contacts, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = ContactFields)]
pub struct Contact {
    /// Identifier.
    pub id: ContactId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the contact was created.
    pub created_at: Instant,
    /// When the contact was last changed.
    pub updated_at: Instant,
    /// The client that the person is at.
    pub client_id: ClientId,
    /// Who works with the client.
    pub owner_id: UserId,
    /// The owner's team.
    pub team_id: TeamId,
    /// Whether the client is designated as key.
    pub is_key: bool,
    /// The person's name.
    pub name: Line,
    /// The person's position.
    pub job_title: Option<Line>,
    /// What part the person has in the client's decisions.
    pub decision_role: Option<DecisionRole>,
    /// The e-mail address.
    pub email: Option<Email>,
    /// The telephone number.
    pub phone: Option<Phone>,
    /// The messengers, at most ten.
    #[schema(value_type = Vec<Messenger>, max_items = 10)]
    pub messengers: Jsonb<Vec<Messenger>>,
    /// Whether the person is the first to turn to; at most one at a client is.
    pub is_primary: bool,
    /// What the person has agreed to, at most fifty.
    #[schema(value_type = Vec<Consent>, max_items = 50)]
    pub consents: Jsonb<Vec<Consent>>,
}

/// What part a person has in a client's decisions.
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
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum DecisionRole {
    /// Decides.
    DecisionMaker,
    /// Is listened to by those who decide.
    Influencer,
    /// Works with what is bought.
    User,
    /// Decides who is let through to the others.
    Gatekeeper,
}
stored_as_text!(DecisionRole);

impl Resource for Contact {
    const NAME: &'static str = "contacts";
}

impl Entity for Contact {
    const PERSONAL: &'static [&'static str] = &["name", "job_title", "email", "phone", "messengers", "consents"];

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

impl Owned for Contact {}

impl Belongs for Contact {
    fn owner(&self) -> UserId {
        self.owner_id
    }

    fn team(&self) -> TeamId {
        self.team_id
    }

    fn is_key(&self) -> bool {
        self.is_key
    }
}

impl Contact {
    /// The rules between fields, at the moment `now`.
    ///
    /// # Errors
    /// 422 with every breach.
    pub fn check(&self, now: Instant) -> Result<()> {
        let mut breaches = consent::breaches(&self.consents.0, now);
        if self.messengers.0.len() > MAX_MESSENGERS {
            breaches.push(FieldError::new("/messengers", Invalid::TooLong(MAX_MESSENGERS)));
        }
        if breaches.is_empty() { Ok(()) } else { Err(Error::fields(breaches)) }
    }
}

/// A contact to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "name": "Maria Anders",
    "job_title": "Head of purchasing", "decision_role": "decision_maker", "email": "maria@romashka.example", "phone": "+74951234567",
    "messengers": [{"kind": "telegram", "handle": "@maria"}], "is_primary": true,
    "consents": [{"channel": "email", "purpose": "marketing", "given_at": "2026-11-20T09:30:00Z", "source": "web form"}]}))]
pub struct NewContact {
    /// The client that the person is at.
    pub client_id: ClientId,
    /// The person's name.
    pub name: Line,
    /// The person's position.
    pub job_title: Option<Line>,
    /// What part the person has in the client's decisions.
    pub decision_role: Option<DecisionRole>,
    /// The e-mail address.
    pub email: Option<Email>,
    /// The telephone number.
    pub phone: Option<Phone>,
    /// The messengers, at most ten.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub messengers: Vec<Messenger>,
    /// Whether the person is the first to turn to; the one who was so before no longer is.
    #[serde(default)]
    #[schema(default = false)]
    pub is_primary: bool,
    /// What the person has agreed to, at most fifty.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub consents: Vec<Consent>,
}

/// What of a contact to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"job_title": "Managing director", "is_primary": true}))]
pub struct ContactPatch {
    /// The person's name.
    #[serde(deserialize_with = "patch::set")]
    #[schema(nullable = false)]
    pub name: Option<Line>,
    /// The person's position.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Line>)]
    pub job_title: Option<Option<Line>>,
    /// What part the person has in the client's decisions.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<DecisionRole>)]
    pub decision_role: Option<Option<DecisionRole>>,
    /// The e-mail address.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Email>)]
    pub email: Option<Option<Email>>,
    /// The telephone number.
    #[serde(deserialize_with = "patch::set_or_clear")]
    #[schema(value_type = Option<Phone>)]
    pub phone: Option<Option<Phone>>,
    /// The messengers, at most ten; they replace those before.
    #[serde(deserialize_with = "patch::set")]
    #[schema(nullable = false, max_items = 10)]
    pub messengers: Option<Vec<Messenger>>,
    /// Whether the person is the first to turn to; the one who was so before no longer is.
    #[serde(deserialize_with = "patch::set")]
    #[schema(nullable = false)]
    pub is_primary: Option<bool>,
    /// What the person has agreed to, at most fifty; they replace those before.
    #[serde(deserialize_with = "patch::set")]
    #[schema(nullable = false, max_items = 50)]
    pub consents: Option<Vec<Consent>>,
}

impl ContactPatch {
    /// Puts what the patch says into `contact`.
    pub fn apply(self, contact: &mut Contact) {
        change(&mut contact.name, self.name);
        change(&mut contact.job_title, self.job_title);
        change(&mut contact.decision_role, self.decision_role);
        change(&mut contact.email, self.email);
        change(&mut contact.phone, self.phone);
        change(&mut contact.messengers, self.messengers.map(Jsonb));
        change(&mut contact.is_primary, self.is_primary);
        change(&mut contact.consents, self.consents.map(Jsonb));
    }
}

/// Which contacts to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ContactFilter {
    /// Only contacts at one of these clients.
    #[param(inline)]
    pub client_id: Vec<ClientId>,
    /// Only contacts at clients of one of these owners.
    #[param(inline)]
    pub owner_id: Vec<UserId>,
    /// Only contacts with one of these parts in decisions.
    #[param(inline)]
    pub decision_role: Vec<DecisionRole>,
    /// Only the first to turn to, or only others.
    pub is_primary: Option<bool>,
    /// Only contacts changed at or after this moment.
    #[param(inline)]
    pub updated_at_from: Option<Instant>,
    /// Only contacts changed before this moment.
    #[param(inline)]
    pub updated_at_to: Option<Instant>,
    /// Every word must occur in the name, the position, the e-mail address or the telephone number. Best matches first,
    /// unless `sort` says otherwise.
    #[param(inline)]
    pub q: Option<search::Words>,
    /// The order; `-updated_at` when left out.
    #[param(inline)]
    pub sort: Option<ContactOrder>,
    /// Related resources to put in, separated by commas.
    #[param(inline)]
    pub include: ContactIncludes,
}

/// How to answer one contact.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ContactParams {
    /// Related resources to put in, separated by commas.
    #[param(inline)]
    pub include: ContactIncludes,
    /// Only these fields, separated by commas.
    #[param(max_length = 1000)]
    pub fields: Option<String>,
}

/// The order of a list of contacts.
pub type ContactOrder = Sort<ContactSort>;

/// What contacts can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ContactSort {
    /// The person's name.
    Name,
    /// When the contact was last changed.
    UpdatedAt,
}

/// What to put into a contact.
pub type ContactIncludes = Words<ContactInclude>;

/// What can be put into a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ContactInclude {
    /// The client that the person is at.
    Client,
}
