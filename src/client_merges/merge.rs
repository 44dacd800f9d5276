//! What a merge does, in one transaction.

use std::collections::BTreeMap;

use diesel::{
    QueryableByName, sql_query,
    sql_types::{Jsonb as SqlJsonb, Nullable, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    combine::{combine, members},
    model::{Changed, ClientMerge, ClientMergeId, Difference, Moved, MovedCounts, NewClientMerge, Preview},
    queries::{Right, insert},
};
use crate::{
    access::{Actor, ReadConfidential},
    change::{Patched, Tx, refuse_hidden, save, unknown_reference},
    clients::{self, Client, ClientId, ClientStatus, ClientTerms},
    db::{AdvisoryLock, Jsonb},
    error::{Error, OnConstraint, ProblemType, Result},
    http::{Terms, parse_document},
    list::Words,
    values::{Entity, Invalid, Say, Text, members_of},
};

/// What a merge would do.
///
/// # Errors
/// As [`merge`].
pub async fn preview(db: &AsyncPgConnection, scope: &Right, new: &NewClientMerge) -> Result<Preview> {
    let ids = ids(new)?;
    let (survivor, merged) = both(&clients::find_all(db, scope, &ids).await?, scope, new)?;
    refuse_two(db, &survivor, &merged).await?;
    let (before, after) = survivor_of(scope.actor(), &survivor, &merged, new)?;
    let moved = rows_of(db, merged.id).await?;
    let other = members(&merged.terms)?;
    let view = clients::views(db, vec![after.clone()], &Words::default(), scope.actor()).await?.pop();
    let sees = [&survivor, &merged].iter().all(|client| scope.actor().may::<Client, ReadConfidential>(*client));
    Ok(Preview {
        survivor: view.ok_or_else(Error::not_found)?,
        differences: differences(&before, &other, &members(&after.terms)?, sees),
        moved: MovedCounts::of(&moved),
    })
}

/// Merges two clients: the survivor gets everything, and the other one is given up.
///
/// # Errors
/// 403 for clients that the caller may not merge, 422 for clients out of reach, for such that cannot be one, and for fields that the
/// survivor could not have.
pub async fn merge(tx: &mut Tx<'_>, scope: &Right, new: NewClientMerge) -> Result<ClientMerge> {
    let (survivor, merged) = lock(tx, scope, &new).await?;
    refuse_two(tx, &survivor, &merged).await?;
    let (before, after) = survivor_of(tx.actor(), &survivor, &merged, &new)?;
    let primary = [primary_contact(tx, survivor.id).await?, primary_contact(tx, merged.id).await?];
    let rows = rows_of(tx, merged.id).await?;
    let moved = move_rows(tx, merged.id, survivor.id, &rows, primary.into_iter().flatten().next()).await?;
    let changed = changes(&before, &members(&after.terms)?);
    let mut merge = insert(tx, &survivor, &merged, new.reason, (moved, changed.clone())).await?;
    merge.kept = Jsonb(give_up(tx, merge.id, primary[1]).await?);
    tx.deleted(&merged);
    let survivor = match changed.is_empty() {
        false => save(tx, "merged", &survivor, after).await?,
        true => {
            let grown = clients::grow(tx, &survivor).await?;
            tx.changed("merged", &survivor, &grown);
            grown
        }
    };
    if let Some(reason) = &merge.reason {
        tx.because(reason.as_str());
    }
    clients::touch(tx, &survivor).await?;
    tx.callers_changed();
    Ok(merge)
}

/// The ids of both, in their order.
fn ids(new: &NewClientMerge) -> Result<[ClientId; 2]> {
    let mut ids = [new.survivor_id, new.merged_id];
    if new.survivor_id == new.merged_id {
        let say = Say::new("A client is not merged with itself.", "Клиента нельзя объединить с ним самим.");
        return Err(Error::field("/merged_id", Invalid::Rule("same_client", say)));
    }
    ids.sort_by_key(|id| id.uuid());
    Ok(ids)
}

/// Both clients, locked one after the other in the order of their ids. Nothing can be added to the one that is given up.
async fn lock(tx: &mut Tx<'_>, scope: &Right, new: &NewClientMerge) -> Result<(Client, Client)> {
    let ids = ids(new)?;
    // Nobody makes one the parent of the other meanwhile.
    AdvisoryLock::Parents.until_commit(tx).await?;
    let mut locked = Vec::new();
    for id in ids {
        if id == new.merged_id {
            match clients::lock_alone(tx, scope, id).await {
                Err(error) if error.problem() == ProblemType::NotFound => continue,
                locked => locked?,
            }
        }
        locked.extend(clients::lock_all(tx, scope, &[id]).await?);
    }
    both(&locked, scope, new)
}

/// Both among `clients`, if the caller may merge them.
fn both(clients: &[Client], scope: &Right, new: &NewClientMerge) -> Result<(Client, Client)> {
    let find = |id: ClientId, pointer: &str| {
        let client =
            clients.iter().find(|client| client.id == id).cloned().ok_or_else(|| unknown_reference(pointer))?;
        scope.permit(&client)?;
        client.unless_erased().map_err(|_erased| unknown_reference(pointer))
    };
    let (survivor, merged) = (find(new.survivor_id, "/survivor_id")?, find(new.merged_id, "/merged_id")?);
    // A merge gives the one client to the owner of the other, which in a smaller reach only a transfer may do.
    if survivor.owner_id != merged.owner_id && !scope.covers_all() {
        return Err(Error::forbidden(&Right::permission()));
    }
    Ok((survivor, merged))
}

/// Refuses clients that cannot be one.
async fn refuse_two(db: &AsyncPgConnection, survivor: &Client, merged: &Client) -> Result<()> {
    let refuse = |pointer, code, en, ru| Err(Error::field(pointer, Invalid::Rule(code, Say::new(en, ru))));
    if survivor.status == ClientStatus::Archived {
        return refuse(
            "/survivor_id",
            "archived_client",
            "The survivor is archived. Restore it first.",
            "Клиент в архиве. Сначала восстановите его.",
        );
    }
    if survivor.kind != merged.kind {
        return refuse(
            "/merged_id",
            "other_kind",
            "One is an organisation, the other a person.",
            "Один клиент — организация, другой — человек.",
        );
    }
    if survivor.is_key && merged.is_key && survivor.owner_id != merged.owner_id {
        let en = "Both are key clients of different owners. Transfer one of them first.";
        return refuse(
            "/merged_id",
            "two_key_clients",
            en,
            "Это ключевые клиенты разных ответственных. Сначала передайте одного из них.",
        );
    }
    for (one, other) in [(survivor.id, merged.id), (merged.id, survivor.id)] {
        if clients::belongs_to(db, one, other).await? {
            return refuse(
                "/merged_id",
                "related_client",
                "One of them belongs to the other.",
                "Один из клиентов подчинён другому.",
            );
        }
    }
    Ok(())
}

fn conflict(en: &'static str, ru: &'static str) -> Error {
    Error::new(ProblemType::Conflict).detail(en, ru)
}

/// The members of the survivor before the merge, and the survivor after it.
fn survivor_of(
    actor: &Actor,
    survivor: &Client,
    merged: &Client,
    new: &NewClientMerge,
) -> Result<(Map<String, Value>, Client)> {
    let take: Vec<&str> = new.take.iter().map(Text::as_str).collect();
    if members_of::<ClientTerms>().confidential().iter().any(|name| take.contains(name)) {
        [survivor, merged].iter().try_for_each(|client| refuse_hidden(actor, *client))?;
    }
    let before = members(&survivor.terms)?;
    let combined = combine(&before, &members(&merged.terms)?, &take)?;
    let terms: ClientTerms = parse_document(&Value::Object(combined), ClientTerms::breaches)?;
    let after = Client { terms, ..survivor.clone() };
    let breaches = Patched::breaches(&after);
    if breaches.is_empty() { Ok((before, after)) } else { Err(Error::fields(breaches)) }
}

fn differences(
    survivor: &Map<String, Value>,
    merged: &Map<String, Value>,
    result: &Map<String, Value>,
    sees_confidential: bool,
) -> Vec<Difference> {
    let hidden = members_of::<ClientTerms>().confidential();
    let names = members_of::<ClientTerms>().iter().map(|member| member.name);
    let names = names.filter(|name| sees_confidential || !hidden.contains(name));
    let of = |client: &Map<String, Value>, name: &str| client.get(name).cloned().unwrap_or(Value::Null);
    let all = names.map(|name| Difference {
        field: name.to_owned(),
        survivor: of(survivor, name),
        merged: of(merged, name),
        result: of(result, name),
    });
    all.filter(|difference| difference.survivor != difference.merged).collect()
}

/// The members that are not the same after the merge.
fn changes(before: &Map<String, Value>, after: &Map<String, Value>) -> BTreeMap<String, Changed> {
    let of = |client: &Map<String, Value>, name: &str| client.get(name).cloned().unwrap_or(Value::Null);
    let names = before.keys().chain(after.keys());
    let changed = names.filter(|name| of(before, name) != of(after, name));
    changed.map(|name| (name.clone(), Changed { from: of(before, name), to: of(after, name) })).collect()
}

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = SqlJsonb)]
    value: Value,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

async fn rows_of(mut db: &AsyncPgConnection, client: ClientId) -> Result<Moved> {
    let query = sql_query("SELECT rows_of_client($1) AS value").bind::<SqlUuid, _>(client);
    let Rows { value } = query.get_result(&mut db).await?;
    serde_json::from_value(value).map_err(Error::internal)
}

async fn primary_contact(tx: &mut Tx<'_>, client: ClientId) -> Result<Option<Uuid>> {
    let query = sql_query("SELECT id FROM contacts WHERE client_id = $1 AND is_primary").bind::<SqlUuid, _>(client);
    let found: Vec<Found> = query.load(&mut **tx).await?;
    Ok(found.as_slice().first().map(|found| found.id))
}

/// Moves `rows` from one client to another, and what refers to them. Of the contacts, only `primary` is the first to turn to.
///
/// # Errors
/// 409 when something else belongs to both clients.
pub async fn move_rows(
    tx: &mut Tx<'_>,
    from: ClientId,
    to: ClientId,
    rows: &Moved,
    primary: Option<Uuid>,
) -> Result<Moved> {
    let rows = serde_json::to_value(rows).map_err(Error::internal)?;
    let query = sql_query("SELECT move_rows_of_client($1, $2, $3, $4) AS value")
        .bind::<SqlUuid, _>(from)
        .bind::<SqlUuid, _>(to)
        .bind::<SqlJsonb, _>(rows)
        .bind::<Nullable<SqlUuid>, _>(primary);
    let moved: Result<Rows> = query.get_result(&mut **tx).await.on_constraint(|_| {
        Some(conflict(
            "Something that was added since refers to what belongs to both clients.",
            "Есть новые записи, связанные с тем, что принадлежит обоим клиентам.",
        ))
    });
    serde_json::from_value(moved?.value).map_err(Error::internal)
}

/// Gives up the client of a merge, and returns what belonged to it alone.
async fn give_up(tx: &mut Tx<'_>, merge: ClientMergeId, primary: Option<Uuid>) -> Result<Value> {
    let query = sql_query("SELECT give_up_client($1, $2) AS value");
    let query = query.bind::<SqlUuid, _>(merge).bind::<Nullable<SqlUuid>, _>(primary);
    let Rows { value } = query.get_result(&mut **tx).await?;
    Ok(value)
}

/// What is written of a merge beside the two clients: what moved, and the changed fields.
pub type Written = (Moved, BTreeMap<String, Changed>);

impl ClientMerge {
    /// The merge of `merged` into `survivor`.
    pub fn of(tx: &mut Tx<'_>, survivor: &Client, merged: &Client, (moved, changed): Written) -> Self {
        let now = tx.now();
        Self {
            id: tx.new_id(),
            version: 1,
            created_at: now,
            updated_at: now,
            survivor_id: survivor.id,
            merged_id: merged.uuid().into(),
            merged_name: merged.terms.name.clone(),
            merged_by: tx.user_id(),
            reason: None,
            moved: Jsonb(moved),
            kept: Jsonb(json!({})),
            changed: Jsonb(changed),
            undone_at: None,
            undone_by: None,
        }
    }
}
