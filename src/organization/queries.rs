//! Every query on the organisation: the one row of its table.

use diesel::{OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Organization, OrganizationTerms};
use crate::{
    access::{Action, Read, Scope},
    change::{Patched, Row, Tx},
    db::{Sql, schema::organization},
    error::Result,
    pricing::Rules,
    values::{CurrencyCode, Instant},
};

static SAVE: Sql = Sql::new();

/// The organisation.
///
/// # Errors
/// When the database fails.
pub async fn find(mut db: &AsyncPgConnection, _scope: &Scope<Organization, Read>) -> Result<Organization> {
    Ok(organization::table.select(Organization::as_select()).first(&mut db).await?)
}

/// The currency of the organisation, for amounts that name none.
///
/// # Errors
/// When the database fails.
pub async fn currency(mut db: &AsyncPgConnection) -> Result<CurrencyCode> {
    Ok(organization::table.select(organization::currency).first(&mut db).await?)
}

/// How the organisation makes the amounts of its papers.
///
/// # Errors
/// When the database fails.
pub async fn rules(mut db: &AsyncPgConnection) -> Result<Rules> {
    let columns = (organization::rounding, organization::rounded_per, organization::prices_include_tax);
    let (rounding, rounded_per, prices_include_tax) = organization::table.select(columns).first(&mut db).await?;
    Ok(Rules { rounding, rounded_per, prices_include_tax })
}

impl Row for Organization {
    /// There is only one.
    type Id = ();

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, _scope: &Scope<Self, A>, (): ()) -> Result<Option<Self>> {
        let row = organization::table.select(Self::as_select()).for_no_key_update();
        Ok(row.first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        SAVE.of(diesel::update(organization::table).set(self.clone())).execute(&mut **tx).await?;
        Ok(())
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for Organization {
    type Terms = OrganizationTerms;

    fn terms(&self) -> &OrganizationTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut OrganizationTerms {
        &mut self.terms
    }
}
