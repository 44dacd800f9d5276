//! An event as it is stored. Its personal values are separate, and a code that only the server can make (a MAC)
//! protects the whole event.

use aws_lc_rs::hmac;
use diesel::{
    Insertable, Queryable, Selectable,
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, data_types::PgTimestamp},
    serialize::{self, Output, ToSql},
    sql_types,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use strum::{AsRefStr, EnumString};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Origin,
    canonical::{self, Fields},
};
use crate::{
    db::{schema::audit_events, stored_as_text},
    error::Result,
    secrets::{self, NamedKey},
    values::{Id, Instant},
};

/// The reason for a change is free text, so it counts as personal for every kind of resource.
const REASON: &str = "reason";
/// The length in bytes of the salt of the personal values.
const SALT_BYTES: usize = 32;

/// An event's identifier.
pub type AuditEntryId = Id<Event>;

/// How something ended.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsRefStr, EnumString, AsExpression, FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = sql_types::Text)]
#[schema(as = AuditOutcome)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused, and nothing changed.
    Refused,
}
stored_as_text!(Outcome);

/// What an event says.
#[derive(Debug)]
pub struct Content<'a> {
    /// What was done, or would have been.
    pub action: &'a str,
    /// The kind of resource.
    pub resource: &'a str,
    /// The id of the resource, when it was a single one.
    pub resource_id: Option<Uuid>,
    /// The client whose history this belongs to.
    pub client_id: Option<Uuid>,
    /// How it ended.
    pub outcome: Outcome,
    /// Each field with its value before and after.
    pub changes: Map<String, Value>,
    /// The fields that are stored erasable, in addition to the reason.
    pub personal: &'a [&'a str],
}

/// A row of the audit log.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
pub struct Event {
    pub id: Uuid,
    // The time as Postgres stores it, so that even a forged one can be read.
    pub at: PgTimestamp,
    pub actor_id: Option<Uuid>,
    pub action: String,
    pub resource: String,
    pub resource_id: Option<Uuid>,
    pub client_id: Option<Uuid>,
    pub request_id: Option<String>,
    pub changes: Stored,
    pub outcome: String,
    pub session_id: Option<Uuid>,
    pub address: Option<String>,
    pub personal: Option<Stored>,
    pub personal_salt: Option<Vec<u8>>,
    pub personal_digest: Option<Vec<u8>>,
    pub mac: Code,
    pub api_key_id: Option<Uuid>,
}

impl Event {
    /// A new event, signed with `key`.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new(key: &NamedKey, content: Content<'_>, origin: &Origin, now: Instant) -> Result<Self> {
        let (changes, personal) = split(content.changes, content.personal);
        let mut event = Self {
            id: Uuid::now_v7(),
            at: timestamp(now),
            actor_id: origin.actor_id.map(Id::uuid),
            action: content.action.to_owned(),
            resource: content.resource.to_owned(),
            resource_id: content.resource_id,
            client_id: content.client_id,
            request_id: origin.request_id.clone(),
            changes: Stored(Value::Object(changes)),
            outcome: content.outcome.as_ref().to_owned(),
            session_id: origin.session_id.map(Id::uuid),
            address: origin.address.map(|address| address.to_string()),
            personal: None,
            personal_salt: None,
            personal_digest: None,
            mac: Code::default(),
            api_key_id: origin.api_key_id.map(Id::uuid),
        };
        if !personal.is_empty() {
            event.keep_apart(Value::Object(personal))?;
        }
        event.mac = Code(key.sign(&event.bytes()));
        Ok(event)
    }

    /// Adds the `personal` values with a digest of their own.
    fn keep_apart(&mut self, personal: Value) -> Result<()> {
        let salt = secrets::random::<SALT_BYTES>()?;
        self.personal_digest = Some(digest(&salt, &personal).as_ref().to_vec());
        self.personal_salt = Some(salt.to_vec());
        self.personal = Some(Stored(personal));
        Ok(())
    }

    /// Whether the event had personal values that have been erased.
    pub fn is_erased(&self) -> bool {
        self.personal.is_none() && self.personal_digest.is_some()
    }

    /// The bytes that the code covers.
    pub fn bytes(&self) -> Vec<u8> {
        Fields::of("liaison audit event 1")
            .with(self.id.as_bytes())
            .with(&self.at.0.to_be_bytes())
            .with_some(bytes_of(self.actor_id.as_ref()))
            .with(self.action.as_bytes())
            .with(self.resource.as_bytes())
            .with_some(bytes_of(self.resource_id.as_ref()))
            .with_some(bytes_of(self.client_id.as_ref()))
            .with_some(self.request_id.as_deref().map(str::as_bytes))
            .with(&canonical::json(&self.changes.0))
            .with(self.outcome.as_bytes())
            .with_some(bytes_of(self.session_id.as_ref()))
            .with_some(self.address.as_deref().map(str::as_bytes))
            .with_some(self.personal_digest.as_deref())
            .with_some(bytes_of(self.api_key_id.as_ref()))
            .into_bytes()
    }
}

fn bytes_of(id: Option<&Uuid>) -> Option<&[u8]> {
    id.map(|id| &id.as_bytes()[..])
}

fn digest(salt: &[u8], personal: &Value) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, salt), &canonical::json(personal))
}

/// Splits `changes` into those without personal values, which keep only the names of personal fields, and the personal
/// values.
fn split(changes: Map<String, Value>, personal: &[&str]) -> (Map<String, Value>, Map<String, Value>) {
    let (mut clear, mut apart) = (Map::new(), Map::new());
    for (name, change) in changes {
        if name != REASON && !personal.contains(&name.as_str()) {
            clear.insert(name, change);
            continue;
        }
        let mut mark = json!({"personal": true});
        if let (Some(confidential), Value::Object(mark)) = (change.get("confidential"), &mut mark) {
            mark.insert("confidential".to_owned(), confidential.clone());
        }
        clear.insert(name.clone(), mark);
        apart.insert(name, change);
    }
    (clear, apart)
}

/// Microseconds from 1970 to the year 2000, from which Postgres counts.
const EPOCH: i64 = 946_684_800_000_000;

/// `moment` as Postgres stores it.
pub fn timestamp(moment: Instant) -> PgTimestamp {
    PgTimestamp(moment.utc().timestamp_micros() - EPOCH)
}

/// The moment that Postgres stores as `timestamp`, if it can be represented.
pub fn moment(timestamp: PgTimestamp) -> Option<Instant> {
    chrono::DateTime::from_timestamp_micros(timestamp.0.checked_add(EPOCH)?).map(Instant::from)
}

/// The code of an event as it is in the database. It is empty when the column is null, which the server never writes.
#[derive(Clone, Debug, Default, PartialEq, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Bytea)]
pub struct Code(pub Vec<u8>);

impl ToSql<sql_types::Bytea, Pg> for Code {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Bytea, Pg>::to_sql(&self.0, out)
    }
}

impl FromSql<sql_types::Bytea, Pg> for Code {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(value.as_bytes().to_vec()))
    }

    fn from_nullable_sql(value: Option<<Pg as Backend>::RawValue<'_>>) -> deserialize::Result<Self> {
        value.map_or_else(|| Ok(Self::default()), Self::from_sql)
    }
}

/// JSON as it is in the database. JSON that cannot be parsed, which the server never writes, becomes a string with its
/// text.
#[derive(Clone, Debug, PartialEq, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Jsonb)]
pub struct Stored(pub Value);

impl ToSql<sql_types::Jsonb, Pg> for Stored {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Jsonb, Pg>::to_sql(&self.0, out)
    }
}

impl FromSql<sql_types::Jsonb, Pg> for Stored {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = value.as_bytes().get(1..).unwrap_or_default();
        let parsed = serde_json::from_slice(text);
        Ok(Self(parsed.unwrap_or_else(|_unread| Value::String(String::from_utf8_lossy(text).into_owned()))))
    }
}

#[cfg(test)]
pub mod tests {
    use serde_json::{Value, json};

    use super::{Content, Event, Outcome, Stored};
    use crate::{
        change::Origin,
        secrets::{NamedKey, Secrets},
    };

    /// The key of the events.
    pub fn key() -> NamedKey {
        Secrets::derive(&[1; 32]).unwrap().audit_key().clone()
    }

    /// An event with personal values.
    pub fn event() -> Event {
        let Value::Object(changes) = json!({"name": {"from": null, "to": "Ann"}, "status": {"from": null, "to": "lead"},
            "note": {"from": null, "to": "Late", "confidential": true}, "reason": {"to": "Asked"}})
        else {
            unreachable!()
        };
        let content = Content {
            action: "created",
            resource: "clients",
            resource_id: Some(uuid::Uuid::now_v7()),
            client_id: None,
            outcome: Outcome::Done,
            changes,
            personal: &["name", "note"],
        };
        Event::new(&key(), content, &Origin::default(), "2026-11-24T10:00:00Z".parse().unwrap()).unwrap()
    }

    #[test]
    fn personal_values_stand_apart_and_their_names_stay() {
        let event = event();
        let clear = json!({"name": {"personal": true}, "status": {"from": null, "to": "lead"},
            "note": {"personal": true, "confidential": true}, "reason": {"personal": true}});
        assert_eq!(event.changes, Stored(clear));
        let apart = json!({"name": {"from": null, "to": "Ann"},
            "note": {"from": null, "to": "Late", "confidential": true}, "reason": {"to": "Asked"}});
        assert_eq!(event.personal, Some(Stored(apart)));
    }

    #[test]
    fn the_same_values_have_another_digest_in_another_event() {
        assert_ne!(event().personal_digest, event().personal_digest);
    }
}
