//! The values that a row has of the organisation's own fields, checked when the row is written.

use std::{collections::HashSet, sync::Arc};

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryableByName, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::{Tx, unknown_reference};
use crate::{
    access::{Actor, Owned, Read},
    custom::{self, Comparable, Custom, CustomKind, Definition, Definitions, Given, Reference, comparable},
    db::{lock_values_until_commit, schema::users, wide::clients},
    error::{Error, FieldError, Result},
    values::{Entity, Resource},
};

/// A client that a value refers to.
#[derive(Debug)]
enum LinkedClient {}

impl Resource for LinkedClient {
    const NAME: &'static str = "clients";
}

impl Owned for LinkedClient {
    const CLIENT: Option<&'static str> = Some("id");
}

/// Gives a new row the defaults of the organisation's own fields, and checks the values that it has of them.
///
/// # Errors
/// 422 naming each value that is wrong or missing, 409 for one that another row has.
pub async fn begin_custom<R: Custom + Entity>(tx: &mut Tx<'_>, row: &mut R) -> Result<()> {
    let definitions = definitions(tx).await?;
    let of_resource = definitions.of_resource(R::RESOURCE);
    custom::with_defaults(of_resource, row.values_mut());
    check(tx, of_resource, None, row.given(), row.uuid()).await
}

/// Checks what a change makes of the values of a row.
///
/// # Errors
/// As [`begin_custom`].
pub async fn check_custom<R: Custom + Entity>(tx: &mut Tx<'_>, before: &R, after: &R) -> Result<()> {
    if before.given() == after.given() {
        return Ok(());
    }
    let definitions = definitions(tx).await?;
    check(tx, definitions.of_resource(R::RESOURCE), Some(before.given()), after.given(), after.uuid()).await
}

async fn definitions(tx: &Tx<'_>) -> Result<Arc<Definitions>> {
    match tx.actor().custom() {
        Some(known) => Ok(Arc::clone(known)),
        None => custom::load(tx).await,
    }
}

async fn check(
    tx: &mut Tx<'_>,
    definitions: &[Definition],
    before: Option<Given<'_>>,
    after: Given<'_>,
    id: Uuid,
) -> Result<()> {
    let (breaches, references) = custom::breaches(definitions, before, after);
    if !breaches.is_empty() {
        return Err(Error::fields(breaches));
    }
    refuse_unknown(tx, references).await?;
    for definition in definitions.iter().filter(|definition| definition.is_unique) {
        let name = definition.name.as_str();
        let former = before.and_then(|before| before.open.get(name));
        if let Some(value) = after.open.get(name).filter(|value| former != Some(*value)) {
            refuse_taken(tx, definition, value, id).await?;
        }
    }
    Ok(())
}

/// Refuses ids of users who are not active, and of clients that the actor does not see.
async fn refuse_unknown(tx: &mut Tx<'_>, references: Vec<Reference>) -> Result<()> {
    if references.is_empty() {
        return Ok(());
    }
    let ids = |is_client| -> Vec<Uuid> {
        references.iter().filter(|one| one.is_client == is_client).map(|one| one.id).collect()
    };
    let mut known: HashSet<Uuid> = HashSet::new();
    let (linked, named) = (ids(true), ids(false));
    if !linked.is_empty() {
        let within = tx.scope::<LinkedClient, Read>()?.visible();
        let seen = clients::table
            .filter(clients::id.eq_any(linked))
            .filter(within)
            .filter(clients::erased_at.is_null())
            .select(clients::id);
        known.extend(seen.load::<Uuid>(&mut **tx).await?);
    }
    if !named.is_empty() {
        let active = users::table.filter(users::id.eq_any(named)).filter(users::status.eq("active")).select(users::id);
        known.extend(active.load::<Uuid>(&mut **tx).await?);
    }
    let missing = references.into_iter().filter(|one| !known.contains(&one.id));
    let missing: Vec<FieldError> = missing.flat_map(|one| unknown_reference(&one.pointer).into_fields()).collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::fields(missing)) }
}

/// Refuses a value that another row has. Whoever writes the same value at the same time waits.
async fn refuse_taken(tx: &mut Tx<'_>, definition: &Definition, value: &Value, id: Uuid) -> Result<()> {
    let Some(key) = unique_key(definition.kind, value) else { return Ok(()) };
    lock_values_until_commit(tx, vec![lock_key(definition, &key)]).await?;
    match holder(tx, definition.id, &key, id).await? {
        Some(_) => Err(Error::taken(&definition.pointer(), None)),
        None => Ok(()),
    }
}

/// Keys of the values of a row that no other row may have.
pub fn unique_keys<R: Custom>(actor: &Actor, row: &R) -> Vec<String> {
    let definitions = actor.custom().map(|custom| custom.of_resource(R::RESOURCE)).unwrap_or_default();
    let keys = definitions.iter().filter(|definition| definition.is_unique).filter_map(|definition| {
        let value = row.given().open.get(definition.name.as_str())?;
        Some(lock_key(definition, &unique_key(definition.kind, value)?))
    });
    keys.collect()
}

fn lock_key(definition: &Definition, key: &str) -> String {
    format!("custom {} {key}", definition.id)
}

/// What two rows that are written at once with the same unique value breach.
pub fn custom_taken(constraint: &str) -> Option<Error> {
    (constraint == "custom_values_unique_key").then(|| Error::taken("/custom_fields", None))
}

/// A value as the index of unique values has it.
fn unique_key(kind: CustomKind, value: &Value) -> Option<String> {
    match comparable(kind, value.as_str()?).ok()? {
        Comparable::Text(text) => Some(text),
        Comparable::Number(number) => Some(number.to_string()),
    }
}

async fn holder(mut db: &AsyncPgConnection, field: Uuid, key: &str, except: Uuid) -> Result<Option<Uuid>> {
    #[derive(QueryableByName)]
    struct Holder {
        #[diesel(sql_type = sql_types::Uuid)]
        row_id: Uuid,
    }
    let holder = diesel::sql_query(
        "SELECT row_id FROM custom_values WHERE field_id = $1 AND is_unique AND row_id <> $2
             AND coalesce(text_value, trim_scale(number_value)::text) = $3",
    );
    let holder = holder.bind::<sql_types::Uuid, _>(field).bind::<sql_types::Uuid, _>(except);
    let found: Option<Holder> = holder.bind::<sql_types::Text, _>(key).get_result(&mut db).await.optional()?;
    Ok(found.map(|holder| holder.row_id))
}
