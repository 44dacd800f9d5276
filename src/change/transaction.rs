//! The transaction of a change.

use std::{
    borrow::Cow,
    ops::{Deref, DerefMut},
    time::Duration,
};

use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};
use futures_util::future::try_join3;

use super::{
    Origin, Record,
    idempotency::{self, Keyed},
    outbox,
    record::{events_of, write},
};
use crate::{
    access::{self, Action, Actor, Scope, UserId, recent},
    db::STATEMENT_TIMEOUT,
    error::{Error, Result},
    http::Reply,
    secrets::Secrets,
    values::{Entity, Instant, Invalid, Resource},
};

/// A transaction that knows who makes the change, and collects what must be recorded about it.
pub struct Tx<'c> {
    db: &'c mut AsyncPgConnection,
    secrets: &'c Secrets,
    actor: Actor,
    origin: Origin,
    now: Instant,
    records: Vec<Record>,
    callers_changed: bool,
}

impl<'c> Tx<'c> {
    pub(super) async fn begin(
        db: &'c mut AsyncPgConnection,
        secrets: &'c Secrets,
        actor: Actor,
        origin: Origin,
        now: Instant,
        time_left: Option<Duration>,
    ) -> Result<Self> {
        AnsiTransactionManager::begin_transaction_sql(&mut *db, &begin(time_left)).await?;
        Ok(Self { db, secrets, actor, origin, now, records: Vec::new(), callers_changed: false })
    }

    /// Records what was `done` and commits it; rolls back when it failed.
    pub(super) async fn end<T>(self, done: Result<T>) -> Result<Ended<T>> {
        match done {
            Ok(value) => self.commit().await.map(|callers_changed| Ended { value, callers_changed }),
            Err(error) => {
                self.roll_back().await;
                Err(error)
            }
        }
    }

    /// Returns whether the rights of callers may have changed.
    async fn commit(mut self) -> Result<bool> {
        if let Err(error) = write_records(&mut self, None).await {
            self.roll_back().await;
            return Err(error);
        }
        AnsiTransactionManager::commit_transaction(self.db).await?;
        Ok(self.callers_changed)
    }

    /// A failure is ignored: the caller gets the error that came first, and the pool discards a connection that cannot
    /// roll back.
    async fn roll_back(self) {
        let _ = AnsiTransactionManager::rollback_transaction(self.db).await;
    }

    /// The moment of the change.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Who makes the change.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The user who makes the change. `None` for the system, and for somebody who is not signed in.
    pub fn user_id(&self) -> Option<UserId> {
        self.actor.user_id()
    }

    /// The actor's right to do `A` to resources `R`.
    ///
    /// # Errors
    /// 403 naming the permission, 401 for somebody who is not signed in.
    pub fn scope<R: Resource, A: Action>(&self) -> Result<Scope<R, A>> {
        self.actor.scope()
    }

    /// The secrets that seal and sign.
    pub fn secrets(&self) -> &'c Secrets {
        self.secrets
    }

    /// Records that `row` was created.
    pub fn created<E: Entity>(&mut self, row: &E) {
        self.keep::<E>(Record::created(row));
    }

    /// Records what `action` changed.
    pub fn changed<E: Entity>(&mut self, action: &'static str, before: &E, after: &E) {
        self.keep::<E>(Record::changed(action, before, after));
    }

    /// Records that `row` was deleted.
    pub fn deleted<E: Entity>(&mut self, row: &E) {
        self.keep::<E>(Record::deleted(row));
    }

    fn keep<E: Entity>(&mut self, record: Record) {
        self.callers_changed |= access::decides_about_callers(E::NAME);
        self.records.push(record);
    }

    /// Notes that the rights of callers have changed although no resource has. They are looked up anew once the change
    /// is committed.
    pub fn callers_changed(&mut self) {
        self.callers_changed = true;
    }

    /// Refuses a caller who has not proved their identity recently. For operations that need the proof only for some changes.
    ///
    /// # Errors
    /// 401 that asks for a proof, 403 for a service account.
    pub async fn require_recent_authentication(&mut self) -> Result<()> {
        let Some(caller) = self.actor.limited_by()?.cloned() else { return Ok(()) };
        let now = self.now;
        recent::check(self, &caller, now).await
    }

    /// Adds the reason to the last record.
    pub fn because(&mut self, reason: &str) {
        if let Some(record) = self.records.last_mut() {
            record.because(reason);
        }
    }
}

impl Deref for Tx<'_> {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        self.db
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        self.db
    }
}

/// Runs `work` in a transaction of the system itself, without a request. The records are signed with `secrets`.
///
/// # Errors
/// The errors of `work`, or when the database fails.
pub async fn by_system<T>(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    now: Instant,
    work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T>,
) -> Result<T> {
    let mut tx = Tx::begin(db, secrets, Actor::System, Origin::default(), now, None).await?;
    let done = work(&mut tx).await;
    tx.end(done).await.map(|ended| ended.value)
}

/// The result of a committed transaction.
pub(super) struct Ended<T> {
    /// The result of its work.
    pub value: T,
    /// Whether the rights of callers may have changed.
    pub callers_changed: bool,
}

/// How much longer than its request a statement may run, so that the caller gets the error of the deadline and not the
/// one of the statement.
const AFTER_DEADLINE: Duration = Duration::from_millis(250);

/// Begins a transaction whose statements do not run on long after the request's deadline.
fn begin(time_left: Option<Duration>) -> Cow<'static, str> {
    match time_left {
        Some(left) if left < STATEMENT_TIMEOUT => {
            format!("BEGIN; SET LOCAL statement_timeout = {}", (left + AFTER_DEADLINE).as_millis()).into()
        }
        _ => "BEGIN".into(),
    }
}

/// Writes the collected records, and stores an answer under its idempotency key. All statements are sent at once.
pub(super) async fn write_records(tx: &mut Tx<'_>, answer: Option<(&Keyed, &Reply)>) -> Result<()> {
    let mut records = std::mem::take(&mut tx.records);
    let tx = &*tx;
    let events = events_of(tx.secrets, &mut records, &tx.origin, tx.now)?;
    let audited = write(tx, &events);
    let told = outbox::insert(tx, &records, tx.now);
    let kept = async {
        match answer {
            Some((request, reply)) => idempotency::finish(tx, request, reply).await,
            None => Ok(()),
        }
    };
    try_join3(audited, told, kept).await?;
    Ok(())
}

/// The error for a reference to something that does not exist or is out of reach.
pub fn unknown_reference(pointer: &str) -> Error {
    Error::field(pointer, Invalid::UnknownReference)
}
