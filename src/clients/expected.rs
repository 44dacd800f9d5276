//! What is expected to be known of every client.

use diesel::QueryDsl;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, VariantNames};
use utoipa::ToSchema;

use super::model::{Client, Kind};
use crate::{
    access::Actor,
    custom::{Custom, Definition},
    db::{Jsonb, schema::organization},
    error::Result,
};

/// A field that the organisation can expect to be known of every client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsRefStr, VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ExpectedField {
    /// The name in law.
    LegalName,
    /// The taxpayer number.
    TaxId,
    /// The code of the reason for the tax registration.
    Kpp,
    /// The number in the register of companies.
    RegistrationNumber,
    /// The branch of business.
    Industry,
    /// Where the client came from.
    Source,
    /// The first e-mail address.
    Email,
    /// The first telephone number.
    Phone,
    /// The postal address.
    Address,
    /// The website.
    Website,
    /// How many people work there.
    Employees,
    /// The language.
    Language,
    /// The time zone.
    Timezone,
}

/// What is expected of clients: fixed fields by the kind of the client, and the organisation's own fields that are required.
#[derive(Clone, Debug)]
pub struct Expected {
    organizations: Vec<ExpectedField>,
    persons: Vec<ExpectedField>,
    own: Vec<Definition>,
}

impl Expected {
    /// What the organisation expects now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(mut db: &AsyncPgConnection, actor: &Actor) -> Result<Self> {
        type Fields = Jsonb<Vec<ExpectedField>>;
        let columns = (organization::expected_of_organizations, organization::expected_of_persons);
        let (organizations, persons): (Fields, Fields) = organization::table.select(columns).first(&mut db).await?;
        let own = actor.custom().map(|known| known.of_resource(Client::RESOURCE)).unwrap_or_default();
        let is_expected = |field: &&Definition| {
            let always = field.is_required;
            field.is_active
                && !field.is_confidential
                && (always || !field.required_for_kinds.0.is_empty() || !field.required_in_statuses.0.is_empty())
        };
        Ok(Self {
            organizations: organizations.0,
            persons: persons.0,
            own: own.iter().filter(is_expected).cloned().collect(),
        })
    }

    /// The fixed fields that are expected of clients of this kind.
    pub fn fixed(&self, kind: Kind) -> &[ExpectedField] {
        match kind {
            Kind::Organization => &self.organizations,
            Kind::Person => &self.persons,
        }
    }

    /// The organisation's own fields, some of which are expected only of a kind or in a status.
    pub fn own(&self) -> &[Definition] {
        &self.own
    }
}
