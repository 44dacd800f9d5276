//! What happens around sessions: it changes no resource, and belongs into the log all the same.

mod programs;

use crate::clock::Clock;
use crate::http::part;
use actix_web::{HttpRequest, web::Data};
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Map, Value, json};

use super::{Budget, suppressed};
use crate::{
    access::{SessionId, UserId},
    change::{
        Origin, Outcome, Tx,
        audit_event::{Content, Event},
        write_audit,
    },
    db::{Db, Lease, schema::users},
    error::Result,
    secrets::Secrets,
    values::Email,
};

/// How persons prove who they are; with a second factor or without.
const BY_PASSWORD: (&str, &str) = ("method", "password");

/// Writes down what a request does to sessions.
pub struct Journal {
    clock: Data<Clock>,
    secrets: Data<Secrets>,
    refusals: Data<Budget>,
    origin: Origin,
}

impl Journal {
    /// The journal of what `request` does.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn of(request: &HttpRequest) -> Result<Self> {
        Ok(Self {
            clock: part(request)?,
            secrets: part(request)?,
            refusals: part(request)?,
            origin: Origin::of(request),
        })
    }

    /// `user` signed in with a password, and has `session` now.
    ///
    /// # Errors
    /// The database's.
    pub async fn signed_in(&self, db: &mut AsyncPgConnection, user: UserId, session: SessionId) -> Result<()> {
        self.write(db, "signed_in", user, session, fields(&[BY_PASSWORD])).await
    }

    /// `user` proved again, in `session`, who they are.
    ///
    /// # Errors
    /// The database's.
    pub async fn confirmed(&self, db: &mut AsyncPgConnection, user: UserId, session: SessionId) -> Result<()> {
        self.write(db, "confirmed", user, session, fields(&[BY_PASSWORD])).await
    }

    /// `user` ended `session`.
    ///
    /// # Errors
    /// The database's.
    pub async fn signed_out(&self, db: &mut AsyncPgConnection, user: UserId, session: SessionId) -> Result<()> {
        self.write(db, "signed_out", user, session, Map::new()).await
    }

    /// A refresh token of `session` came a second time; the session is over.
    ///
    /// # Errors
    /// The database's.
    pub async fn token_reused(&self, db: &mut AsyncPgConnection, user: UserId, session: SessionId) -> Result<()> {
        let content = Content { outcome: Outcome::Refused, ..about(Some(user), "refresh_token_reused", Map::new()) };
        // Who came with the token is not known: it may be a thief.
        let origin = Origin { session_id: Some(session), ..self.origin.clone() };
        self.insert(db, content, &origin).await
    }

    /// `action`, by which somebody wanted to prove that `account` is theirs, was refused for `cause`. So many are recorded in a minute; the rest is
    /// counted. Of an account that does not exist only an e-mail address is kept, where it can be erased: what is no
    /// address may be a password in the wrong field.
    ///
    /// # Errors
    /// The database's.
    pub async fn proof_refused(&self, db: &Db, action: &'static str, account: &str, cause: &str) -> Result<()> {
        let Some(mut db) = self.admitted(db).await? else { return Ok(()) };
        let email = Email::parse(account).ok();
        let found = find(&mut db, email.as_ref()).await?;
        let cause = match &found {
            _ if cause == "throttled" => cause,
            None => "unknown_account",
            Some((_, status)) if status != "active" => "blocked_account",
            Some(_) => cause,
        };
        let mut changes = fields(&[BY_PASSWORD, ("cause", cause)]);
        if let (None, Some(email)) = (&found, &email) {
            changes.insert("email".to_owned(), json!({"to": email}));
        }
        let content = Content { outcome: Outcome::Refused, ..about(found.map(|(user, _)| user), action, changes) };
        self.insert(&mut db, content, &self.origin).await
    }

    /// A connection to record one more refusal with, when there is room for it. Also records how many had none before.
    async fn admitted(&self, db: &Db) -> Result<Option<Lease>> {
        let now = self.clock.now();
        let (record, owed) = self.refusals.admit_sign_in(self.origin.address, now);
        if !record && owed.is_none() {
            return Ok(None);
        }
        let db = db.connect().await?;
        if let Some(owed) = owed {
            write_audit(&db, &[suppressed(&self.secrets, owed, now)?]).await?;
        }
        Ok(record.then_some(db))
    }

    async fn write(
        &self,
        db: &mut AsyncPgConnection,
        action: &'static str,
        user: UserId,
        session: SessionId,
        changes: Map<String, Value>,
    ) -> Result<()> {
        let origin = Origin { actor_id: Some(user), session_id: Some(session), ..self.origin.clone() };
        self.insert(db, about(Some(user), action, changes), &origin).await
    }

    async fn insert(&self, db: &mut AsyncPgConnection, content: Content<'_>, origin: &Origin) -> Result<()> {
        let event = Event::new(self.secrets.audit_key(), content, origin, self.clock.now())?;
        write_audit(db, &[event]).await
    }
}

/// Records in the open transaction that somebody, at `origin`, asked for a link to set the password of `user`.
///
/// # Errors
/// The database's.
pub async fn reset_requested(tx: &mut Tx<'_>, user: UserId, origin: &Origin) -> Result<()> {
    let content = about(Some(user), "password_reset_requested", Map::new());
    let event = Event::new(tx.secrets().audit_key(), content, origin, tx.now())?;
    write_audit(tx, &[event]).await
}

async fn find(db: &mut AsyncPgConnection, email: Option<&Email>) -> Result<Option<(UserId, String)>> {
    let Some(email) = email else { return Ok(None) };
    let found = users::table.filter(users::email.eq(email)).select((users::id, users::status)).first(db).await;
    Ok(found.optional()?)
}

fn about(user: Option<UserId>, action: &str, changes: Map<String, Value>) -> Content<'_> {
    Content {
        action,
        resource: "users",
        resource_id: user.map(UserId::uuid),
        client_id: None,
        outcome: Outcome::Done,
        changes,
        personal: &["email"],
    }
}

fn fields(values: &[(&str, &str)]) -> Map<String, Value> {
    values.iter().map(|(name, value)| ((*name).to_owned(), json!({"to": value}))).collect()
}
