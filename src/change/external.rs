//! What other systems know by ids of their own: such an id is unique in its source, and a row can be written by it.

use std::{
    future::{Ready, ready},
    marker::PhantomData,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Path};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Change, Row, Tx};
use crate::{
    access::{Caller, Create, Scope, Update},
    db::lock_values_until_commit,
    error::{Error, ProblemType, Result},
    external_ids::{self, ExternalId},
    http::{
        CreatedOrChanged, Description, Endpoint, FromMembers, IfMatch, MaybeIfMatch, Put, Reply, ReplyOf, Takes, View,
        reply::kind,
    },
    values::{Resource, confidential::reveal},
};

/// The member that has the ids.
const MEMBER: &str = "external_ids";

/// What a creation takes and a change leaves alone: it belongs to whoever the owner is by now.
const OF_OWNER: &[&str] = &["owner_id"];

/// A row that other systems know by ids of their own, and write by them.
#[expect(async_fn_in_trait, reason = "a request stays on the thread that it came to")]
pub trait External: Row<Id: From<Uuid>> + Sized + 'static {
    /// What creates one.
    type New: FromMembers + ToSchema + 'static;
    /// What changes one.
    type Patch: FromMembers;
    /// One as callers see it.
    type View: View + ToSchema + 'static;

    /// Its ids in other systems.
    fn external_ids(&self) -> &[ExternalId];

    /// The row `id` as who makes the change may read it.
    ///
    /// # Errors
    /// 404 out of their reach, 403 for who may read none.
    async fn seen(tx: &mut Tx<'_>, id: Self::Id) -> Result<Self>;

    /// Creates a row.
    ///
    /// # Errors
    /// Those of the slice.
    async fn create(tx: &mut Tx<'_>, scope: &Scope<Self, Create>, new: Self::New) -> Result<Self::View>;

    /// Changes the row `id`.
    ///
    /// # Errors
    /// Those of the slice.
    async fn change(
        tx: &mut Tx<'_>,
        scope: &Scope<Self, Update>,
        id: Self::Id,
        seen: &IfMatch,
        patch: Self::Patch,
    ) -> Result<Self::View>;
}

/// Refuses a new id that another row of the kind has.
///
/// # Errors
/// 409, naming the holder where the caller may see it.
pub async fn refuse_held<R: External>(tx: &mut Tx<'_>, before: Option<&R>, after: &R) -> Result<()> {
    let had = before.map(R::external_ids).unwrap_or_default();
    let new: Vec<&ExternalId> = after.external_ids().iter().filter(|known| !had.contains(known)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let held = external_ids::holders::<R>(tx, &new).await?;
    let Some(holder) = held.into_iter().find(|holder| holder.row_id != after.uuid()) else { return Ok(()) };
    let is_it = |known: &ExternalId| known.source == holder.source && known.id == holder.external_id;
    let at = after.external_ids().iter().position(is_it).unwrap_or_default();
    let seen = R::seen(tx, holder.row_id.into()).await.ok();
    Err(Error::taken(&format!("/{MEMBER}/{at}"), seen.map(|row| row.uuid())))
}

/// The right to create resources `R`, or to change them: which one is needed is known once the row was looked for.
pub struct CreateOrUpdate<R>(PhantomData<fn() -> R>);

impl<R: Resource> FromRequest for CreateOrUpdate<R> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = Caller::of(request);
        let right = caller.and_then(|caller| match Scope::<R, Update>::of(&caller) {
            Ok(_) => Ok(()),
            Err(_) => Scope::<R, Create>::of(&caller).map(drop),
        });
        ready(right.map(|()| Self(PhantomData)))
    }
}

impl<R: Resource> Takes for CreateOrUpdate<R> {
    fn describe(description: &mut Description) {
        Scope::<R, Create>::describe(description);
    }
}

/// The operation `id` that writes the `R` that another system knows by an id of its own; `what` it is for readers.
pub fn external<R: External>(id: &'static str, what: &'static str) -> Endpoint {
    let handler =
        |_: CreateOrUpdate<R>, id: Path<ExternalId>, seen: MaybeIfMatch, change: Change, body: Put<R::New>| {
            put::<R>(id.into_inner(), seen.0, change, body)
        };
    Endpoint::external::<R, _, _>(id, what, OF_OWNER.iter().any(|name| R::New::has_member(name)), handler)
}

async fn put<R: External>(
    id: ExternalId,
    seen: Option<IfMatch>,
    change: Change,
    body: Put<R::New>,
) -> Result<CreatedOrChanged<R::View>> {
    change.run(async |tx| write::<R>(tx, &id, seen, body).await).await
}

/// Creates the row with this id, or changes the one that has it.
///
/// # Errors
/// Those of a creation and of a change; 409 for an id that a row out of reach has, 412 for a version of what does not exist.
async fn write<R: External>(
    tx: &mut Tx<'_>,
    id: &ExternalId,
    seen: Option<IfMatch>,
    mut body: Put<R::New>,
) -> Result<ReplyOf<kind::CreatedOrChanged<R::View>>> {
    // Of two that bring the same id, one waits, and then changes what the other has created.
    let name = json!([MEMBER, R::NAME, id.source, id.id]).to_string();
    lock_values_until_commit(tx, vec![name]).await?;
    let holder = external_ids::holder::<R>(tx, id).await?;
    body.with_item(MEMBER, &json!(id), holder.is_none());
    let Some(row) = holder else {
        let scope = tx.scope::<R, Create>()?;
        if seen.is_some() {
            return Err(Error::new(ProblemType::PreconditionFailed));
        }
        let created = R::create(tx, &scope, body.creation()?).await?;
        return Reply::created_or_changed(&created, true);
    };
    let scope = tx.scope::<R, Update>()?;
    let row = R::seen(tx, row.into()).await.map_err(|error| match error.problem() {
        ProblemType::NotFound | ProblemType::Forbidden => Error::taken(&format!("/{MEMBER}"), None),
        _ => error,
    })?;
    let now = reveal(true, || serde_json::to_value(&row)).map_err(Error::internal)?;
    let patch = body.change(&now, OF_OWNER)?;
    let changed = R::change(tx, &scope, row.uuid().into(), &seen.unwrap_or(IfMatch::Any), patch).await?;
    Reply::created_or_changed(&changed, false)
}
