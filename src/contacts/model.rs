//! What a contact is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::consent::{self, Consent};
pub use crate::clients::ContactId;
use crate::{
    access::{Belongs, Owned, Ownership, TeamId, UserId},
    clients::{self, ClientId, LabelledEmail, LabelledPhone, Messenger},
    custom::{Custom, CustomResource, CustomValues, Given},
    db::{Jsonb, schema::contacts, stored_as_text},
    error::{Error, FieldError, Result},
    external_ids::{self, ExternalId},
    http::{Parts, Patch, PatchText, Terms},
    list::{CustomFilter, CustomSort, Sort, Words, search},
    values::{Email, Entity, Instant, Invalid, Line, Name, Phone, Resource, Say, Text, bounds},
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
    /// When the person left the client; `null` while they are there.
    pub retired_at: Option<Instant>,
    /// When the personal data was erased. Such a contact is gone for callers.
    #[serde(skip)]
    pub erased_at: Option<Instant>,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: ContactTerms,
}

/// A contact to be created.
pub type NewContact = Parts<ContactStart, ContactTerms>;

/// What callers give only when they create a contact.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewContact, description = "A contact to be created.", example = json!({"client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "name": "Maria Anders",
    "job_title": "Head of purchasing", "decision_role": "decision_maker", "email": "maria@romashka.example", "phone": "+74951234567",
    "messengers": [{"kind": "telegram", "handle": "@maria"}], "is_primary": true,
    "consents": [{"channel": "email", "purpose": "marketing", "given_at": "2026-11-20T09:30:00Z", "source": "web form"}]}))]
pub struct ContactStart {
    /// The client that the person is at.
    pub client_id: ClientId,
}

/// The fields of a contact that callers write.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = contacts, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
pub struct ContactTerms {
    /// Personal: The person's name.
    pub name: Name,
    /// Personal: The person's position.
    pub job_title: Option<Line>,
    /// What part the person has in the client's decisions.
    pub decision_role: Option<DecisionRole>,
    /// Personal: The e-mail address to write to first.
    pub email: Option<Email>,
    /// Personal: Further e-mail addresses, at most ten.
    #[serde(default, deserialize_with = "bounds::at_most::<10, _, _, _>")]
    #[schema(value_type = Vec<LabelledEmail>, max_items = 10)]
    pub other_emails: Jsonb<Vec<LabelledEmail>>,
    /// Personal: The telephone number to call first.
    pub phone: Option<Phone>,
    /// Personal: Further telephone numbers, at most ten.
    #[serde(default, deserialize_with = "bounds::at_most::<10, _, _, _>")]
    #[schema(value_type = Vec<LabelledPhone>, max_items = 10)]
    pub other_phones: Jsonb<Vec<LabelledPhone>>,
    /// Personal: The messengers, at most ten.
    #[serde(default)]
    #[schema(value_type = Vec<Messenger>, max_items = 10)]
    pub messengers: Jsonb<Vec<Messenger>>,
    /// Whether the person is the first to turn to. A client has at most one such contact.
    #[serde(default)]
    #[schema(default = false)]
    pub is_primary: bool,
    /// Personal: The values of the organisation's own fields, by their names.
    #[serde(default)]
    #[schema(value_type = CustomValues)]
    pub custom_fields: Jsonb<CustomValues>,
    /// Personal: What the person has agreed to, at most fifty.
    #[serde(default, deserialize_with = "bounds::at_most::<50, _, _, _>")]
    #[schema(value_type = Vec<Consent>, max_items = 50)]
    pub consents: Jsonb<Vec<Consent>>,
    /// Personal: The ids by which other systems know the contact, at most twenty. Each is unique in its source.
    #[serde(default, deserialize_with = "bounds::at_most::<20, _, _, _>")]
    #[schema(value_type = Vec<ExternalId>, max_items = 20)]
    pub external_ids: Jsonb<Vec<ExternalId>>,
}

impl ContactTerms {
    /// The words by which a client with this contact alone is found. The database writes the same when the contact is entered;
    /// a client that has them from the beginning is not written twice.
    pub fn search_words(&self) -> String {
        let Self { name, email, phone, other_emails, other_phones, messengers, .. } = self;
        let first = [Some(name.as_str()), email.as_ref().map(Email::as_str), phone.as_ref().map(Phone::as_str)];
        let addresses = other_emails.0.iter().map(|other| other.address.as_str());
        let numbers = other_phones.0.iter().map(|other| other.number.as_str());
        let handles = messengers.0.iter().map(|messenger| messenger.handle.as_str());
        let words = first.into_iter().flatten().chain(addresses).chain(numbers).chain(handles);
        search::fold(&words.collect::<Vec<_>>().join(" "))
    }
}

/// The fields of a contact to change.
pub type ContactPatch = Patch<ContactTerms>;

impl Terms for ContactTerms {
    const PATCH: PatchText = PatchText {
        name: "ContactPatch",
        description: "The fields of a contact to change.",
        example: r#"{"job_title": "Managing director", "is_primary": true}"#,
    };

    fn breaches(&self) -> Vec<FieldError> {
        let Self { phone, other_phones, email, other_emails, external_ids, .. } = self;
        let mut breaches = clients::repetitions(phone.as_ref(), &other_phones.0, email.as_ref(), &other_emails.0);
        breaches.extend(external_ids::repeated(&external_ids.0));
        breaches
    }
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
    const CAN_BE_ERASED: bool = true;
}

impl Entity for Contact {
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

impl Custom for Contact {
    const RESOURCE: CustomResource = CustomResource::Contacts;

    fn given(&self) -> Given<'_> {
        Given { open: &self.terms.custom_fields.0, confidential: None, kind: None, status: None }
    }

    fn values_mut(&mut self) -> &mut CustomValues {
        &mut self.terms.custom_fields.0
    }
}

impl Owned for Contact {}

impl Belongs for Contact {
    fn ownership(&self) -> Option<Ownership> {
        Some(Ownership { owner: self.owner_id, team: self.team_id, is_key: self.is_key })
    }
}

impl Contact {
    /// The contact itself, unless its personal data was erased.
    ///
    /// # Errors
    /// 410.
    pub fn unless_erased(self) -> Result<Self> {
        match self.erased_at {
            Some(at) => Err(Error::erased(at)),
            None => Ok(self),
        }
    }

    /// The rules between fields, at the moment `now`.
    ///
    /// # Errors
    /// 422 with every breach.
    pub fn check(&self, now: Instant) -> Result<()> {
        let mut breaches = consent::breaches(&self.terms.consents.0, now);
        if self.terms.messengers.0.len() > MAX_MESSENGERS {
            breaches.push(FieldError::new("/messengers", Invalid::TooLong(MAX_MESSENGERS)));
        }
        if self.retired_at.is_some() && self.terms.is_primary {
            breaches.push(FieldError::new("/is_primary", has_left()));
        }
        if breaches.is_empty() { Ok(()) } else { Err(Error::fields(breaches)) }
    }
}

fn has_left() -> Invalid {
    let say = Say::new(
        "The person has left the client. Restore the contact first.",
        "Человек больше не работает у клиента. Сначала верните контакт.",
    );
    Invalid::Rule("retired_contact", say)
}

/// Which contacts to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ContactFilter {
    /// Only the contacts with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<ContactId>,
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
    /// Only those who have left their clients, or only those who are there. When left out, those who are there, and those whom
    /// `id` names.
    pub is_retired: Option<bool>,
    /// Only contacts that this other system knows.
    #[param(inline)]
    pub external_source: Option<Text<50>>,
    /// Only contacts with this id in another system.
    #[param(inline)]
    pub external_id: Option<Text<100>>,
    /// Only contacts changed at or after this moment.
    #[param(inline)]
    pub updated_at_from: Option<Instant>,
    /// Only contacts changed before this moment.
    #[param(inline)]
    pub updated_at_to: Option<Instant>,
    /// Every word must occur in the name, the position, an e-mail address, a telephone number in any spelling or a messenger, in
    /// any form of the word. When nothing has them all, one wrong letter in each word of five letters or more is forgiven. Best
    /// matches first, a thousand at most, unless `sort` says otherwise.
    #[param(inline)]
    pub q: Option<search::Words>,
    /// Only contacts whose custom fields have such values, at most ten conditions: `beds=120`, and of numbers, amounts and days also
    /// `beds>=100` and `beds<200`. The fields must be indexed.
    #[param(inline)]
    pub custom_field: Vec<CustomFilter>,
    /// The order of a custom field in place of `sort`: its name, with `-` before it for largest first. It must be indexed; contacts
    /// without a value are left out.
    #[param(inline)]
    pub custom_sort: Option<CustomSort>,
    /// The order; `-updated_at` when left out.
    #[param(inline)]
    pub sort: Option<ContactSorting>,
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: ContactIncludes,
}

/// How to answer one contact.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ContactParams {
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: ContactIncludes,
    /// Only these fields; the others are absent then. One parameter each, or all in one, separated by commas.
    #[param(inline, value_type = Option<Vec<String>>, max_items = 100)]
    pub fields: Option<String>,
}

/// The order of a list of contacts.
pub type ContactSorting = Sort<ContactSort>;

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
