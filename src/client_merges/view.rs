//! Merges as a caller sees them.

use std::collections::HashMap;

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    model::{ClientMerge, ClientMergeView, MovedCounts},
    queries::Merge,
};
use crate::{
    access::Actor,
    clients::{Client, ClientId},
    db::{columns_of, wide::clients},
    error::{Error, Result},
};

impl ClientMerge {
    /// Whether the client that was given up can be taken back. After an erasure nothing is left of it.
    pub fn can_be_undone(&self) -> bool {
        self.undone_at.is_none() && self.kept.0.get("clients").is_some()
    }
}

/// `merges` as `actor` sees them.
///
/// # Errors
/// When the database fails.
pub async fn views(
    mut db: &AsyncPgConnection,
    merges: Vec<ClientMerge>,
    actor: &Actor,
) -> Result<Vec<ClientMergeView>> {
    let ids: Vec<ClientId> = merges.iter().map(|merge| merge.survivor_id).collect();
    let rows: Vec<Client> =
        clients::table.filter(clients::id.eq_any(ids)).select(columns_of::<Client>()).load(&mut db).await?;
    let survivors: HashMap<ClientId, Client> = rows.into_iter().map(|client| (client.id, client)).collect();
    let view = |merge: ClientMerge| {
        let may = survivors.get(&merge.survivor_id).is_some_and(|client| actor.may::<Client, Merge>(client));
        let actions = if may && merge.can_be_undone() { vec!["undo"] } else { Vec::new() };
        ClientMergeView { moved: MovedCounts::of(&merge.moved.0), merge, actions }
    };
    Ok(merges.into_iter().map(view).collect())
}

/// One merge, as [`views`] gives it.
///
/// # Errors
/// When the database fails.
pub async fn view(db: &AsyncPgConnection, merge: ClientMerge, actor: &Actor) -> Result<ClientMergeView> {
    views(db, vec![merge], actor).await?.pop().ok_or_else(Error::not_found)
}
