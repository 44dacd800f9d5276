//! `/v1/organization`.

use super::{
    model::{Organization, OrganizationPatch},
    queries,
    view::OrganizationView,
};
use crate::{
    access::{Read, Scope, Update},
    change::{self, Change},
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, IfMatch, OneParams, Query, Reply, Routes, Tagged, endpoint},
};

/// The operations on the organisation.
pub fn routes(api: &mut Routes) {
    api.add("organization", [endpoint!(get_organization), endpoint!(update_organization)]);
}

/// Get the organisation
///
/// Use it to show the company's own name and requisites, and to know its currency and time zone.
#[utoipa::path(
    get,
    path = "/v1/organization",
    responses((status = 200, description = "The organisation."))
)]
async fn get_organization(
    scope: Scope<Organization, Read>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<OrganizationView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let organization = queries::find(&db, &scope).await?;
    Ok(Tagged::new(OrganizationView::of(organization, scope.actor()), fields))
}

/// Change the organisation
///
/// Use it once when the server is set up, and when a requisite changes.
///
/// The time zone decides when the days of contracts begin, and what "today" is for users without a time zone of their own.
/// The telephone region decides how numbers without a country are read from then on; those that are stored keep theirs.
#[utoipa::path(
    patch,
    path = "/v1/organization",
    responses((status = 200, description = "The changed organisation."))
)]
async fn update_organization(
    scope: Scope<Organization, Update>,
    seen: IfMatch,
    change: Change,
    patch: Body<OrganizationPatch>,
) -> Result<Changed<OrganizationView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let organization = change::update(tx, &scope, (), &seen, &patch).await?;
            Reply::ok(&OrganizationView::of(organization, tx.actor()))
        })
        .await
}
