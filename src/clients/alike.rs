//! The pairs among all clients, found part by part.

use diesel::{ExpressionMethods, QueryDsl, QueryableByName, sql_query, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    likeness::{is_slip, score_of_pair},
    model::ClientId,
    pairs::{self, Likely},
};
use crate::{
    change::Tx,
    db::{Sql, schema::clients},
    error::Result,
};

/// A pair as the database finds it.
#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = sql_types::Uuid)]
    client_id: ClientId,
    #[diesel(sql_type = sql_types::Uuid)]
    other_id: ClientId,
    #[diesel(sql_type = sql_types::Text)]
    name_key: String,
    #[diesel(sql_type = sql_types::Text)]
    other_key: String,
    #[diesel(sql_type = sql_types::Array<sql_types::Text>)]
    matched: Vec<String>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Bool>)]
    same_city: Option<bool>,
}

/// What has been looked through.
#[derive(Clone, Copy, Debug)]
pub struct LookedThrough {
    /// How many clients.
    pub count: i64,
    /// The last of them.
    pub last: ClientId,
}

/// Leaves the pairs of the next clients after the one with the id `after` with those that were entered before them, whoever may
/// see them. Pairs that are known stay as they are. `None` when there are no more clients.
///
/// # Errors
/// When the database fails.
pub async fn pair_next(tx: &mut Tx<'_>, after: ClientId, limit: i64) -> Result<Option<LookedThrough>> {
    static FIND: Sql = Sql::new();
    let next = clients::table.filter(clients::id.gt(after)).order(clients::id).limit(limit).select(clients::id);
    let next: Vec<ClientId> = next.load(&mut **tx).await?;
    let count = i64::try_from(next.len()).unwrap_or(limit);
    let Some(last) = next.iter().next_back().copied() else { return Ok(None) };
    let find = sql_query("SELECT * FROM client_pairs_alike($1)").bind::<sql_types::Array<sql_types::Uuid>, _>(next);
    let found: Vec<Found> = FIND.of(find).load(&mut **tx).await?;
    let likely: Vec<Likely> = found.into_iter().filter_map(Found::judged).collect();
    pairs::leave_all(tx, likely).await?;
    Ok(Some(LookedThrough { count, last }))
}

/// How many clients there are.
///
/// # Errors
/// When the database fails.
pub async fn count_all(mut db: &AsyncPgConnection) -> Result<i64> {
    Ok(clients::table.count().get_result(&mut db).await?)
}

/// The client at a place in the order of the ids; `None` when there are fewer.
///
/// # Errors
/// When the database fails.
pub async fn at_place(mut db: &AsyncPgConnection, place: i64) -> Result<Option<ClientId>> {
    let found: Vec<ClientId> =
        clients::table.order(clients::id).offset(place).limit(1).select(clients::id).load(&mut db).await?;
    Ok(found.into_iter().next())
}

impl Found {
    /// The pair with what is left of what it has in common when the names are compared letter by letter.
    fn judged(mut self) -> Option<Likely> {
        let is_slip = is_slip(&self.name_key, &self.other_key);
        self.matched.retain(|matched| is_slip || matched != "similar_name");
        let is_more_than_near = self.matched.iter().any(|matched| matched != "city" && matched != "contact");
        let score = is_more_than_near.then(|| score_of_pair(&self.matched, self.same_city)).flatten()?;
        Some(Likely { client: self.client_id, other: self.other_id, score, reasons: self.matched })
    }
}
