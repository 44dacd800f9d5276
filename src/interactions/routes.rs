//! `/v1/interactions`.

use actix_web::web::{Data, Path};

use super::{
    filter::{InteractionFilter, InteractionParams},
    insert,
    model::{Interaction, InteractionId, InteractionPatch, NewInteraction},
    queries,
    view::{InteractionView, changed, views},
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::Change,
    clock::Clock,
    db::{Cost, Db},
    error::{Error, Result},
    http::{Changed, Created, Fields, IfMatch, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on interactions that are not steps.
pub fn routes(api: &mut Routes) {
    api.add(
        "interactions",
        [
            endpoint!(list_interactions),
            endpoint!(create_interaction),
            endpoint!(get_interaction),
            endpoint!(update_interaction),
        ],
    );
}

/// List interactions
///
/// Use it for a day's plan, for what is overdue, or for all talks with one client.
#[utoipa::path(
    get,
    path = "/v1/interactions",
    responses((status = 200, description = "A page of the interactions within reach."))
)]
async fn list_interactions(
    scope: Scope<Interaction, Read>,
    query: ListQuery<InteractionFilter>,
    db: Db,
    clock: Data<Clock>,
) -> Result<Page<InteractionView>> {
    let db = db.reader(query.cost).await?;
    let now = clock.now();
    let mut page = queries::list(&db, &scope, &query, now).await?;
    let rows = std::mem::take(&mut page.data);
    Ok(page.with(views(&db, rows, &query.filter.include, scope.actor(), now).await?))
}

/// Log or plan an interaction
///
/// Use it right after a call, a visit or a mail, and to plan the next one.
///
/// Logs an interaction that took place, and plans the next step if `next` is given. With `scheduled_at`, it plans the
/// interaction instead.
///
/// A person who has withdrawn a consent is not approached on its channel, unless the purpose is contractual: `negotiation`,
/// `complaint` or `support`. A consent for short messages counts for messengers, and one for `any` means for every channel.
/// Nothing is planned with a person who has left the client.
#[utoipa::path(
    post,
    path = "/v1/interactions",
    responses((status = 201, description = "The new interaction."))
)]
async fn create_interaction(
    scope: Scope<Interaction, Create>,
    change: Change,
    new: NewInteraction,
) -> Result<Created<InteractionView>> {
    change
        .run(async |tx| {
            let (interaction, next) = insert::insert(tx, &scope, new).await?;
            let next = next.map(|next| changed(tx, next));
            Reply::created(&changed(tx, interaction).with_next(next))
        })
        .await
}

/// Get an interaction
///
/// Use it to show one interaction, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/interactions/{id}",
    responses((status = 200, description = "The interaction."))
)]
async fn get_interaction(
    scope: Scope<Interaction, Read>,
    id: Path<InteractionId>,
    query: Query<InteractionParams>,
    db: Db,
    clock: Data<Clock>,
) -> Result<Tagged<InteractionView>> {
    let Query(params) = query;
    let fields = Fields::parse(params.fields.as_deref())?;
    let db = db.reader(Cost::Small).await?;
    let interaction = queries::find(&db, &scope, *id).await?;
    let views = views(&db, vec![interaction], &params.include, scope.actor(), clock.now()).await?;
    let view = views.into_iter().next().ok_or_else(Error::not_found)?;
    Ok(Tagged::new(view, fields))
}

/// Change an interaction
///
/// Use it to correct the notes of an interaction or to complete them.
///
/// Status and planned time are changed by transitions. `user_id` can be changed while it is planned, `outcome` and
/// `occurred_at` after it took place.
#[utoipa::path(
    patch,
    path = "/v1/interactions/{id}",
    responses((status = 200, description = "The changed interaction."))
)]
async fn update_interaction(
    scope: Scope<Interaction, Update>,
    id: Path<InteractionId>,
    seen: IfMatch,
    change: Change,
    patch: InteractionPatch,
) -> Result<Changed<InteractionView>> {
    change
        .run(async |tx| {
            let interaction = queries::update(tx, &scope, *id, &seen, patch).await?;
            Reply::ok(&changed(tx, interaction))
        })
        .await
}
