//! The steps of a resource's life, each at an address of its own: `POST /v1/orders/{id}/submit`.

use std::marker::PhantomData;

use actix_web::web::Path;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::{Change, Tx};
use crate::{
    access::{Action, Actor, Belongs, Scope},
    error::Result,
    http::{Body, Changed, Endpoint, IfMatch, Reply, StepText, View},
    values::{Id, Resource},
};

/// A step of resources `R`. Its type says which right it needs: to do `A`.
pub struct Step<R, T, A> {
    /// The transition of the state machine. Its name is the verb of the address.
    pub transition: T,
    of: PhantomData<fn() -> (R, A)>,
}

/// A step of resources `R`, whose type does not say which right it needs.
pub struct AnyStep<R, T> {
    /// The transition of the state machine.
    pub transition: T,
    /// Whether an actor has the right to take the step with a row.
    pub may: fn(&Actor, &R) -> bool,
}

impl<R: Belongs + Resource, T: Copy + AsRef<str>, A: Action> Step<R, T, A> {
    /// The step for `transition` of the state machine.
    pub const fn new(transition: T) -> Self {
        Self { transition, of: PhantomData }
    }

    /// The same step, without the right in its type.
    pub const fn any(self) -> AnyStep<R, T> {
        AnyStep { transition: self.transition, may: |actor, row| actor.may::<R, A>(row) }
    }

    /// The operation of the step: `work` takes the step with a resource, unless the resource has changed since the
    /// caller saw it.
    pub fn endpoint<B, V>(
        self,
        text: StepText,
        work: impl AsyncFn(&mut Tx<'_>, &Scope<R, A>, Id<R>, &IfMatch, B) -> Result<V> + Clone + 'static,
    ) -> Endpoint
    where
        B: DeserializeOwned + ToSchema + 'static,
        V: View + ToSchema + 'static,
    {
        let handler = move |scope: Scope<R, A>, id: Path<Id<R>>, seen: IfMatch, change: Change, body: Body<B>| {
            let work = work.clone();
            async move { take(work, &scope, *id, &seen, change, body).await }
        };
        Endpoint::step::<R, _, _>(self.transition.as_ref(), text, handler)
    }
}

async fn take<R, A, B, V: View>(
    work: impl AsyncFn(&mut Tx<'_>, &Scope<R, A>, Id<R>, &IfMatch, B) -> Result<V>,
    scope: &Scope<R, A>,
    id: Id<R>,
    seen: &IfMatch,
    change: Change,
    Body(body): Body<B>,
) -> Result<Changed<V>> {
    change.run(async |tx| Reply::ok(&work(tx, scope, id, seen, body).await?)).await
}
