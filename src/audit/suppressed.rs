//! Refusals that were too many to be recorded one by one.

use diesel_async::AsyncPgConnection;
use serde_json::{Map, json};

use super::budget::{Budget, Subject, Suppressed};
use crate::{
    access::UserId,
    change::{
        Origin, Outcome,
        audit_event::{Content, Event},
        write_audit,
    },
    error::Result,
    secrets::Secrets,
    values::Instant,
};

/// Records what went unrecorded in the minutes that are over.
///
/// # Errors
/// When the database fails.
pub async fn settle(db: &mut AsyncPgConnection, secrets: &Secrets, refusals: &Budget, now: Instant) -> Result<()> {
    let owed = refusals.settle(now);
    let events = owed.into_iter().map(|owed| suppressed(secrets, owed, now)).collect::<Result<Vec<_>>>()?;
    write_audit(db, &events).await
}

/// One event for all the refusals that were not recorded.
///
/// # Errors
/// When the system gives no random bytes.
pub fn suppressed(secrets: &Secrets, owed: Suppressed, now: Instant) -> Result<Event> {
    // Who tries to sign in to an account need not be its user.
    let (user, actor_id) = match owed.subject {
        Subject::Caller(user) => (Some(user), Some(user)),
        Subject::Account(user) => (Some(user), None),
        Subject::SignIns | Subject::Address(_) => (None, None),
    };
    let mut changes = Map::new();
    changes.insert("count".to_owned(), json!({"to": owed.count}));
    let content = Content {
        action: "suppressed",
        resource: "users",
        resource_id: user.map(UserId::uuid),
        client_id: None,
        outcome: Outcome::Refused,
        changes,
        personal: &[],
    };
    Event::new(secrets.audit_key(), content, &Origin { actor_id, ..Origin::default() }, now)
}
