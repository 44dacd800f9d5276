//! `Idempotency-Key`: the same request twice has one effect and one answer.

use std::collections::BTreeSet;

use aws_lc_rs::digest;
use chrono::Duration;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, QueryDsl, SelectableHelper,
    prelude::{Queryable, Selectable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    access::UserId,
    change::Tx,
    db::{Sql, schema::idempotency_keys, try_lock_until_commit},
    error::{Error, OnConstraint, ProblemType, Result},
    http::Reply,
    secrets::{Secrets, reseal::Place},
    values::{Instant, Invalid},
};

/// The answers that are stored.
pub const ANSWERS: Place = Place {
    what: "kept answers",
    table: "idempotency_keys",
    key: &[("actor_id", "uuid"), ("key", "text")],
    column: "body",
    // An answer that named somebody who was erased is empty.
    only: "body <> ''",
    prefix: "idempotency ",
};

static INSERT: Sql = Sql::new();

/// How long an answer is stored.
const KEPT: Duration = Duration::hours(24);

/// The moment before which answers are no longer stored.
pub fn kept_since(now: Instant) -> Instant {
    now.after(-KEPT)
}

/// Deletes the answers that have been stored long enough.
///
/// # Errors
/// When the database fails.
pub async fn sweep(db: &mut AsyncPgConnection, now: Instant) -> Result<()> {
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.le(kept_since(now)));
    diesel::delete(old).execute(db).await?;
    Ok(())
}

/// How many kept answers are looked at together.
const LOOKED_AT: i64 = 500;

/// Empties the kept answers that name one of `ids`, and returns how many. A request that is repeated later is told that it was
/// carried out, as one whose caller has other rights is.
///
/// # Errors
/// When the database fails.
pub async fn empty_answers(tx: &mut Tx<'_>, ids: &BTreeSet<String>) -> Result<usize> {
    let (mut emptied, mut after) = (0, None::<(Uuid, String)>);
    loop {
        let mut next = idempotency_keys::table
            .filter(idempotency_keys::body.ne(Vec::<u8>::new()))
            .order((idempotency_keys::actor_id, idempotency_keys::key))
            .limit(LOOKED_AT)
            .select((idempotency_keys::actor_id, idempotency_keys::key, idempotency_keys::body))
            .into_boxed();
        if let Some((actor, key)) = after {
            let same = idempotency_keys::actor_id.eq(actor).and(idempotency_keys::key.gt(key));
            next = next.filter(idempotency_keys::actor_id.gt(actor).or(same));
        }
        let kept: Vec<(Uuid, String, Vec<u8>)> = next.load(&mut **tx).await?;
        let Some((actor, key, _)) = kept.last() else { return Ok(emptied) };
        after = Some((*actor, key.clone()));
        for (actor, key, body) in kept {
            let opened = tx.secrets().open(&ANSWERS.label(&[&actor, &key]), &body);
            // Nobody can say what an answer of another master secret names, so it goes, too.
            if opened.is_none_or(|answer| names(&answer, ids)) {
                let row = idempotency_keys::table.find((actor, &key));
                let nothing = (idempotency_keys::body.eq(&[][..]), idempotency_keys::rights_digest.eq(&[][..]));
                emptied += diesel::update(row).set(nothing).execute(&mut **tx).await?;
            }
        }
    }
}

/// Whether `answer` has one of `ids` among its values, at any depth.
fn names(answer: &[u8], ids: &BTreeSet<String>) -> bool {
    fn has(value: &Value, ids: &BTreeSet<String>) -> bool {
        match value {
            Value::String(text) => ids.contains(text),
            Value::Array(items) => items.iter().any(|item| has(item, ids)),
            Value::Object(members) => members.values().any(|member| has(member, ids)),
            _ => false,
        }
    }
    serde_json::from_slice(answer).is_ok_and(|answer| has(&answer, ids))
}

/// A key that the caller chose: 1 to 255 printable ASCII characters.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Checks `bytes`.
    ///
    /// # Errors
    /// [`Invalid::TooShort`], [`Invalid::TooLong`] or [`Invalid::Value`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        if bytes.is_empty() {
            return Err(Invalid::TooShort(1));
        }
        if bytes.len() > 255 {
            return Err(Invalid::TooLong(255));
        }
        if !bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
            return Err(Invalid::Value);
        }
        Ok(Self(String::from_utf8_lossy(bytes).into_owned()))
    }
}

/// A request with a key.
#[derive(Clone, Debug)]
pub struct Keyed {
    /// Whose request it is.
    pub actor: UserId,
    /// Its key.
    pub key: IdempotencyKey,
    /// A digest of what it asks for.
    pub fingerprint: Vec<u8>,
    /// A digest of the rights that decide what its answer shows.
    pub rights: Vec<u8>,
}

/// What is known of a request before it is carried out.
pub enum Earlier {
    /// Nothing.
    New,
    /// The request was carried out, and this was the answer.
    Answered(Reply),
    /// The request was carried out, but the caller's rights have changed since: this error tells so, because the answer
    /// may show what the caller may no longer see.
    Withheld(Error),
}

/// Claims the key of `request` for this transaction, and looks whether the request was answered before. If it was, the
/// transaction has to be committed before the caller is told.
///
/// # Errors
/// 409 while another request holds the key; 422 when the key was used for another request.
pub async fn begin(tx: &mut Tx<'_>, request: &Keyed) -> Result<Earlier> {
    let Keyed { actor, key, fingerprint, rights } = request;
    let actor = *actor;
    // Both queries are sent at once. Postgres runs the second after the first, when the lock is already held.
    let (mut lock, mut read): (&AsyncPgConnection, &AsyncPgConnection) = (tx, tx);
    let (claimed, kept): (bool, Vec<Kept>) = try_join(
        diesel::select(try_lock_until_commit(lock_number(actor, key))).get_result(&mut lock),
        idempotency_keys::table.find((actor.uuid(), &key.0)).select(Kept::as_select()).load(&mut read),
    )
    .await?;
    if !claimed {
        return Err(in_progress());
    }
    let Some(kept) = kept.into_iter().next() else {
        return Ok(Earlier::New);
    };
    if kept.created_at <= kept_since(tx.now()) {
        diesel::delete(idempotency_keys::table.find((actor.uuid(), &key.0))).execute(&mut **tx).await?;
        return Ok(Earlier::New);
    }
    if kept.fingerprint != *fingerprint {
        return Err(Error::new(ProblemType::IdempotencyMismatch));
    }
    note_replay(tx, actor, key).await?;
    match kept.rights_digest == *rights {
        true => kept.open(tx.secrets(), actor, key).map(Earlier::Answered),
        false => Ok(Earlier::Withheld(kept.withheld())),
    }
}

/// Makes the transaction commit something. The first commit may have been cut off while it waited for its synchronous
/// standbys, and nobody is told that the request was carried out before they have it.
async fn note_replay(tx: &mut Tx<'_>, actor: UserId, key: &IdempotencyKey) -> Result<()> {
    let kept = idempotency_keys::table.find((actor.uuid(), &key.0));
    diesel::update(kept).set(idempotency_keys::replayed_at.eq(Some(tx.now()))).execute(&mut **tx).await?;
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct Kept {
    fingerprint: Vec<u8>,
    status: i16,
    location: Option<String>,
    etag: Option<String>,
    body: Vec<u8>,
    created_at: Instant,
    rights_digest: Vec<u8>,
}

impl Kept {
    /// The error that the request was carried out before, with the address of what it created.
    fn withheld(self) -> Error {
        let error = Error::new(ProblemType::AnswerWithheld);
        match self.location {
            Some(location) => error.with("location", location),
            None => error,
        }
    }

    /// The answer as it was given.
    fn open(self, secrets: &Secrets, actor: UserId, key: &IdempotencyKey) -> Result<Reply> {
        let body = secrets
            .open(&label(actor, key), &self.body)
            .ok_or_else(|| Error::internal("an answer that was kept cannot be opened with this secret"))?;
        let status = u16::try_from(self.status).map_err(Error::internal)?;
        Ok(Reply { status, location: self.location, etag: self.etag, body })
    }
}

/// Binds a sealed answer to its actor and key. When it is moved to another row, it cannot be opened.
fn label(actor: UserId, key: &IdempotencyKey) -> String {
    ANSWERS.label(&[&actor, &key.0])
}

/// Stores `reply` under the key of `request`, in the same transaction as its effect. It is sealed, because it may have
/// a secret that is shown only once.
///
/// # Errors
/// 409 when another server was faster with the same key.
pub async fn finish(tx: &Tx<'_>, request: &Keyed, reply: &Reply) -> Result<()> {
    let Keyed { actor, key, fingerprint, rights } = request;
    let actor = *actor;
    let now = tx.now();
    let row = (
        idempotency_keys::actor_id.eq(actor.uuid()),
        idempotency_keys::key.eq(&key.0),
        idempotency_keys::fingerprint.eq(fingerprint),
        idempotency_keys::status.eq(i16::try_from(reply.status).map_err(Error::internal)?),
        idempotency_keys::location.eq(reply.location.as_deref()),
        idempotency_keys::etag.eq(reply.etag.as_deref()),
        idempotency_keys::body.eq(tx.secrets().seal(&label(actor, key), &reply.body)?),
        idempotency_keys::rights_digest.eq(rights),
        idempotency_keys::created_at.eq(now),
    );
    INSERT
        .of(diesel::insert_into(idempotency_keys::table).values(row))
        .execute(&mut &**tx)
        .await
        .on_constraint(|name| (name == "idempotency_keys_pkey").then(in_progress))?;
    Ok(())
}

fn in_progress() -> Error {
    Error::new(ProblemType::IdempotencyInProgress).retry_after(1)
}

/// The same key of the same actor has the same number on every server.
fn lock_number(actor: UserId, key: &IdempotencyKey) -> i64 {
    let digest = digest::digest(&digest::SHA256, format!("{actor} {}", key.0).as_bytes());
    let mut number = [0; 8];
    number.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    i64::from_be_bytes(number)
}
