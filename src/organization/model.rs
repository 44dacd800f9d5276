//! What the organisation is.

use diesel::prelude::{AsChangeset, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::{Belongs, Ownership},
    clients::{Address, ExpectedField},
    db::{Jsonb, schema::organization},
    error::FieldError,
    http::{Patch, PatchText, Terms},
    pricing::{RoundedPer, Rounding},
    values::{
        BankAccount, CountryCode, CurrencyCode, Entity, Instant, Invalid, Kpp, Language, Line, RegistrationNumber,
        Resource, Say, TaxId, TimeZone, bounds,
    },
};

/// The organisation that works with this server.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = organization, treat_none_as_null = true)]
#[schema(as = OrganizationFields)]
pub struct Organization {
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the organisation was set up.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: OrganizationTerms,
}

/// The fields of the organisation that callers write.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = organization, treat_none_as_null = true)]
#[serde(deny_unknown_fields)]
pub struct OrganizationTerms {
    /// Business: What it is called.
    pub name: Line,
    /// Business: Its name in the register of companies.
    pub legal_name: Option<Line>,
    /// Business: Its taxpayer number (ИНН).
    pub tax_id: Option<TaxId>,
    /// Business: The code of the reason for its tax registration (КПП).
    pub kpp: Option<Kpp>,
    /// Business: Its number in the register of companies (ОГРН).
    pub registration_number: Option<RegistrationNumber>,
    /// Business: Its postal address.
    #[schema(value_type = Option<Address>)]
    pub address: Option<Jsonb<Address>>,
    /// Business: The account to which clients pay.
    #[schema(value_type = Option<BankAccount>)]
    pub bank_account: Option<Jsonb<BankAccount>>,
    /// Business: Who signs for it.
    #[schema(value_type = Option<Representative>)]
    pub signatory: Option<Jsonb<Representative>>,
    /// The currency of its limits and plans.
    pub currency: CurrencyCode,
    /// The time zone of its days: contracts begin and end by it, and users without a time zone of their own work in it.
    pub timezone: TimeZone,
    /// The country of telephone numbers that are written without one.
    pub phone_region: CountryCode,
    /// The language of what it sends.
    pub language: Language,
    /// How the amounts of its papers are rounded to what can be paid; never `none`, which past orders have.
    #[serde(default)]
    pub rounding: Rounding,
    /// What is rounded: each line, or the whole paper.
    #[serde(default)]
    pub rounded_per: RoundedPer,
    /// Whether the prices of its products include the tax.
    #[serde(default)]
    pub prices_include_tax: bool,
    /// The month in which its fiscal year begins.
    #[serde(deserialize_with = "bounds::month")]
    #[schema(minimum = 1, maximum = 12)]
    pub fiscal_year_begins: i16,
    /// What is expected to be known of every client that is an organisation. What has no value counts as missing at
    /// `/v1/clients/completeness`.
    #[serde(default, deserialize_with = "bounds::at_most::<20, _, _, _>")]
    #[schema(value_type = Vec<ExpectedField>, max_items = 20)]
    pub expected_of_organizations: Jsonb<Vec<ExpectedField>>,
    /// What is expected to be known of every client that is a person.
    #[serde(default, deserialize_with = "bounds::at_most::<20, _, _, _>")]
    #[schema(value_type = Vec<ExpectedField>, max_items = 20)]
    pub expected_of_persons: Jsonb<Vec<ExpectedField>>,
}

/// Who signs for the organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Representative {
    /// The name.
    pub name: Line,
    /// The position.
    pub position: Option<Line>,
    /// On what the right to sign rests, such as the charter or a power of attorney.
    pub basis: Option<Line>,
}

/// The fields of the organisation to change.
pub type OrganizationPatch = Patch<OrganizationTerms>;

impl Terms for OrganizationTerms {
    const PATCH: PatchText = PatchText {
        name: "OrganizationPatch",
        description: "The fields of the organisation to change.",
        example: r#"{"name": "Northwind Traders", "timezone": "America/Los_Angeles", "phone_region": "US"}"#,
    };

    fn breaches(&self) -> Vec<FieldError> {
        let breach = self.bank_account.as_ref().and_then(|Jsonb(account)| account.breach());
        let breach = breach.map(|(member, wrong)| FieldError::new(format!("/bank_account/{member}"), wrong));
        let unrounded = (self.rounding == Rounding::None).then(|| FieldError::new("/rounding", unrounded()));
        breach.into_iter().chain(unrounded).collect()
    }
}

fn unrounded() -> Invalid {
    let say =
        Say::new("Only past orders keep unrounded amounts.", "Неокруглённые суммы остаются только у прошлых заказов.");
    Invalid::Rule("unrounded", say)
}

impl Resource for Organization {
    const NAME: &'static str = "organization";
}

impl Entity for Organization {
    /// There is only one, so it needs no id; the audit log does.
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(1)
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        "/v1/organization".to_owned()
    }
}

impl Belongs for Organization {
    fn ownership(&self) -> Option<Ownership> {
        None
    }
}
