//! The changes that a request makes.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web::Data};
use aws_lc_rs::digest;
use diesel_async::AsyncPgConnection;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::{
    Origin,
    idempotency::{self, Earlier, IdempotencyKey, Keyed},
    rights,
    transaction::{Tx, write_records},
    unsealed::Unsealed,
};
use crate::{
    access::{Actor, Caller, Callers, UserId},
    clock::Clock,
    db::Db,
    error::{Error, FieldError, ProblemType, Result},
    http::{
        Answer, BodyDigest, Description, NoParams, Reply, ReplyOf, RequestHeader, Takes, as_caller_writes, pairs,
        parse_query, part, time_left,
    },
    secrets::Secrets,
};

/// What every change of a request needs.
struct Means {
    request: HttpRequest,
    clock: Data<Clock>,
    secrets: Data<Secrets>,
    callers: Data<Callers>,
    unsealed: Data<Unsealed>,
    db: Db,
}

impl Means {
    fn of(request: &HttpRequest) -> Result<Self> {
        Ok(Self {
            clock: part(request)?,
            secrets: part(request)?,
            callers: part(request)?,
            unsealed: part(request)?,
            db: Db::of(request)?,
            request: request.clone(),
        })
    }

    async fn begin<'c>(&'c self, db: &'c mut AsyncPgConnection, actor: Actor, origin: Origin) -> Result<Tx<'c>> {
        Tx::begin(db, &self.secrets, actor, origin, self.clock.now(), time_left(&self.request)).await
    }

    /// Ends `tx`. The rights of callers are looked up anew if the change may have affected them: a commit whose answer
    /// was lost may have succeeded.
    async fn end<T>(&self, tx: Tx<'_>, done: Result<T>) -> Result<T> {
        let ended = tx.end(done, async |actor, epoch| rights::confirm(actor, &self.request, epoch).await).await;
        if ended.done.is_ok() {
            self.unsealed.note(ended.events, self.clock.now());
        }
        match ended.next_epoch {
            Some(_) if ended.done.is_err() => self.callers.forget(),
            Some(epoch) => self.callers.saw(epoch),
            None => {}
        }
        ended.done
    }
}

/// The right to change something in this request: gives the transaction, and replays an answer already given.
pub struct Change {
    means: Means,
    caller: Arc<Caller>,
    key: Option<IdempotencyKey>,
}

impl Change {
    /// Runs `work`, records it and commits; answers what `work` replied. When the idempotency key was already used for
    /// this same request, gives the first answer again, if the caller still has the same rights.
    ///
    /// # Errors
    /// The errors of `work`; 409 while a request with the key runs or when the rights have changed, 422 when the key
    /// was used for another request.
    pub async fn run<K>(self, work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<ReplyOf<K>>) -> Result<Answer<K>> {
        let Self { means, caller, key } = self;
        let keyed = key.map(|key| keyed(key, &caller, &means.request)).transpose()?;
        let origin = Origin::of(&means.request);
        let mut db = means.db.connect().await?;
        let mut tx = means.begin(&mut db, Actor::Caller(caller), origin).await?;
        // `run` is compiled for each change, so all that does not depend on `work` is in functions that are compiled
        // once.
        let response = match replay(&mut tx, keyed.as_ref()).await {
            Ok(Earlier::New) => {
                let done = work(&mut tx).await.map(|done| done.reply);
                let done = keep(&mut tx, keyed.as_ref(), done).await;
                means.end(tx, done).await?.into_response(false)
            }
            Ok(Earlier::Answered(reply)) => means.end(tx, Ok(reply)).await?.into_response(true),
            Ok(Earlier::Withheld(error)) => {
                means.end(tx, Ok(())).await?;
                return Err(error);
            }
            Err(error) => return means.end(tx, Err(error)).await,
        };
        Ok(response.into())
    }
}

/// What is known of the same request from before.
async fn replay(tx: &mut Tx<'_>, request: Option<&Keyed>) -> Result<Earlier> {
    match request {
        Some(request) => idempotency::begin(tx, request).await,
        None => Ok(Earlier::New),
    }
}

/// Stores the answer under the key of `request`, with all that is recorded about the change.
async fn keep(tx: &mut Tx<'_>, request: Option<&Keyed>, done: Result<Reply>) -> Result<Reply> {
    let reply = done?;
    if let Some(request) = request {
        write_records(tx, Some((request, &reply))).await?;
    }
    Ok(reply)
}

fn keyed(key: IdempotencyKey, caller: &Caller, request: &HttpRequest) -> Result<Keyed> {
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

impl Takes for Change {
    fn describe(description: &mut Description) {
        description.needs_caller();
        description.header(RequestHeader::IdempotencyKey);
        description.refuses(&[409, 422]);
    }
}

/// A change whose request also says something in its address.
pub struct ChangeBy<T>(pub Change, pub T);

impl<T: DeserializeOwned + 'static> FromRequest for ChangeBy<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let said = as_caller_writes(request, || parse_query(&pairs(request)));
        ready(said.and_then(|said| Ok(Self(keyed_change(request)?, said))))
    }
}

impl<T: IntoParams> Takes for ChangeBy<T> {
    fn describe(description: &mut Description) {
        description.query::<T>();
        description.refuses(&[400]);
        Change::describe(description);
    }
}

fn read(request: &HttpRequest) -> Result<Change> {
    NoParams::check(request)?;
    keyed_change(request)
}

fn keyed_change(request: &HttpRequest) -> Result<Change> {
    let key = match request.headers().get("idempotency-key") {
        Some(value) => Some(IdempotencyKey::parse(value.as_bytes()).map_err(|invalid| {
            Error::new(ProblemType::InvalidHeader).with_fields(vec![FieldError::new("Idempotency-Key", invalid)])
        })?),
        None => None,
    };
    Ok(Change { caller: Caller::of(request)?, key, means: Means::of(request)? })
}

/// A read that is recorded as a change is, in the same transaction.
pub struct RecordedRead {
    means: Means,
    caller: Arc<Caller>,
}

impl RecordedRead {
    /// Runs `work`, records it and commits.
    ///
    /// # Errors
    /// The errors of `work`; 409 when the caller's rights have changed meanwhile.
    pub async fn run<T>(self, work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let Self { means, caller } = self;
        let origin = Origin::of(&means.request);
        let mut db = means.db.connect().await?;
        let mut tx = means.begin(&mut db, Actor::Caller(caller), origin).await?;
        let done = work(&mut tx).await;
        means.end(tx, done).await
    }
}

impl FromRequest for RecordedRead {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = || {
            NoParams::check(request)?;
            Ok(Self { caller: Caller::of(request)?, means: Means::of(request)? })
        };
        ready(read())
    }
}

impl Takes for RecordedRead {
    fn describe(description: &mut Description) {
        description.needs_caller();
        description.refuses(&[400, 409]);
    }
}

/// A change that needs no caller, such as a sign-in. Its actor has no rights at all.
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

    /// Runs `work`, records it and commits.
    ///
    /// # Errors
    /// The errors of `work`, or when the database fails.
    pub async fn run<T>(self, work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let Self { means, origin } = self;
        let mut db = means.db.connect().await?;
        let mut tx = means.begin(&mut db, Actor::Nobody, origin).await?;
        let done = work(&mut tx).await;
        means.end(tx, done).await
    }
}

impl FromRequest for AnonymousChange {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Means::of(request).map(|means| Self { means, origin: Origin::default() }))
    }
}

// It needs no caller, and has no refusals of its own.
impl Takes for AnonymousChange {
    fn describe(_: &mut Description) {}
}
