//! Reads all that is held on a person, in a number of queries that does not grow with it.

use std::collections::BTreeSet;

use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, Bool, Jsonb as SqlJsonb, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::json;

use super::{
    model::{Part, StoredRow},
    places::{Place, Subject},
};
use crate::{change::Tx, clients::Client, db::Jsonb, error::Result, mail, values::members_of};

/// What a row is found by is made of its other columns, and how often it changed in secret is told to nobody.
const DERIVED: [&str; 5] = ["search", "contact_words", "name_key", "domain", "hidden_changes"];

/// What changes with confidential columns, too.
const GROWING: &str = "version";

const AUDIT: (&str, &str) = ("Entries of the audit log", "Записи журнала аудита");
const MAILS: (&str, &str) = ("Letters that wait to be sent", "Письма, ожидающие отправки");

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = SqlJsonb)]
    value: Jsonb<StoredRow>,
}

/// All that is held on `subject`, with what is confidential if `knows_all`.
///
/// # Errors
/// When the database fails.
pub async fn read(tx: &mut Tx<'_>, subject: Subject, knows_all: bool) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    // The person's own row is the last of the places and the first that is read.
    for place in subject.places().iter().rev() {
        parts.push(Part { rows: rows(tx, place, subject, knows_all).await?, ..part(place.table, place.title) });
    }
    parts.push(Part { rows: entries(tx, subject, knows_all).await?, ..part("audit_events", AUDIT) });
    let addresses = addresses(tx, subject).await?;
    let letters = mail::waiting_for(tx, tx.secrets(), &addresses).await?;
    let letter = |letter: mail::Waiting| {
        StoredRow::from_iter([("id".to_owned(), json!(letter.id)), ("created_at".to_owned(), json!(letter.since))])
    };
    parts.push(Part { rows: letters.into_iter().map(letter).collect(), ..part("outgoing_mails", MAILS) });
    Ok(parts)
}

fn part(table: &'static str, (title, title_ru): (&'static str, &'static str)) -> Part {
    Part { table, title, title_ru, rows: Vec::new() }
}

async fn rows(mut db: &AsyncPgConnection, place: &Place, subject: Subject, knows_all: bool) -> Result<Vec<StoredRow>> {
    let Place { table, rows, shown, .. } = place;
    let shown = if shown.is_empty() { "*".to_owned() } else { shown.join(", ") };
    let confidential = members_of::<Client>().confidential().iter().chain([&GROWING]).filter(|_| !knows_all);
    let hidden: Vec<&str> = DERIVED.iter().chain(confidential).copied().collect();
    // A decimal is a text, as everywhere in the API: as a number, programs would round it.
    let held = sql_query(format!(
        "SELECT (SELECT jsonb_object_agg(key, CASE WHEN jsonb_typeof(value) = 'number' AND value::text LIKE '%.%'
             THEN to_jsonb(value::text) ELSE value END) FROM jsonb_each(to_jsonb(held) - $2)) AS value
         FROM (SELECT {shown} FROM {table} WHERE {rows} ORDER BY id) held"
    ));
    let held = held.bind::<SqlUuid, _>(subject.id()).bind::<Array<Text>, _>(hidden);
    let held: Vec<Held> = held.load(&mut db).await?;
    Ok(held.into_iter().map(|held| held.value.0).collect())
}

/// The entries of the audit log, without those that changed only what is hidden, and without where those who work here were when they acted.
async fn entries(mut db: &AsyncPgConnection, subject: Subject, knows_all: bool) -> Result<Vec<StoredRow>> {
    let held = sql_query(format!(
        "SELECT jsonb_build_object('id', id, 'at', at, 'actor_id', actor_id, 'action', action, 'resource', resource,
             'resource_id', resource_id, 'changes', coalesce((
                 SELECT jsonb_object_agg(key, value) FROM jsonb_each(changes || coalesce(personal, '{{}}'))
                 WHERE $2 OR NOT coalesce((value ->> 'confidential')::boolean, false)), '{{}}')) AS value
         FROM audit_events WHERE {} AND ($2 OR changes = '{{}}' OR EXISTS (
             SELECT FROM jsonb_each(changes) WHERE NOT coalesce((value ->> 'confidential')::boolean, false)))
         ORDER BY at, id",
        subject.audit_entries()
    ));
    let held: Vec<Held> = held.bind::<SqlUuid, _>(subject.id()).bind::<Bool, _>(knows_all).load(&mut db).await?;
    Ok(held.into_iter().map(|held| held.value.0).collect())
}

/// The e-mail addresses of `subject`.
///
/// # Errors
/// When the database fails.
pub async fn addresses(mut db: &AsyncPgConnection, subject: Subject) -> Result<BTreeSet<String>> {
    #[derive(QueryableByName)]
    struct Address {
        #[diesel(sql_type = Nullable<Text>)]
        value: Option<String>,
    }
    let known: Vec<Address> = sql_query(subject.addresses()).bind::<SqlUuid, _>(subject.id()).load(&mut db).await?;
    Ok(known.into_iter().filter_map(|address| address.value).map(|address| address.to_lowercase()).collect())
}
