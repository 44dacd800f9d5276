//! One change: its rows, audit records, outbox events and idempotency record commit in one transaction, or none does.

use std::{
    borrow::Cow,
    future::{Ready, ready},
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse,
    dev::Payload,
    http::{StatusCode, header},
    web::Data,
};
use aws_lc_rs::digest;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};
use futures_util::future::try_join3;
use serde::Serialize;

use crate::{
    access::caller::Caller,
    app::State,
    audit::{self, Origin, Record},
    db::{Db, STATEMENT_TIMEOUT},
    error::{Error, FieldError, ProblemType, Result},
    outbox,
    rest::{
        answer::time_left,
        body::BodyDigest,
        entity::{Entity, View},
        etag::etag,
        idempotency::{self, Key, Keyed},
        invalid::Invalid,
        list::NoParams,
        time::Instant,
    },
    secrets::Secrets,
};

/// A transaction that knows who makes the change, and collects what must be recorded of it.
pub struct Tx<'c> {
    db: &'c mut AsyncPgConnection,
    secrets: &'c Secrets,
    caller: Option<Arc<Caller>>,
    origin: Origin,
    now: Instant,
    records: Vec<Record>,
}

impl Tx<'_> {
    /// The moment of the change.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Who makes the change; `None` is the system itself.
    pub fn caller(&self) -> Option<&Arc<Caller>> {
        self.caller.as_ref()
    }

    /// Records that `row` was made.
    pub fn created<E: Entity>(&mut self, row: &E) {
        self.records.push(Record::created(row));
    }

    /// Records what `action` changed.
    pub fn changed<E: Entity>(&mut self, action: &'static str, before: &E, after: &E) {
        self.records.push(Record::changed(action, before, after));
    }

    /// Records that `row` is gone.
    pub fn deleted<E: Entity>(&mut self, row: &E) {
        self.records.push(Record::deleted(row));
    }

    /// Adds why to the last record.
    pub fn because(&mut self, reason: &str) {
        if let Some(record) = self.records.last_mut() {
            record.because(reason);
        }
    }
}

impl Deref for Tx<'_> {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        self.db
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        self.db
    }
}

/// Does `work` in a transaction of the system itself, without a request. The records are signed with `secrets`.
///
/// # Errors
/// Those of `work`, and the database's.
pub async fn by_system<T>(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    now: Instant,
    work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T>,
) -> Result<T> {
    transact(db, secrets, None, Origin::default(), now, None, work).await
}

/// Does `work` in a transaction of `origin`, who has no right that a caller has: of a sign-in.
///
/// # Errors
/// Those of `work`, and the database's.
pub async fn by_origin<T>(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    origin: Origin,
    now: Instant,
    work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T>,
) -> Result<T> {
    transact(db, secrets, None, origin, now, None, work).await
}

async fn transact<T>(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    caller: Option<Arc<Caller>>,
    origin: Origin,
    now: Instant,
    time_left: Option<Duration>,
    work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T>,
) -> Result<T> {
    AnsiTransactionManager::begin_transaction_sql(&mut *db, &begin(time_left)).await?;
    let mut tx = Tx { db, secrets, caller, origin, now, records: Vec::new() };
    let done = match work(&mut tx).await {
        Ok(value) => record(&mut tx, async |_| Ok(())).await.map(|()| value),
        Err(error) => Err(error),
    };
    let Tx { db, .. } = tx;
    match done {
        Ok(value) => {
            AnsiTransactionManager::commit_transaction(db).await?;
            Ok(value)
        }
        Err(error) => {
            // The caller learns of the first error; a connection that cannot roll back is thrown away by the pool.
            let _ = AnsiTransactionManager::rollback_transaction(db).await;
            Err(error)
        }
    }
}

/// By how much a statement may outlive its request, so that the caller is told of the deadline and not of the statement.
const AFTER_DEADLINE: Duration = Duration::from_millis(250);

/// Begins a transaction of which no statement runs on long after the request's time.
fn begin(time_left: Option<Duration>) -> Cow<'static, str> {
    match time_left {
        Some(left) if left < STATEMENT_TIMEOUT => {
            format!("BEGIN; SET LOCAL statement_timeout = {}", (left + AFTER_DEADLINE).as_millis()).into()
        }
        _ => "BEGIN".into(),
    }
}

/// Writes what was collected, and does `also`, all on its way at once.
async fn record(tx: &mut Tx<'_>, also: impl AsyncFnOnce(&Tx<'_>) -> Result<()>) -> Result<()> {
    let mut records = std::mem::take(&mut tx.records);
    let tx = &*tx;
    let events = audit::events(tx.secrets, &mut records, &tx.origin, tx.now)?;
    let audited = audit::write(tx, &events);
    let told = outbox::insert(tx, &records, tx.now);
    try_join3(audited, told, also(tx)).await?;
    Ok(())
}

/// The right to change something in this request: gives the transaction, and replays an answer already given.
pub struct Change {
    request: HttpRequest,
    state: Data<State>,
    db: Db,
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
        let Self { request, state, db, caller, key } = self;
        let mut db = db.connect().await?;
        let keyed = key.map(|key| keyed(key, &caller, &request)).transpose()?;
        let (origin, now, time_left) = (Origin::of(&request), state.clock.now(), time_left(&request));
        let (reply, replayed) = transact(&mut db, &state.secrets, Some(caller), origin, now, time_left, async |tx| {
            let Some(keyed) = &keyed else {
                return work(tx).await.map(|reply| (reply, false));
            };
            if let Some(reply) = idempotency::begin(tx, &state.secrets, keyed).await? {
                return Ok((reply, true));
            }
            let reply = work(tx).await?;
            record(tx, async |tx| idempotency::finish(tx, &state.secrets, keyed, &reply).await).await?;
            Ok((reply, false))
        })
        .await?;
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
    Ok(Change {
        state: State::of(request)?,
        db: Db::of(request)?,
        caller: Caller::of(request)?,
        key,
        request: request.clone(),
    })
}

/// What a change answers; kept with the idempotency key so that it can be answered again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `Location`, of something created.
    pub location: Option<String>,
    /// `ETag`, of something answered.
    pub etag: Option<String>,
    /// The JSON, or nothing.
    pub body: Vec<u8>,
}

impl Reply {
    /// 201 with what was made.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn created<V: View>(view: &V) -> Result<Self> {
        let reply = Self::ok(view)?;
        Ok(Self { status: StatusCode::CREATED.as_u16(), location: Some(view.row().path()), ..reply })
    }

    /// 200 with what was changed.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn ok<V: View>(view: &V) -> Result<Self> {
        Ok(Self {
            status: StatusCode::OK.as_u16(),
            location: None,
            etag: Some(etag(view.row().version())),
            body: serde_json::to_vec(view).map_err(Error::internal)?,
        })
    }

    /// 200 with something that has no version.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn json(value: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(value).map_err(Error::internal)?;
        Ok(Self { status: StatusCode::OK.as_u16(), location: None, etag: None, body })
    }

    /// 204 for what is gone.
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT.as_u16(), location: None, etag: None, body: Vec::new() }
    }

    fn into_response(self, replayed: bool) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        if let Some(location) = &self.location {
            response.insert_header((header::LOCATION, location.as_str()));
        }
        if let Some(etag) = &self.etag {
            response.insert_header((header::ETAG, etag.as_str()));
        }
        if replayed {
            response.insert_header(("idempotency-replayed", "true"));
        }
        if self.body.is_empty() {
            return response.finish();
        }
        response.content_type("application/json").body(self.body)
    }
}

/// The error for a reference to something that does not exist or is out of reach.
pub fn unknown_reference(pointer: &str) -> Error {
    Error::field(pointer, Invalid::UnknownReference)
}
