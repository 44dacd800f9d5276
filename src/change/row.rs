//! The protocol for changing a stored row, the same for every resource. The caller gets the first error that applies,
//! in this order: 404, 403, 412, 409, 422.

use super::Tx;
use crate::{
    access::{Action, Actor, Belongs, ReadConfidential, Scope, Update},
    error::{Error, FieldError, Result},
    http::{IfMatch, Patch, Terms},
    values::{Instant, confidential::reveal, members_of},
};

/// A row that can be changed. Each slice has its own SQL.
#[expect(async_fn_in_trait, reason = "a request stays on the thread that it came to")]
pub trait Row: Belongs + Clone + PartialEq {
    /// The type of its id.
    type Id;

    /// The row `id` within reach, locked `FOR NO KEY UPDATE`, so that rows that refer to it can still be inserted.
    async fn find_locked<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Self, A>, id: Self::Id) -> Result<Option<Self>>
    where
        Self: Sized;

    /// Writes the whole row.
    async fn write(&self, tx: &mut Tx<'_>) -> Result<()>;

    /// Refuses a value that must be the only one and that another row has. Looks only when the value is not that of
    /// `before`.
    ///
    /// # Errors
    /// 409, naming the holder where the caller may see it.
    async fn refuse_taken(&self, _tx: &mut Tx<'_>, _before: Option<&Self>) -> Result<()>
    where
        Self: Sized,
    {
        Ok(())
    }

    /// Refuses wrong values of the organisation's own fields, for a row that can have such values.
    ///
    /// # Errors
    /// As [`super::check_custom`].
    async fn check_values(&self, _tx: &mut Tx<'_>, _before: &Self) -> Result<()>
    where
        Self: Sized,
    {
        Ok(())
    }

    /// Becomes the next version, changed at `now`.
    fn advance(&mut self, now: Instant);

    /// Becomes the next version by a change of nothing but confidential members. Only who may see those sees it.
    fn advance_hidden(&mut self, now: Instant) {
        self.advance(now);
    }
}

/// A row with a part that callers write, and change with a patch.
pub trait Patched: Row {
    /// The type of the part that callers write.
    type Terms: Terms;

    /// The part that callers wrote.
    fn terms(&self) -> &Self::Terms;

    /// The same part, to be changed.
    fn terms_mut(&mut self) -> &mut Self::Terms;

    /// Refuses a change in a state that allows none.
    ///
    /// # Errors
    /// 409.
    fn refuse_change(&self) -> Result<()> {
        Ok(())
    }

    /// The broken rules between the terms and what callers do not write.
    fn breaches(&self) -> Vec<FieldError> {
        Vec::new()
    }
}

/// The row `id` for a change: the caller may see and change it, and knows its current version. It is locked until the
/// transaction ends.
///
/// # Errors
/// 404, 403, 412, in this order.
pub async fn lock<R: Row, A: Action>(tx: &mut Tx<'_>, scope: &Scope<R, A>, id: R::Id, seen: &IfMatch) -> Result<R> {
    let row = find_permitted(tx, scope, id).await?;
    seen.check(tx.actor().version_of(&row))?;
    Ok(row)
}

/// The row `id`, locked: the caller may see and change it.
async fn find_permitted<R: Row, A: Action>(tx: &mut Tx<'_>, scope: &Scope<R, A>, id: R::Id) -> Result<R> {
    let row = R::find_locked(tx, scope, id).await?.ok_or_else(Error::not_found)?;
    scope.permit(&row)?;
    Ok(row)
}

/// The row `id` for a change by `patch`, as [`lock`] gives it.
///
/// # Errors
/// 404, 403 (also for a confidential member that the caller may not see), 412, in this order.
pub async fn lock_to_patch<R: Patched>(
    tx: &mut Tx<'_>,
    scope: &Scope<R, Update>,
    id: R::Id,
    seen: &IfMatch,
    patch: &Patch<R::Terms>,
) -> Result<R> {
    let row = find_permitted(tx, scope, id).await?;
    if patch.is_confidential() {
        refuse_hidden(tx.actor(), &row)?;
    }
    seen.check(tx.actor().version_of(&row))?;
    Ok(row)
}

/// `row` with `patch` applied.
///
/// # Errors
/// 422 naming each member with a value that it cannot have.
pub fn patched<R: Patched>(row: &R, patch: &Patch<R::Terms>) -> Result<R> {
    let mut patched = row.clone();
    *patched.terms_mut() = patch.apply(row.terms())?;
    let breaches = patched.breaches();
    if breaches.is_empty() { Ok(patched) } else { Err(Error::fields(breaches)) }
}

/// Applies `patch` to a row that nothing else depends on.
///
/// # Errors
/// 404, 403, 412, 409, 422, in this order.
pub async fn update<R: Patched>(
    tx: &mut Tx<'_>,
    scope: &Scope<R, Update>,
    id: R::Id,
    seen: &IfMatch,
    patch: &Patch<R::Terms>,
) -> Result<R> {
    let before = lock_to_patch(tx, scope, id, seen, patch).await?;
    before.refuse_change()?;
    let after = patched(&before, patch)?;
    save(tx, "updated", &before, after).await
}

/// Writes `after` and records what `action` changed; does nothing when nothing changed.
///
/// # Errors
/// 422 for a value that the database refuses.
pub async fn save<R: Row>(tx: &mut Tx<'_>, action: &'static str, before: &R, mut after: R) -> Result<R> {
    if *before == after {
        return Ok(after);
    }
    after.check_values(tx, before).await?;
    after.refuse_taken(tx, Some(before)).await?;
    match is_hidden_change(before, &after)? {
        true => after.advance_hidden(tx.now()),
        false => after.advance(tx.now()),
    }
    after.write(tx).await?;
    tx.changed(action, before, &after);
    Ok(after)
}

/// Whether nothing but confidential members differ.
fn is_hidden_change<R: Row>(before: &R, after: &R) -> Result<bool> {
    if members_of::<R>().confidential().is_empty() {
        return Ok(false);
    }
    let shown = |row: &R| reveal(false, || serde_json::to_value(row)).map_err(Error::internal);
    Ok(shown(before)? == shown(after)?)
}

/// Refuses a new `row` that has a confidential member, if the caller may not see confidential members.
///
/// # Errors
/// 403 naming the permission.
pub fn permit_confidential<R: Belongs>(actor: &Actor, row: &R) -> Result<()> {
    let members = reveal(true, || serde_json::to_value(row)).map_err(Error::internal)?;
    let is_there = |name: &&str| members.get(name).is_some_and(|value| !value.is_null());
    if members_of::<R>().confidential().iter().any(is_there) {
        refuse_hidden(actor, row)?;
    }
    Ok(())
}

/// Refuses a change of confidential members of `row`, if the caller may not see them.
///
/// # Errors
/// 403 naming the permission.
pub fn refuse_hidden<R: Belongs>(actor: &Actor, row: &R) -> Result<()> {
    match actor.may::<R, ReadConfidential>(row) {
        true => Ok(()),
        false => Err(Error::forbidden(&format!("{}:{}", R::NAME, ReadConfidential::NAME))),
    }
}
