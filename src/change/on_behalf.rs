//! Changes that are made in the background, on behalf of somebody who asked for them.

use super::{Origin, Tx};
use crate::{
    access::{Actor, OnBehalf},
    db::Db,
    error::{Error, ProblemType, Result},
    secrets::Secrets,
    values::Instant,
};

/// Runs `work` in a transaction of `who`, with the rights that they have now; records it and commits. Nothing is committed when
/// their rights change meanwhile.
///
/// # Errors
/// The errors of `work`, 403 when they may do nothing any more, 409 when their rights have changed.
pub async fn on_behalf<T>(
    db: &Db,
    secrets: &Secrets,
    now: Instant,
    who: &OnBehalf,
    work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T>,
) -> Result<T> {
    let mut connection = db.connect().await?;
    let caller = who.caller(&connection, now).await?.ok_or_else(no_longer)?;
    let origin =
        Origin { actor_id: Some(who.user), session_id: who.session(), api_key_id: who.api_key(), ..Origin::default() };
    let known = caller.clone();
    let mut tx = Tx::begin(&mut connection, secrets, Actor::Caller(caller), origin, now, None).await?;
    let done = work(&mut tx).await;
    let confirm = async |_: &Actor, epoch| {
        if known.epoch >= epoch {
            return Ok(());
        }
        let again = who.caller(&*db.connect().await?, now).await?.ok_or_else(no_longer)?;
        let is_same = again.rights_digest()? == known.rights_digest()?;
        if is_same { Ok(()) } else { Err(Error::new(ProblemType::RightsChanged)) }
    };
    tx.end(done, confirm).await.done
}

fn no_longer() -> Error {
    Error::new(ProblemType::Forbidden).detail(
        "Who asked for this may do nothing here any more, or has something else to do first.",
        "Тот, кто об этом попросил, больше ничего не может здесь делать или должен сначала сделать другое.",
    )
}
