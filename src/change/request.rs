//! The changes that a request makes.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, dev::Payload, http::header, web::Data};
use aws_lc_rs::digest;

use super::{
    Origin,
    idempotency::{self, Key, Keyed},
    transaction::{Tx, transact, write_records},
};
use crate::{
    access::{Actor, Caller, Callers, UserId},
    clock::Clock,
    db::Db,
    error::{Error, FieldError, ProblemType, Result},
    http::{BodyDigest, NoParams, Reply, part, time_left},
    secrets::Secrets,
};

/// What every change of a request needs.
struct Means {
    request: HttpRequest,
    clock: Data<Clock>,
    secrets: Data<Secrets>,
    callers: Data<Callers>,
    db: Db,
}

impl Means {
    fn of(request: &HttpRequest) -> Result<Self> {
        Ok(Self {
            clock: part(request)?,
            secrets: part(request)?,
            callers: part(request)?,
            db: Db::of(request)?,
            request: request.clone(),
        })
    }

    /// Does `work`; what callers may do is looked up anew when the change may have another effect on that.
    async fn transact<T>(
        &self,
        actor: Actor,
        origin: Origin,
        work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut db = self.db.connect().await?;
        let time_left = time_left(&self.request);
        let done = transact(&mut db, &self.secrets, actor, origin, self.clock.now(), time_left, work).await;
        let may_have_changed = match &done {
            Ok(done) => done.callers_changed,
            // A commit whose answer was lost may have succeeded.
            Err(error) => error.problem().status().is_server_error(),
        };
        if may_have_changed {
            self.callers.forget();
        }
        done.map(|done| done.value)
    }
}

/// The right to change something in this request: gives the transaction, and replays an answer already given.
pub struct Change {
    means: Means,
    caller: Arc<Caller>,
    key: Option<Key>,
}

impl Change {
    /// Does `work`, records it and commits; answers what `work` replied. With an idempotency key already used for this
    /// same request, answers what was answered then, to a caller who has the same rights as then.
    ///
    /// # Errors
    /// Those of `work`; 409 while a request with the key runs or when the rights are others now, 422 when the key was used
    /// for another request.
    pub async fn run(self, work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<Reply>) -> Result<HttpResponse> {
        let Self { means, caller, key } = self;
        let keyed = key.map(|key| keyed(key, &caller, &means.request)).transpose()?;
        let origin = Origin::of(&means.request);
        let replied = means.transact(Actor::Caller(caller), origin, async |tx| {
            let Some(keyed) = &keyed else {
                return work(tx).await.map(|reply| (reply, false));
            };
            if let Some(reply) = idempotency::begin(tx, keyed).await? {
                return Ok((reply, true));
            }
            let reply = work(tx).await?;
            write_records(tx, async |tx| idempotency::finish(tx, keyed, &reply).await).await?;
            Ok((reply, false))
        });
        let (reply, replayed) = replied.await?;
        Ok(reply.into_response(replayed))
    }
}

fn keyed(key: Key, caller: &Caller, request: &HttpRequest) -> Result<Keyed> {
    let (fingerprint, rights) = (fingerprint(request), caller.rights_digest()?);
    Ok(Keyed { actor: caller.user_id, key, fingerprint, rights })
}

/// What makes two requests the same: method, address, precondition and body.
fn fingerprint(request: &HttpRequest) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    let if_match = request.headers().get(header::IF_MATCH).map_or(&b""[..], |value| value.as_bytes());
    for part in [request.method().as_str().as_bytes(), request.uri().to_string().as_bytes(), if_match] {
        context.update(part);
        context.update(b"\n");
    }
    if let Some(BodyDigest(body)) = request.extensions().get() {
        context.update(body);
    }
    context.finish().as_ref().to_vec()
}

impl FromRequest for Change {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<Change> {
    NoParams::check(request)?;
    let key = match request.headers().get("idempotency-key") {
        Some(value) if request.method() == "POST" => Some(Key::parse(value.as_bytes()).map_err(|invalid| {
            Error::new(ProblemType::InvalidHeader).with_fields(vec![FieldError::new("Idempotency-Key", invalid)])
        })?),
        _ => None,
    };
    Ok(Change { caller: Caller::of(request)?, key, means: Means::of(request)? })
}

/// A change that needs no caller, such as a sign-in. Who makes it has no right at all.
pub struct AnonymousChange {
    means: Means,
    origin: Origin,
}

impl AnonymousChange {
    /// The same change, recorded as `user`'s.
    #[must_use]
    pub fn by(mut self, user: UserId) -> Self {
        self.origin = Origin { actor_id: Some(user), ..Origin::of(&self.means.request) };
        self
    }

    /// Does `work`, records it and commits.
    ///
    /// # Errors
    /// Those of `work`, and the database's.
    pub async fn run<T>(self, work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.means.transact(Actor::Nobody, self.origin, work).await
    }
}

impl FromRequest for AnonymousChange {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Means::of(request).map(|means| Self { means, origin: Origin::default() }))
    }
}
