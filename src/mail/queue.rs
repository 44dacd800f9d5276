//! Mail that waits to be sent. It is sealed, since a letter may contain a token, and deleted once it is sent, or after
//! a day.

use std::collections::BTreeSet;

use chrono::Duration;
use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl,
    prelude::QueryableByName,
    sql_query,
    sql_types::{Bytea, Integer, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::letter::Letter;
use crate::{
    db::schema::outgoing_mails,
    error::{Error, Result},
    secrets::{Secrets, reseal::Place},
    values::Instant,
};

/// Where letters are stored, for resealing.
pub const LETTERS: Place = Place {
    what: "letters",
    table: "outgoing_mails",
    key: &[("id", "uuid")],
    column: "sealed_letter",
    only: "true",
    prefix: "mail ",
};

/// How long the server tries to send a letter.
const KEPT: Duration = Duration::days(1);

/// Letters from before this moment are deleted.
pub fn kept_since(now: Instant) -> Instant {
    now.after(-KEPT)
}

/// A letter that is due.
#[derive(QueryableByName)]
pub struct Due {
    /// Its id in the queue.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub id: Uuid,
    #[diesel(sql_type = Bytea)]
    sealed_letter: Vec<u8>,
    /// How often sending was tried, including this time.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
}

impl Due {
    /// The letter itself.
    ///
    /// # Errors
    /// When it was sealed with another master secret.
    pub fn open(&self, secrets: &Secrets) -> Result<Letter> {
        let opened = secrets.open(&label(self.id), &self.sealed_letter);
        let bytes = opened.ok_or_else(|| Error::internal("a letter of another master secret"))?;
        serde_json::from_slice(&bytes).map_err(Error::internal)
    }
}

fn label(id: Uuid) -> String {
    LETTERS.label(&[&id])
}

fn sealed(secrets: &Secrets, id: Uuid, letter: &Letter) -> Result<Vec<u8>> {
    secrets.seal(&label(id), &serde_json::to_vec(letter).map_err(Error::internal)?)
}

/// Puts `letter` into the queue, due at once.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    id: Uuid,
    letter: &Letter,
    now: Instant,
) -> Result<()> {
    let row = (
        outgoing_mails::id.eq(id),
        outgoing_mails::created_at.eq(now),
        outgoing_mails::sealed_letter.eq(sealed(secrets, id, letter)?),
        outgoing_mails::attempts.eq(0),
        outgoing_mails::due_at.eq(now),
    );
    diesel::insert_into(outgoing_mails::table).values(row).execute(db).await?;
    Ok(())
}

/// Replaces the letter with this `id` by another one.
///
/// # Errors
/// When the database fails.
pub async fn replace(db: &mut AsyncPgConnection, secrets: &Secrets, id: Uuid, letter: &Letter) -> Result<()> {
    let sealed = sealed(secrets, id, letter)?;
    diesel::update(outgoing_mails::table.find(id)).set(outgoing_mails::sealed_letter.eq(sealed)).execute(db).await?;
    Ok(())
}

/// Takes a letter that is due for this server alone, and makes it due again later in case sending fails: after a
/// minute, then two, four and so on up to an hour.
///
/// # Errors
/// When the database fails.
pub async fn claim(db: &mut AsyncPgConnection, now: Instant) -> Result<Option<Due>> {
    let claimed = sql_query(
        "UPDATE outgoing_mails SET attempts = attempts + 1, \
             due_at = $1 + least(interval '1 minute' * power(2, least(attempts, 10)), interval '1 hour') \
         WHERE id = (SELECT id FROM outgoing_mails WHERE due_at <= $1 ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) \
         RETURNING id, sealed_letter, attempts",
    )
    .bind::<Timestamptz, _>(now)
    .get_result(db)
    .await
    .optional()?;
    Ok(claimed)
}

/// Deletes the letters that could not be sent in time.
///
/// # Errors
/// When the database fails.
pub async fn sweep(db: &mut AsyncPgConnection, now: Instant) -> Result<()> {
    let old = outgoing_mails::table.filter(outgoing_mails::created_at.le(kept_since(now)));
    diesel::delete(old).execute(db).await?;
    Ok(())
}

/// Takes a letter out of the queue.
///
/// # Errors
/// When the database fails.
pub async fn delete(db: &mut AsyncPgConnection, id: Uuid) -> Result<()> {
    diesel::delete(outgoing_mails::table.find(id)).execute(db).await?;
    Ok(())
}

/// A letter that waits for one of some addresses.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// Its id in the queue.
    pub id: Uuid,
    /// Since when it waits.
    pub since: Instant,
}

/// The letters that wait to be sent to one of `addresses`. Letters that another master secret sealed are left out: nobody can
/// read them any more.
///
/// # Errors
/// When the database fails.
pub async fn waiting_for(
    mut db: &AsyncPgConnection,
    secrets: &Secrets,
    addresses: &BTreeSet<String>,
) -> Result<Vec<Waiting>> {
    let sealed: Vec<(Uuid, Instant, Vec<u8>)> = outgoing_mails::table
        .order(outgoing_mails::id)
        .select((outgoing_mails::id, outgoing_mails::created_at, outgoing_mails::sealed_letter))
        .load(&mut db)
        .await?;
    let is_theirs = |id: Uuid, letter: &[u8]| {
        let letter = secrets.open(&label(id), letter)?;
        let letter: Letter = serde_json::from_slice(&letter).ok()?;
        Some(addresses.contains(&letter.address().to_lowercase()))
    };
    let theirs = sealed.into_iter().filter(|(id, _, letter)| is_theirs(*id, letter) == Some(true));
    Ok(theirs.map(|(id, since, _)| Waiting { id, since }).collect())
}
