//! How a merge is undone.

use std::collections::BTreeMap;

use diesel::{
    sql_query,
    sql_types::{Jsonb as SqlJsonb, Timestamptz},
};
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::{
    combine::members,
    merge::move_rows,
    model::{Changed, ClientMerge, ClientMergeId},
    queries::{Right, find_locked, write_undone},
};
use crate::{
    access::{Read, Scope},
    change::{Tx, save},
    clients::{self, Client, ClientTerms},
    error::{Error, OnConstraint, ProblemType, Result},
    http::{IfMatch, Terms, parse_document},
};

/// Takes the client that was given up back: what moved from it and is still with the survivor goes back, and so do the fields that
/// still have the values of the merge.
///
/// # Errors
/// 404, 403, 412, 409 when it was undone before, when nothing is left of the client that was given up, and when what was entered
/// since stands in the way.
pub async fn undo(tx: &mut Tx<'_>, scope: &Right, id: ClientMergeId, seen: &IfMatch) -> Result<ClientMerge> {
    let merge = find_locked(tx, scope, id).await?;
    clients::lock_alone(tx, scope, merge.survivor_id).await?;
    let survivor = clients::lock_all(tx, scope, &[merge.survivor_id]).await?.pop().ok_or_else(Error::not_found)?;
    scope.permit(&survivor)?;
    seen.check(merge.version)?;
    if !merge.can_be_undone() {
        return Err(Error::transition(if merge.undone_at.is_some() { "undone" } else { "erased" }, &[]));
    }
    let reverted = Client { terms: revert(&survivor.terms, &merge.changed.0)?, ..survivor.clone() };
    let survivor = match reverted == survivor {
        false => save(tx, "merge_undone", &survivor, reverted).await?,
        true => {
            let grown = clients::grow(tx, &survivor).await?;
            tx.changed("merge_undone", &survivor, &grown);
            grown
        }
    };
    take_back(tx, &merge.kept.0).await?;
    let primary = merge.kept.0.get("primary_contact").and_then(|id| id.as_str()?.parse().ok());
    move_rows(tx, merge.survivor_id, merge.merged_id, &merge.moved.0, primary).await?;
    let restored = clients::find(tx, &Scope::<Client, Read>::system(), merge.merged_id).await?;
    clients::touch(tx, &survivor).await?;
    clients::touch(tx, &restored).await?;
    tx.created(&restored);
    tx.callers_changed();
    write_undone(tx, merge).await
}

/// `terms` with the former values of the fields that are still as the merge left them.
fn revert(terms: &ClientTerms, changed: &BTreeMap<String, Changed>) -> Result<ClientTerms> {
    let mut members = members(terms)?;
    for (name, Changed { from, to }) in changed {
        if members.get(name).unwrap_or(&Value::Null) == to {
            members.insert(name.clone(), from.clone());
        }
    }
    parse_document(&Value::Object(members), ClientTerms::breaches)
}

async fn take_back(tx: &mut Tx<'_>, kept: &Value) -> Result<()> {
    let now = tx.now();
    let query = sql_query("SELECT take_back_client($1, $2)").bind::<SqlJsonb, _>(kept).bind::<Timestamptz, _>(now);
    let taken = query.execute(&mut **tx).await.on_constraint(|_| {
        Some(Error::new(ProblemType::Conflict).detail(
            "Another client has got what identifies the one that was given up.",
            "Другой клиент уже получил идентификаторы объединённого клиента.",
        ))
    });
    taken.map(drop)
}
