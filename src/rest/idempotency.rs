//! `Idempotency-Key`: the same request twice has one effect and one answer.

use aws_lc_rs::digest;
use chrono::Duration;
use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
    prelude::{Queryable, Selectable},
    sql_types::BigInt,
};
use diesel_async::RunQueryDsl;

use crate::{
    access::caller::UserId,
    db::schema::idempotency_keys,
    error::{Error, OnConstraint, ProblemType, Result},
    rest::{
        change::{Reply, Tx},
        invalid::Invalid,
        time::Instant,
    },
    secrets::{Secrets, reseal::Place},
};

/// The answers that are kept.
pub const ANSWERS: Place = Place {
    what: "kept answers",
    table: "idempotency_keys",
    key: &[("actor_id", "uuid"), ("key", "text")],
    column: "body",
    only: "sealed",
    prefix: "idempotency ",
};

/// How long an answer is kept.
const KEPT: Duration = Duration::hours(24);

/// The moment before which answers are no longer kept.
pub fn kept_since(now: Instant) -> Instant {
    now.after(-KEPT)
}

/// A key that the caller chose: 1 to 255 printable ASCII characters.
#[derive(Clone, Debug)]
pub struct Key(String);

impl Key {
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

diesel::define_sql_function! {
    /// Takes a lock that ends with the transaction, or tells that another holds it.
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;
}

/// Claims `key` for this transaction; gives the answer when it was given before.
///
/// # Errors
/// 409 while another request holds the key, 422 when it was used for another request.
pub async fn begin(
    tx: &mut Tx<'_>,
    secrets: &Secrets,
    actor: UserId,
    key: &Key,
    fingerprint: &[u8],
) -> Result<Option<Reply>> {
    let claimed: bool =
        diesel::select(pg_try_advisory_xact_lock(lock_number(actor, key))).get_result(&mut **tx).await?;
    if !claimed {
        return Err(in_progress());
    }
    let kept: Option<Kept> = idempotency_keys::table
        .find((actor.uuid(), &key.0))
        .select(Kept::as_select())
        .first(&mut **tx)
        .await
        .optional()?;
    match kept {
        None => Ok(None),
        Some(kept) if kept.created_at <= kept_since(tx.now()) => {
            diesel::delete(idempotency_keys::table.find((actor.uuid(), &key.0))).execute(&mut **tx).await?;
            Ok(None)
        }
        Some(kept) if kept.fingerprint != fingerprint => Err(Error::new(ProblemType::IdempotencyMismatch)),
        Some(kept) => kept.open(secrets, actor, key).map(Some),
    }
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
    sealed: bool,
}

impl Kept {
    /// The answer as it was given. Those kept before answers were sealed are in clear, until they are a day old.
    fn open(self, secrets: &Secrets, actor: UserId, key: &Key) -> Result<Reply> {
        let body = match self.sealed {
            true => secrets
                .open(&label(actor, key), &self.body)
                .ok_or_else(|| Error::internal("an answer that was kept cannot be opened with this secret"))?,
            false => self.body,
        };
        let status = u16::try_from(self.status).map_err(Error::internal)?;
        Ok(Reply { status, location: self.location, etag: self.etag, body })
    }
}

/// Binds a sealed answer to whose it is: moved to another row, it cannot be opened.
fn label(actor: UserId, key: &Key) -> String {
    ANSWERS.label(&[&actor, &key.0])
}

/// Keeps `reply` for `key`, in the transaction of its effect; sealed, for it may show a secret that is shown only once.
///
/// # Errors
/// 409 when another server was quicker with the same key.
pub async fn finish(
    tx: &mut Tx<'_>,
    secrets: &Secrets,
    actor: UserId,
    key: &Key,
    fingerprint: &[u8],
    reply: &Reply,
) -> Result<()> {
    let now = tx.now();
    let row = (
        idempotency_keys::actor_id.eq(actor.uuid()),
        idempotency_keys::key.eq(&key.0),
        idempotency_keys::fingerprint.eq(fingerprint),
        idempotency_keys::status.eq(i16::try_from(reply.status).map_err(Error::internal)?),
        idempotency_keys::location.eq(reply.location.as_deref()),
        idempotency_keys::etag.eq(reply.etag.as_deref()),
        idempotency_keys::body.eq(secrets.seal(&label(actor, key), &reply.body)?),
        idempotency_keys::sealed.eq(true),
        idempotency_keys::created_at.eq(now),
    );
    diesel::insert_into(idempotency_keys::table)
        .values(row)
        .execute(&mut **tx)
        .await
        .on_constraint(|name| (name == "idempotency_keys_pkey").then(in_progress))?;
    Ok(())
}

fn in_progress() -> Error {
    Error::new(ProblemType::IdempotencyInProgress).retry_after(1)
}

/// The same key of the same actor has the same number on every server.
fn lock_number(actor: UserId, key: &Key) -> i64 {
    let digest = digest::digest(&digest::SHA256, format!("{actor} {}", key.0).as_bytes());
    let mut number = [0; 8];
    number.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    i64::from_be_bytes(number)
}
