//! Records what happens to sessions. This changes no resource, but belongs in the audit log all the same.

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
        Origin, Outcome, Tx, Unsealed,
        audit_event::{Content, Event},
        write_audit,
    },
    db::{Db, Lease, schema::users},
    error::Result,
    secrets::Secrets,
    values::Email,
};

/// How persons prove who they are, with or without a second factor.
const BY_PASSWORD: (&str, &str) = ("method", "password");

/// Writes down what a request does to sessions.
pub struct Journal {
    clock: Data<Clock>,
    secrets: Data<Secrets>,
    refusals: Data<Budget>,
    unsealed: Data<Unsealed>,
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
            unsealed: part(request)?,
            origin: Origin::of(request),
        })
    }

    /// Records that `user` signed in with a password and now has `session`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signed_in(&self, db: &mut AsyncPgConnection, user: UserId, session: SessionId) -> Result<()> {
        self.write(db, "signed_in", user, session, fields(&[BY_PASSWORD])).await
    }

    /// Records that `user` proved again, in `session`, who they are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn confirmed(&self, db: &mut AsyncPgConnection, user: UserId, session: SessionId) -> Result<()> {
        self.write(db, "confirmed", user, session, fields(&[BY_PASSWORD])).await
    }

    /// Records that `user` ended `session`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signed_out(&self, db: &mut AsyncPgConnection, user: UserId, session: SessionId) -> Result<()> {
        self.write(db, "signed_out", user, session, Map::new()).await
    }

    /// Records that a refresh token of `session` was used a second time, which ended the session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_reused(&self, db: &mut AsyncPgConnection, user: UserId, session: SessionId) -> Result<()> {
        let content = Content { outcome: Outcome::Refused, ..about(Some(user), "refresh_token_reused", Map::new()) };
        // The sender of the token may be a thief, so `user` is not recorded as the one who acted.
        let origin = Origin { session_id: Some(session), ..self.origin.clone() };
        self.insert(db, content, &origin).await
    }

    /// Records that `action` was refused for `cause`: somebody tried to prove that `account` is theirs. Only so many
    /// refusals are recorded in a minute; the rest are counted, for each account that exists. For an account that does not
    /// exist, only an e-mail address is stored, where it can be erased: any other text may be a password in the wrong field.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn proof_refused(&self, db: &Db, action: &'static str, account: &str, cause: &str) -> Result<()> {
        let (mut db, is_recorded) = self.admitted(db).await?;
        let email = Email::parse(account).ok();
        let found = find(&mut db, email.as_ref()).await?;
        if !is_recorded {
            self.count(found.map(|(user, _)| user));
            return Ok(());
        }
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

    /// A connection, and whether the budget allows to record one more refusal. Also records how many refusals went
    /// unrecorded before.
    async fn admitted(&self, db: &Db) -> Result<(Lease, bool)> {
        let now = self.clock.now();
        let (record, owed) = self.refusals.admit_sign_in(self.origin.address, now);
        let db = db.connect().await?;
        if let Some(owed) = owed {
            write_audit(&db, &[suppressed(&self.secrets, owed, now)?]).await?;
        }
        Ok((db, record))
    }

    /// Counts a refusal that is not recorded, so that guesses at an account do not hide behind refusals of other accounts.
    fn count(&self, account: Option<UserId>) {
        if let Some(account) = account {
            self.refusals.count_for(account, self.clock.now());
        }
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
        let id = event.id;
        write_audit(db, &[event]).await?;
        self.unsealed.note([id], self.clock.now());
        Ok(())
    }
}

/// Records in the open transaction that somebody, at `origin`, asked for a link to set the password of `user`.
///
/// # Errors
/// When the database fails.
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
