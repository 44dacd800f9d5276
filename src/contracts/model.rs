//! What a contract is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::status::ContractStatus;
use crate::{
    access::{Action, Belongs, Owned, Ownership, TeamId, UserId},
    clients::ClientId,
    custom::{Custom, CustomResource, CustomValues, Given},
    db::{Jsonb, wide::contracts},
    error::FieldError,
    external_ids::{self, ExternalId},
    http::{Parts, Patch, PatchText, Terms},
    list::{CustomFilter, CustomSort, Sort, Words, search},
    values::{Amount, CurrencyCode, Day, Entity, Id, Instant, Invalid, Line, Resource, Say, Text, bounds},
};

/// A contract's identifier.
pub type ContractId = Id<Contract>;

/// A contract's number.
pub type ContractNumber = Text<50>;

/// The number of a past contract. It leaves room for those of its amendments, such as `17/2024/1`.
pub type PastContractNumber = Text<45>;

/// An agreement with a client, and the ceiling of the orders under it.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = contracts, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = ContractFields)]
pub struct Contract {
    /// Identifier.
    pub id: ContractId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the contract was created.
    pub created_at: Instant,
    /// When the contract was last changed.
    pub updated_at: Instant,
    /// The client.
    pub client_id: ClientId,
    /// Who works with the client.
    pub owner_id: UserId,
    /// The owner's team.
    pub team_id: TeamId,
    /// Whether the client is designated as key.
    pub is_key: bool,
    /// Business: The number, which the contract gets when it is approved: `C-`, the year, and its place in the sequence of that
    /// year, which has no gaps. A past contract may have another.
    #[schema(value_type = Option<Text<50>>, example = "C-2026-000001")]
    pub number: Option<ContractNumber>,
    /// How far the contract has come; changed by transitions, and by the clock.
    pub status: ContractStatus,
    /// Who drafted the contract; can never approve it.
    pub author_id: UserId,
    /// Who else edited its terms; they can never approve it either.
    #[schema(value_type = Vec<UserId>, max_items = 1000)]
    pub editor_ids: Jsonb<Vec<UserId>>,
    /// Personal: Why the contract was last returned to its author; `null` once it is submitted again.
    pub return_reason: Option<Text<1000>>,
    /// The day on which it was last submitted. By the exchange rates of this day, its amount is compared with limits.
    pub submitted_on: Option<Day>,
    /// The last day of the first term, before any renewal.
    pub initial_ends_on: Option<Day>,
    /// Who approved the contract; nobody when it was within the limit of the user who submitted it.
    pub approved_by: Option<UserId>,
    /// When the contract was approved.
    pub approved_at: Option<Instant>,
    /// The day on which the contract was signed.
    pub signed_on: Option<Day>,
    /// The contract that this one amends; `null` for a contract of its own.
    pub amends_id: Option<ContractId>,
    /// The number of the amendment, from 1; 0 for a contract of its own.
    #[schema(minimum = 0)]
    pub amendment: i32,
    /// The first day on which the amended terms hold; of an amendment only.
    pub effective_on: Option<Day>,
    /// The terms that the amendment replaced; until it is applied, those with which it was drafted.
    #[serde(skip)]
    pub former_terms: Option<Jsonb<ContractTerms>>,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: ContractTerms,
}

/// A contract to be drafted.
pub type NewContract = Parts<ContractStart, ContractTerms>;

/// What callers give only when they draft a contract.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewContract, description = "A contract to be drafted.", example = json!({"client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "title": "Supply of coffee in 2027",
    "amount": "1500000.00", "currency": "RUB", "payment_terms": "30 days after delivery", "starts_on": "2027-01-01",
    "ends_on": "2027-12-31", "auto_renew": true, "notice_days": 60,
    "signatories": [{"name": "Anna Petrova", "position": "Sales director", "side": "ours"},
        {"name": "Ivan Sidorov", "position": "General director", "side": "client"}]}))]
pub struct ContractStart {
    /// The client.
    pub client_id: ClientId,
}

/// A past contract to be recorded.
pub type NewPastContract = Parts<PastContractStart, ContractTerms>;

/// What callers give only when they record a past contract.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPastContract, description = "A contract that was signed before it was entered here.", example = json!({"client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "number": "17/2024", "signed_on": "2024-12-20",
    "status": "completed", "title": "Supply of tea in 2025", "amount": "900000.00", "currency": "RUB", "starts_on": "2025-01-01", "ends_on": "2025-12-31"}))]
pub struct PastContractStart {
    /// The client.
    pub client_id: ClientId,
    /// Business: The number that it has; a new one of the year of its signature when left out. The form of new numbers, such as
    /// C-2026-000123, is reserved.
    pub number: Option<PastContractNumber>,
    /// The day on which it was signed, not in the future.
    pub signed_on: Day,
    /// How far it came; `active` when left out. One that is in force expires or is renewed when its last day is past.
    pub status: Option<PastContractStatus>,
    /// Who drafted it; the caller when left out.
    pub author_id: Option<UserId>,
}

/// How far a past contract came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PastContractStatus {
    /// In force.
    #[default]
    Active,
    /// Everything agreed was done.
    Completed,
    /// Its last day is past.
    Expired,
    /// Ended before its last day.
    Terminated,
}

impl From<PastContractStatus> for ContractStatus {
    fn from(status: PastContractStatus) -> Self {
        match status {
            PastContractStatus::Active => Self::Active,
            PastContractStatus::Completed => Self::Completed,
            PastContractStatus::Expired => Self::Expired,
            PastContractStatus::Terminated => Self::Terminated,
        }
    }
}

/// The fields of a contract that callers write.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = contracts, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
pub struct ContractTerms {
    /// Personal: What the contract is called.
    pub title: Line,
    /// The most that the orders under the contract may come to in total, above zero; a frame contract without one has no such
    /// ceiling.
    pub amount: Option<Amount>,
    /// Whether the amount includes the tax: then the orders count with theirs.
    #[serde(default)]
    pub amount_includes_tax: bool,
    /// The currency of the amount and of the orders.
    pub currency: CurrencyCode,
    /// Personal: How and when the client pays.
    pub payment_terms: Option<Text<2000>>,
    /// The first day in force.
    pub starts_on: Day,
    /// The last day in force; without one the contract goes on until it is ended. A renewal moves it.
    pub ends_on: Option<Day>,
    /// Whether the contract goes on for another term of the same length after its last day; needs `ends_on`.
    #[serde(default)]
    pub auto_renew: bool,
    /// How many days before the last day notice must be given; not more than the contract lasts.
    #[serde(default, deserialize_with = "bounds::within::<0, 3650, _>")]
    #[schema(minimum = 0, maximum = 3650)]
    pub notice_days: i32,
    /// Personal: Who signs, at most twenty.
    #[serde(default, deserialize_with = "bounds::at_most::<20, _, _, _>")]
    #[schema(value_type = Vec<Signatory>, max_items = 20)]
    pub signatories: Jsonb<Vec<Signatory>>,
    /// Personal: The values of the organisation's own fields, by their names.
    #[serde(default)]
    #[schema(value_type = CustomValues)]
    pub custom_fields: Jsonb<CustomValues>,
    /// Business: The ids by which other systems know the contract, at most twenty. Each is unique in its source.
    #[serde(default, deserialize_with = "bounds::at_most::<20, _, _, _>")]
    #[schema(value_type = Vec<ExternalId>, max_items = 20)]
    pub external_ids: Jsonb<Vec<ExternalId>>,
}

/// The fields of a draft to change.
pub type ContractPatch = Patch<ContractTerms>;

impl Terms for ContractTerms {
    const PATCH: PatchText = PatchText {
        name: "ContractPatch",
        description: "The fields of a draft to change.",
        example: r#"{"amount": "1800000.00", "ends_on": null, "auto_renew": false}"#,
    };

    fn breaches(&self) -> Vec<FieldError> {
        let mut breaches: Vec<FieldError> = external_ids::repeated(&self.external_ids.0).collect();
        if self.ends_on.is_some_and(|last| last < self.starts_on) {
            let say = Say::new("The last day is before the first.", "Последний день раньше первого.");
            breaches.push(FieldError::new("/ends_on", Invalid::Rule("ends_before_start", say)));
        }
        if self.auto_renew && self.ends_on.is_none() {
            breaches.push(FieldError::new("/ends_on", Invalid::Required));
        }
        if self.amount.is_some_and(|amount| amount.value().is_zero()) {
            breaches.push(FieldError::new("/amount", no_ceiling()));
        }
        if self.lasts().is_some_and(|days| i64::from(self.notice_days) > days) {
            breaches.push(FieldError::new("/notice_days", long_notice()));
        }
        breaches
    }
}

impl Contract {
    /// The day on which its terms begin to hold.
    pub fn begins_on(&self) -> Day {
        self.effective_on.unwrap_or(self.terms.starts_on)
    }
}

impl ContractTerms {
    /// How many days the contract lasts, unless it has no end.
    fn lasts(&self) -> Option<i64> {
        let last = self.ends_on.filter(|last| *last >= self.starts_on)?;
        Some(last.date().signed_duration_since(self.starts_on.date()).num_days() + 1)
    }
}

fn no_ceiling() -> Invalid {
    let say = Say::new(
        "Nothing could be ordered. A frame contract has no amount: leave it out.",
        "Заказать было бы нечего. У рамочного договора суммы нет: не указывайте её.",
    );
    Invalid::Rule("zero_amount", say)
}

fn long_notice() -> Invalid {
    let say = Say::new("The notice is longer than the contract.", "Срок уведомления больше срока договора.");
    Invalid::Rule("notice_too_long", say)
}

/// A person who signs a contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Signatory {
    /// The person's name.
    pub name: Line,
    /// The person's position.
    pub position: Option<Line>,
    /// For whom the person signs.
    pub side: Side,
}

/// A side of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SignatorySide)]
pub enum Side {
    /// The company.
    Ours,
    /// The client.
    Client,
}

impl Resource for Contract {
    const NAME: &'static str = "contracts";
}

impl Entity for Contract {
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

impl Custom for Contract {
    const RESOURCE: CustomResource = CustomResource::Contracts;

    fn given(&self) -> Given<'_> {
        Given { open: &self.terms.custom_fields.0, confidential: None, kind: None, status: Some(self.status.as_ref()) }
    }

    fn values_mut(&mut self) -> &mut CustomValues {
        &mut self.terms.custom_fields.0
    }
}

impl Owned for Contract {}

impl Belongs for Contract {
    fn ownership(&self) -> Option<Ownership> {
        Some(Ownership { owner: self.owner_id, team: self.team_id, is_key: self.is_key })
    }
}

/// Which contracts to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ContractFilter {
    /// Only the contracts with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<ContractId>,
    /// Only contracts of one of these clients.
    #[param(inline)]
    pub client_id: Vec<ClientId>,
    /// Only contracts with clients of one of these owners.
    #[param(inline)]
    pub owner_id: Vec<UserId>,
    /// Only contracts drafted by one of these users.
    #[param(inline)]
    pub author_id: Vec<UserId>,
    /// Only amendments of one of these contracts.
    #[param(inline)]
    pub amends_id: Vec<ContractId>,
    /// Only contracts with one of these statuses.
    #[param(inline)]
    pub status: Vec<ContractStatus>,
    /// Only contracts in one of these currencies.
    #[param(inline)]
    pub currency: Vec<CurrencyCode>,
    /// Only contracts that begin on this day or later.
    #[param(inline)]
    pub starts_on_from: Option<Day>,
    /// Only contracts that begin before this day.
    #[param(inline)]
    pub starts_on_to: Option<Day>,
    /// Only contracts that end on this day or later; those without an end are left out.
    #[param(inline)]
    pub ends_on_from: Option<Day>,
    /// Only contracts that end before this day; those without an end are left out.
    #[param(inline)]
    pub ends_on_to: Option<Day>,
    /// Only active contracts whose notice day is today, in the organisation's time zone, or past, or only others.
    pub notice_due: Option<bool>,
    /// Only contracts that this other system knows.
    #[param(inline)]
    pub external_source: Option<Text<50>>,
    /// Only contracts with this id in another system.
    #[param(inline)]
    pub external_id: Option<Text<100>>,
    /// Only contracts changed at or after this moment.
    #[param(inline)]
    pub updated_at_from: Option<Instant>,
    /// Only contracts changed before this moment.
    #[param(inline)]
    pub updated_at_to: Option<Instant>,
    /// Every word must occur in the number or the title. Best matches first, a thousand at most, unless `sort` says
    /// otherwise.
    #[param(inline)]
    pub q: Option<search::Words>,
    /// Only contracts whose custom fields have such values, at most ten conditions: `beds=120`, and of numbers, amounts and days also
    /// `beds>=100` and `beds<200`. The fields must be indexed.
    #[param(inline)]
    pub custom_field: Vec<CustomFilter>,
    /// The order of a custom field in place of `sort`: its name, with `-` before it for largest first. It must be indexed; contracts
    /// without a value are left out.
    #[param(inline)]
    pub custom_sort: Option<CustomSort>,
    /// The order; `-updated_at` when left out.
    #[param(inline)]
    pub sort: Option<ContractSorting>,
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: ContractIncludes,
}

/// How to answer one contract.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ContractParams {
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: ContractIncludes,
    /// With the terms that were in force on this day, before later amendments.
    #[param(inline)]
    pub as_of: Option<Day>,
    /// Only these fields; the others are absent then. One parameter each, or all in one, separated by commas.
    #[param(inline, value_type = Option<Vec<String>>, max_items = 100)]
    pub fields: Option<String>,
}

/// From when on the terms of a contract are to be others.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_on": "2031-01-01", "reason": "The client doubles its volume"}))]
pub struct Amend {
    /// The first day on which the amended terms hold: not before the contract's first, and not before that of the last amendment.
    pub effective_on: Day,
    /// Why; kept in the history.
    pub reason: Option<Text<1000>>,
}

/// The order of a list of contracts.
pub type ContractSorting = Sort<ContractSort>;

/// What contracts can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ContractSort {
    /// When the contract was last changed.
    UpdatedAt,
    /// The number, which is the order of approval; contracts without a number come before all others.
    Number,
}

/// What to put into a contract.
pub type ContractIncludes = Words<ContractInclude>;

/// What can be put into a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ContractInclude {
    /// The client.
    Client,
    /// Who works with the client.
    Owner,
    /// Who drafted the contract.
    Author,
}

/// When a contract was signed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"signed_on": "2026-11-24"}))]
pub struct Signature {
    /// The day on which both sides had signed: not in the future, not before the approval, and not after the contract's last day.
    pub signed_on: Day,
}

/// How to complete a contract.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"reason": "All was delivered"}))]
pub struct CompleteContract {
    /// Why, kept in the history and in the audit log.
    pub reason: Option<Text<1000>>,
    /// Whether orders that are under way may be finished. Those that are not handed over yet can only be cancelled then.
    pub let_finish: bool,
}

/// Why to terminate a contract.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "The client moves its production abroad"}))]
pub struct TerminateContract {
    /// Why, kept in the history and in the audit log.
    pub reason: Text<1000>,
    /// Whether orders that are under way may be finished. Those that are not handed over yet can only be cancelled then.
    #[serde(default)]
    pub let_finish: bool,
}

/// Record a past contract.
#[derive(Debug)]
pub enum RecordContract {}
impl Action for RecordContract {
    const NAME: &'static str = "record";
}

/// Approve a contract, or return it to its author.
#[derive(Debug)]
pub enum Approve {}
impl Action for Approve {
    const NAME: &'static str = "approve";
}

/// Record that a contract was signed.
#[derive(Debug)]
pub enum Sign {}
impl Action for Sign {
    const NAME: &'static str = "sign";
}

/// End a contract early.
#[derive(Debug)]
pub enum Terminate {}
impl Action for Terminate {
    const NAME: &'static str = "terminate";
}
