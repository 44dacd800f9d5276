//! What is recorded about a change, in the change's own transaction.

use std::mem;

use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Origin, Outcome,
    audit_event::{Content, Event},
};
use crate::{
    db::{Sql, insert_many, schema::audit_events},
    error::Result,
    secrets::{NamedKey, Secrets},
    values::{Entity, Instant, confidential::reveal, members_of},
};

static INSERT: Sql = Sql::new();
static INSERT_MANY: Sql = Sql::new();

/// A field whose values were erased.
#[derive(Clone, Copy, Debug)]
pub struct ErasedField {
    /// Its name.
    pub name: &'static str,
    /// Whether only some callers may know of it.
    pub is_confidential: bool,
}

/// What happened to one resource.
#[derive(Debug)]
pub struct Record {
    /// What was done: `created`, `updated`, `transferred` …
    pub action: &'static str,
    /// The kind of resource.
    pub resource: &'static str,
    /// Its id.
    pub resource_id: Uuid,
    /// The client whose history this belongs to.
    pub client_id: Option<Uuid>,
    /// The version after the change; for a deleted row, its last version.
    pub version: i64,
    /// Each changed field with its value before and after, marked when only some callers may see it; `reason` when one
    /// was given.
    pub changes: Map<String, Value>,
    /// The fields that are stored erasable.
    pub personal: &'static [&'static str],
    /// Whether listeners are told. They are not told of a read.
    pub is_told: bool,
}

impl Record {
    /// `row` was created.
    pub fn created<E: Entity>(row: &E) -> Self {
        Self::of("created", row, difference(Map::new(), members(row)))
    }

    /// `action` turned `before` into `after`.
    pub fn changed<E: Entity>(action: &'static str, before: &E, after: &E) -> Self {
        Self::of(action, after, difference(members(before), members(after)))
    }

    /// `row` was deleted.
    pub fn deleted<E: Entity>(row: &E) -> Self {
        Self::of("deleted", row, difference(members(row), Map::new()))
    }

    /// `row` was read in a way that is recorded. Nothing has changed.
    pub fn read<E: Entity>(action: &'static str, row: &E) -> Self {
        Self { is_told: false, ..Self::of(action, row, Map::new()) }
    }

    /// The values of these `fields` were erased. They are named, but their values are not repeated.
    pub fn erased(resource: &'static str, id: Uuid, client_id: Uuid, version: i64, fields: &[ErasedField]) -> Self {
        let mark = |field: &ErasedField| match field.is_confidential {
            true => json!({"personal": true, "confidential": true}),
            false => json!({"personal": true}),
        };
        let changes = fields.iter().map(|field| (field.name.to_owned(), mark(field))).collect();
        let client_id = Some(client_id);
        Self { action: "erased", resource, resource_id: id, client_id, version, changes, personal: &[], is_told: true }
    }

    /// Adds the reason.
    pub fn because(&mut self, reason: &str) {
        self.changes.insert("reason".to_owned(), json!({"to": reason}));
    }

    fn of<E: Entity>(action: &'static str, row: &E, mut changes: Map<String, Value>) -> Self {
        for name in members_of::<E>().confidential() {
            if let Some(Value::Object(change)) = changes.get_mut(*name) {
                change.insert("confidential".to_owned(), json!(true));
            }
        }
        Self {
            action,
            resource: E::NAME,
            resource_id: row.uuid(),
            client_id: row.client(),
            version: row.version(),
            changes,
            personal: members_of::<E>().personal(),
            is_told: true,
        }
    }

    /// Makes the event of the record, and moves the changes into it.
    fn event(&mut self, key: &NamedKey, origin: &Origin, now: Instant) -> Result<Event> {
        let content = Content {
            action: self.action,
            resource: self.resource,
            resource_id: Some(self.resource_id),
            client_id: self.client_id,
            outcome: Outcome::Done,
            changes: mem::take(&mut self.changes),
            personal: self.personal,
        };
        Event::new(key, content, origin, now)
    }
}

fn members(row: &impl Serialize) -> Map<String, Value> {
    match reveal(true, || serde_json::to_value(row)) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// The fields that differ. The version and the time of the change are left out, since they are recorded on their own.
fn difference(before: Map<String, Value>, mut after: Map<String, Value>) -> Map<String, Value> {
    let mut both: Vec<(String, Value, Value)> = Vec::with_capacity(before.len().max(after.len()));
    for (name, from) in before {
        let to = after.remove(&name).unwrap_or_default();
        both.push((name, from, to));
    }
    both.extend(after.into_iter().map(|(name, to)| (name, Value::Null, to)));
    both.into_iter()
        .filter(|(name, from, to)| {
            from != to && !matches!(name.as_str(), "id" | "version" | "created_at" | "updated_at")
        })
        .map(|(name, from, to)| (name, change(from, to)))
        .collect()
}

fn change(from: Value, to: Value) -> Value {
    Value::Object([("from".to_owned(), from), ("to".to_owned(), to)].into_iter().collect())
}

/// Makes the events of `records`, and moves the changes into them.
///
/// # Errors
/// When the system gives no random bytes.
pub fn events_of(secrets: &Secrets, records: &mut [Record], origin: &Origin, now: Instant) -> Result<Vec<Event>> {
    records.iter_mut().map(|record| record.event(secrets.audit_key(), origin, now)).collect()
}

/// Writes `events` into the open transaction.
///
/// # Errors
/// When the database fails.
pub async fn write(mut db: &AsyncPgConnection, events: &[Event]) -> Result<()> {
    if let [event] = events {
        INSERT.of(diesel::insert_into(audit_events::table).values(event)).execute(&mut db).await?;
        return Ok(());
    }
    Ok(insert_many(db, &INSERT_MANY, events, |some| diesel::insert_into(audit_events::table).values(some)).await?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::difference;

    fn object(value: Value) -> serde_json::Map<String, Value> {
        match value {
            Value::Object(members) => members,
            _ => panic!("not an object"),
        }
    }

    #[test]
    fn only_changed_fields_are_recorded() {
        let before = object(json!({"id": 1, "version": 1, "name": "a", "phone": null, "tags": ["x"]}));
        let after = object(json!({"id": 1, "version": 2, "name": "b", "phone": null, "tags": ["x"]}));
        assert_eq!(Value::Object(difference(before, after)), json!({"name": {"from": "a", "to": "b"}}));
    }
}
