//! What a client is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, VariantNames};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    contact_points::{self, LabelledEmail, LabelledPhone, Messenger},
    duplicates::AllowDuplicate,
    status::ClientStatus,
};
use crate::{
    access::{Action, Belongs, Owned, Ownership, TeamId, UserId},
    custom::{Custom, CustomResource, CustomValues, Given},
    db::{Jsonb, stored_as_text, wide::clients},
    error::FieldError,
    external_ids::{self, ExternalId},
    http::{Parts, Patch, PatchText, Terms},
    lost_reasons::LostReasonId,
    values::{
        Amount, BankAccount, CountryCode, Email, Entity, Id, Instant, Invalid, Kpp, LanguageTag, Line, Margin, Name,
        Phone, Prose, RegistrationNumber, Resource, Say, TaxId, Text, TimeZone, Website, bounds, confidential,
    },
};

/// A client's identifier.
pub type ClientId = Id<Client>;

/// An organisation or a person that the company works with.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = clients, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = ClientFields)]
pub struct Client {
    /// Identifier.
    pub id: ClientId,
    /// Grows by one with each change that the caller may see.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the client was created.
    pub created_at: Instant,
    /// When the client was last changed, confidential fields aside.
    pub updated_at: Instant,
    /// Whether the client is an organisation or a person.
    pub kind: Kind,
    /// Where the company stands with the client; changed by transitions.
    pub status: ClientStatus,
    /// Who works with the client; changed by a transfer.
    pub owner_id: UserId,
    /// The owner's team.
    pub team_id: TeamId,
    /// Whether the client is designated as key.
    pub is_key: bool,
    /// When someone last confirmed that the data is right.
    pub last_verified_at: Option<Instant>,
    /// When the last interaction took place.
    pub last_interaction_at: Option<Instant>,
    /// When the next planned interaction is due.
    pub next_interaction_at: Option<Instant>,
    /// The status before the archive.
    pub archived_from: Option<ClientStatus>,
    /// Why the client was lost; `null` once it is active again.
    pub lost_reason_id: Option<LostReasonId>,
    /// When the client was lost; `null` once it is active again.
    pub lost_at: Option<Instant>,
    /// When the personal data was erased. Such a client is gone for callers.
    #[serde(skip)]
    pub erased_at: Option<Instant>,
    /// How many versions changed nothing but confidential fields.
    #[serde(skip)]
    pub hidden_changes: i64,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: ClientTerms,
}

/// A client to be created.
pub type NewClient = Parts<ClientStart, ClientTerms>;

/// What callers give only when they create a client.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewClient, description = "A client to be created.", example = json!({"kind": "organization", "name": "Romashka", "legal_name": "OOO Romashka", "tax_id": "7707083893",
    "phone": "+74951234567", "email": "office@romashka.example", "tags": ["wholesale"]}))]
pub struct ClientStart {
    /// Whether the client is an organisation or a person.
    pub kind: Kind,
    /// Who is to work with the client, a user whose role lets them see their clients; the caller when left out.
    pub owner_id: Option<UserId>,
    /// Create it though it may be entered already.
    pub allow_duplicate: Option<AllowDuplicate>,
}

/// The fields of a client that callers write.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = clients, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
pub struct ClientTerms {
    /// Personal: What the client is called.
    pub name: Name,
    /// Personal: The name in the register of companies.
    pub legal_name: Option<Line>,
    /// Personal: The taxpayer number.
    pub tax_id: Option<TaxId>,
    /// Personal: The code of the reason for the tax registration; persons have none.
    pub kpp: Option<Kpp>,
    /// Personal: The number in the Russian register of companies or of entrepreneurs.
    pub registration_number: Option<RegistrationNumber>,
    /// Personal: The numbers that other countries know the client by, at most twenty.
    #[serde(default, deserialize_with = "bounds::at_most::<20, _, _, _>")]
    #[schema(value_type = Vec<ForeignId>, max_items = 20)]
    pub foreign_ids: Jsonb<Vec<ForeignId>>,
    /// Personal: The bank accounts, at most twenty.
    #[serde(default, deserialize_with = "bounds::at_most::<20, _, _, _>")]
    #[schema(value_type = Vec<BankAccount>, max_items = 20)]
    pub bank_accounts: Jsonb<Vec<BankAccount>>,
    /// The client that this one belongs to, such as a holding.
    pub parent_id: Option<ClientId>,
    /// Business: The branch of business.
    pub industry: Option<Text<100>>,
    /// Personal: Where the client came from.
    pub source: Option<Text<100>>,
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
    #[serde(default, deserialize_with = "bounds::at_most::<10, _, _, _>")]
    #[schema(value_type = Vec<Messenger>, max_items = 10)]
    pub messengers: Jsonb<Vec<Messenger>>,
    /// Personal: The postal address.
    #[schema(value_type = Option<Address>)]
    pub address: Option<Jsonb<Address>>,
    /// Personal: The website.
    pub website: Option<Website>,
    /// How many people work there.
    #[serde(default, deserialize_with = "bounds::within_or_none::<0, 10_000_000, _>")]
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub employees: Option<i32>,
    /// The language that the client speaks.
    pub language: Option<LanguageTag>,
    /// The client's time zone.
    pub timezone: Option<TimeZone>,
    /// Personal: Free labels, at most fifty.
    #[serde(default, deserialize_with = "bounds::at_most::<50, _, _, _>")]
    #[schema(max_items = 50)]
    pub tags: Vec<Text<50>>,
    /// Personal: The ids by which other systems know the client, at most twenty. Each is unique in its source.
    #[serde(default, deserialize_with = "bounds::at_most::<20, _, _, _>")]
    #[schema(value_type = Vec<ExternalId>, max_items = 20)]
    pub external_ids: Jsonb<Vec<ExternalId>>,
    /// Personal: The values of the organisation's own fields, by their names.
    #[serde(default)]
    #[schema(value_type = CustomValues)]
    pub custom_fields: Jsonb<CustomValues>,
    /// Confidential: how much the client may owe.
    #[serde(skip_serializing_if = "confidential::is_hidden")]
    pub credit_limit: Option<Amount>,
    /// Confidential: the margin on the client's orders.
    #[serde(skip_serializing_if = "confidential::is_hidden")]
    pub margin_percent: Option<Margin>,
    /// Personal: Confidential: a note for those who may see it.
    #[serde(skip_serializing_if = "confidential::is_hidden")]
    pub confidential_note: Option<Prose>,
    /// Personal: Confidential: the values of the organisation's own fields that only some may see, by their names.
    #[serde(skip_serializing_if = "confidential::is_hidden")]
    #[schema(value_type = Option<CustomValues>)]
    pub confidential_custom_fields: Option<Jsonb<CustomValues>>,
}

/// The fields of a client to change, and what is said only with the change.
pub type ClientPatch = Parts<ClientChange, Patch<ClientTerms>>;

/// What callers say only with a change of a client.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClientPatch, description = "The fields of a client to change.", example = json!({"phone": "+74957654321", "website": null}))]
pub struct ClientChange {
    /// Change it though it may then be entered twice.
    pub allow_duplicate: Option<AllowDuplicate>,
}

impl Terms for ClientTerms {
    const PATCH: PatchText = PatchText {
        name: "ClientPatch",
        description: "The fields of a client to change.",
        example: r#"{"phone": "+74957654321", "website": null}"#,
    };

    fn breaches(&self) -> Vec<FieldError> {
        let mut breaches: Vec<FieldError> = external_ids::repeated(&self.external_ids.0).collect();
        breaches.extend(self.wrong_accounts());
        breaches.extend(self.repeated_foreign_ids());
        breaches.extend(contact_points::repetitions(
            self.phone.as_ref(),
            &self.other_phones.0,
            self.email.as_ref(),
            &self.other_emails.0,
        ));
        breaches
    }
}

impl ClientTerms {
    fn wrong_accounts(&self) -> impl Iterator<Item = FieldError> {
        self.bank_accounts.0.iter().enumerate().filter_map(|(at, account)| {
            let (member, wrong) = account.breach()?;
            Some(FieldError::new(format!("/bank_accounts/{at}/{member}"), wrong))
        })
    }

    /// A country gives a client one number of each kind.
    fn repeated_foreign_ids(&self) -> impl Iterator<Item = FieldError> {
        let ids = &self.foreign_ids.0;
        let is_same = |one: &ForeignId, other: &ForeignId| one.country == other.country && one.kind == other.kind;
        let repeated =
            move |at: &usize| ids.get(*at).is_some_and(|id| ids.iter().take(*at).any(|before| is_same(before, id)));
        (0..ids.len())
            .filter(repeated)
            .map(|at| FieldError::new(format!("/foreign_ids/{at}/kind"), contact_points::given_twice()))
    }
}

/// A number that another country knows a client by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignId {
    /// The country that gave the number.
    pub country: CountryCode,
    /// What kind of number it is.
    pub kind: ForeignIdKind,
    /// The number, as the country writes it.
    pub number: Text<50>,
}

/// What kind of number a country gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ForeignIdKind {
    /// A taxpayer number.
    Tax,
    /// A number for value-added tax.
    Vat,
    /// A number in a register of companies.
    Register,
}

/// Whether a client is an organisation or a person.
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
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
#[schema(as = ClientKind)]
pub enum Kind {
    /// A company or another body.
    Organization,
    /// A natural person.
    Person,
}
stored_as_text!(Kind);

/// A postal address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street, house and flat.
    pub street: Option<Line>,
    /// Town.
    pub city: Option<Text<100>>,
    /// Region, state or district.
    pub region: Option<Text<100>>,
    /// Postal code.
    pub postal_code: Option<Text<20>>,
    /// Country.
    pub country: Option<CountryCode>,
}

impl Client {
    /// The broken rules between the client's kind and the fields that callers write.
    pub fn kind_breaches(&self) -> Vec<FieldError> {
        let ClientTerms { tax_id, kpp, registration_number, .. } = &self.terms;
        let is_of_company = |number: &str, digits: usize| self.kind == Kind::Person && number.len() == digits;
        let numbers = [
            ("/tax_id", tax_id.as_ref().is_some_and(|number| is_of_company(number.as_str(), 10))),
            ("/kpp", self.kind == Kind::Person && kpp.is_some()),
            (
                "/registration_number",
                registration_number.as_ref().is_some_and(|number| is_of_company(number.as_str(), 13)),
            ),
        ];
        let wrong = numbers.into_iter().filter(|(_, wrong)| *wrong);
        wrong.map(|(pointer, _)| FieldError::new(pointer, not_of_person())).collect()
    }
}

fn not_of_person() -> Invalid {
    let say = Say::new("Only organisations have this number.", "Такой номер бывает только у организаций.");
    Invalid::Rule("not_of_person", say)
}

impl Resource for Client {
    const NAME: &'static str = "clients";
    const CAN_BE_ERASED: bool = true;
}

impl Entity for Client {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn client(&self) -> Option<Uuid> {
        Some(self.id.uuid())
    }
}

impl Custom for Client {
    const RESOURCE: CustomResource = CustomResource::Clients;

    fn given(&self) -> Given<'_> {
        Given {
            open: &self.terms.custom_fields.0,
            confidential: self.terms.confidential_custom_fields.as_ref().map(|values| &values.0),
            kind: Some(self.kind.as_ref()),
            status: Some(self.status.as_ref()),
        }
    }

    fn values_mut(&mut self) -> &mut CustomValues {
        &mut self.terms.custom_fields.0
    }
}

impl Owned for Client {
    const CLIENT: Option<&'static str> = Some("id");
}

impl Belongs for Client {
    fn ownership(&self) -> Option<Ownership> {
        Some(Ownership { owner: self.owner_id, team: self.team_id, is_key: self.is_key })
    }

    fn hidden_changes(&self) -> i64 {
        self.hidden_changes
    }

    fn show_version(&mut self, version: i64) {
        self.version = version;
    }
}

/// Give a client to another owner.
#[derive(Debug)]
pub enum TransferClient {}
impl Action for TransferClient {
    const NAME: &'static str = "transfer";
    const BY_HELPERS: bool = false;
}

/// Designate a client as key, or revoke the designation.
#[derive(Debug)]
pub enum DesignateKey {}
impl Action for DesignateKey {
    const NAME: &'static str = "designate_key";
    const BY_HELPERS: bool = false;
    const TO_WHOLE_TEAM: bool = true;
}

/// Archive a client, restore it, or mark it lost.
#[derive(Debug)]
pub enum Archive {}
impl Action for Archive {
    const NAME: &'static str = "archive";
    const BY_HELPERS: bool = false;
}
