//! `/v1/deputies`.

use actix_web::web::{Data, Path};

use super::{
    model::{Deputy, DeputyFilter, DeputyId, NewDeputy, Transition},
    queries,
    view::{DeputyView, changed, today},
};
use crate::{
    access::{Create, Read, RecentlyAuthenticated, Scope, Update},
    change::{self, Change, Reason},
    clock::Clock,
    db::{Cost, Db},
    error::Result,
    http::{Body, Created, OneParams, Query, Reply, Routes, StepText, Tagged, endpoint},
    list::{ListQuery, Page},
};

const END: change::Step<Deputy, Transition, Update> = change::Step::new(Transition::End);

const ENDED: StepText = StepText {
    id: "end_deputy",
    summary: "End a deputyship",
    description: "The deputy no longer stands in, at once and on every server. Use it when the colleague is back before the last \
                  day, or the plan has changed.",
};

/// The operations on deputies.
pub fn routes(api: &mut Routes) {
    let ended = END.endpoint(ENDED, async |tx, scope, id, seen, reason: Reason| {
        let deputy = queries::end(tx, scope, id, seen).await?;
        reason.record(tx);
        changed(tx, deputy).await
    });
    api.add("deputies", [endpoint!(list_deputies), endpoint!(create_deputy), endpoint!(get_deputy), ended]);
}

/// List deputies
///
/// Use it to see who stands in for whom, today with `on`.
///
/// Newest first: the caller's own deputies, those whom the caller stands in for, and others within reach.
#[utoipa::path(get, path = "/v1/deputies", responses((status = 200, description = "A page of the deputies.")))]
async fn list_deputies(
    scope: Scope<Deputy, Read>,
    query: ListQuery<DeputyFilter>,
    clock: Data<Clock>,
    db: Db,
) -> Result<Page<DeputyView>> {
    let db = db.reader(query.cost).await?;
    let page = queries::list(&db, &scope, &query).await?;
    let today = today(&db, scope.actor(), clock.now()).await?;
    Ok(page.map(|deputy| DeputyView::of(deputy, scope.actor(), today)))
}

/// Name a deputy
///
/// Use it before a holiday, and when somebody falls ill.
///
/// From the first day to the last one, in the organisation's time zone, the deputy sees and does with the clients of the absent
/// colleague what that colleague may do, as far as the deputy's own role allows it too: confidential fields, limits and rights to
/// key clients do not grow. What the deputy does is recorded as theirs. A deputy's deputy gets nothing of it.
#[utoipa::path(post, path = "/v1/deputies", responses((status = 201, description = "The new deputy.")))]
async fn create_deputy(
    scope: Scope<Deputy, Create>,
    _: RecentlyAuthenticated,
    change: Change,
    new: Body<NewDeputy>,
) -> Result<Created<DeputyView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let deputy = queries::insert(tx, &scope, new).await?;
            Reply::created(&changed(tx, deputy).await?)
        })
        .await
}

/// Get a deputy
///
/// Use it to read the `ETag` that ending it asks for.
#[utoipa::path(get, path = "/v1/deputies/{id}", responses((status = 200, description = "The deputy.")))]
async fn get_deputy(
    scope: Scope<Deputy, Read>,
    id: Path<DeputyId>,
    query: Query<OneParams>,
    clock: Data<Clock>,
    db: Db,
) -> Result<Tagged<DeputyView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let deputy = queries::find(&db, &scope, *id).await?;
    let today = today(&db, scope.actor(), clock.now()).await?;
    Ok(Tagged::new(DeputyView::of(deputy, scope.actor(), today), fields))
}
