//! Pairs of clients that may be one, left to be settled.

use super::{
    duplicates::{AllowDuplicate, Candidate},
    model::ClientId,
};
use crate::{
    change::Tx,
    db::{Sql, insert_many, schema::client_duplicates},
    error::Result,
    values::{Id, Instant, Line, Resource},
};

/// A pair's identifier.
pub type ClientDuplicateId = Id<ClientDuplicateLabel>;

/// Labels the identifiers of pairs, whose rows another slice reads.
#[derive(Debug)]
pub enum ClientDuplicateLabel {}
impl Resource for ClientDuplicateLabel {
    const NAME: &'static str = "client_duplicates";
}

/// A pair as it is written.
#[derive(diesel::Insertable)]
#[diesel(table_name = client_duplicates, treat_none_as_default_value = false)]
struct Pair {
    id: ClientDuplicateId,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
    client_id: ClientId,
    other_id: ClientId,
    score: i16,
    reasons: Vec<String>,
    status: &'static str,
    allowed_because: Option<Line>,
}

/// Two clients that may be one.
#[derive(Clone, Debug)]
pub struct Likely {
    /// One of them.
    pub client: ClientId,
    /// The other one.
    pub other: ClientId,
    /// How likely they are, 1 to 100.
    pub score: i16,
    /// What both have in common.
    pub reasons: Vec<String>,
}

/// Leaves `client` and each of its candidates to be settled. A pair that was settled before stays settled.
///
/// # Errors
/// When the database fails.
pub async fn leave(
    tx: &mut Tx<'_>,
    client: ClientId,
    candidates: &[Candidate],
    allow: Option<&AllowDuplicate>,
) -> Result<()> {
    if candidates.is_empty() {
        return Ok(());
    }
    let because = allow.map(|allow| allow.reason.clone());
    let likely = candidates.iter().map(|candidate| Likely {
        client,
        other: candidate.id(),
        score: candidate.score(),
        reasons: candidate.matched().to_vec(),
    });
    write(tx, likely, because.as_ref()).await
}

/// Leaves pairs to be settled. Those that are known stay as they are.
///
/// # Errors
/// When the database fails.
pub async fn leave_all(tx: &mut Tx<'_>, likely: Vec<Likely>) -> Result<()> {
    write(tx, likely.into_iter(), None).await
}

async fn write(tx: &mut Tx<'_>, likely: impl Iterator<Item = Likely>, because: Option<&Line>) -> Result<()> {
    static INSERT: Sql = Sql::new();
    let now = tx.now();
    let mut pairs = Vec::new();
    for Likely { client, other, score, reasons } in likely {
        let in_order = client.uuid() < other.uuid();
        let (client_id, other_id) = if in_order { (client, other) } else { (other, client) };
        pairs.push(Pair {
            id: tx.new_id(),
            version: 1,
            created_at: now,
            updated_at: now,
            client_id,
            other_id,
            score,
            reasons,
            status: "open",
            allowed_because: because.cloned(),
        });
    }
    let insert = |some| diesel::insert_into(client_duplicates::table).values(some).on_conflict_do_nothing();
    Ok(insert_many(tx, &INSERT, &pairs, insert).await?)
}
