//! The transaction of a change.

use std::{
    borrow::Cow,
    collections::HashMap,
    ops::{Deref, DerefMut},
    time::Duration,
};

use chrono_tz::Tz;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};
use futures_util::future::try_join4;
use uuid::Uuid;

use super::{
    Origin, Record,
    idempotency::{self, Keyed},
    outbox,
    record::{events_of, write},
};
use crate::{
    access::{self, Action, Actor, Epoch, Scope, UserId, recent, rights_epoch},
    db::STATEMENT_TIMEOUT,
    error::{Error, Result},
    http::Reply,
    secrets::Secrets,
    values::{Day, Entity, Id, Instant, Invalid, Resource, example_id},
};

/// A transaction that knows who makes the change, and collects what must be recorded about it.
pub struct Tx<'c> {
    db: &'c mut AsyncPgConnection,
    secrets: &'c Secrets,
    actor: Actor,
    origin: Origin,
    now: Instant,
    records: Vec<Record>,
    /// The events that were written about it.
    written: Vec<Uuid>,
    /// How many rows of each kind have got an id, where their ids are numbers.
    numbers: Option<HashMap<&'static str, u32>>,
    callers_changed: bool,
    /// The epoch of rights in which the change is made, once that is known.
    seen_epoch: Option<Epoch>,
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
        Ok(Self {
            db,
            secrets,
            actor,
            origin,
            now,
            records: Vec::new(),
            written: Vec::new(),
            numbers: None,
            callers_changed: false,
            seen_epoch: None,
        })
    }

    /// Records what was `done` and commits it, once `confirm` has looked at the actor's rights again; rolls back when any
    /// of this failed.
    pub(super) async fn end<T>(
        mut self,
        done: Result<T>,
        confirm: impl AsyncFnOnce(&Actor, Epoch) -> Result<()>,
    ) -> Ended<T> {
        let written = match done {
            Ok(value) => self.finish(confirm).await.map(|()| value),
            Err(error) => Err(error),
        };
        let Self { db, seen_epoch, callers_changed, written: events, .. } = self;
        match written {
            Ok(value) => {
                let committed = AnsiTransactionManager::commit_transaction(db).await;
                let next_epoch = seen_epoch.filter(|_| callers_changed).map(|seen| seen + 1);
                Ended { done: committed.map(|()| value).map_err(Error::from), next_epoch, events }
            }
            Err(error) => {
                // A failure is ignored: the caller gets the error that came first, and the pool discards a connection
                // that cannot roll back.
                let _ = AnsiTransactionManager::rollback_transaction(db).await;
                Ended { done: Err(error), next_epoch: None, events: Vec::new() }
            }
        }
    }

    async fn finish(&mut self, confirm: impl AsyncFnOnce(&Actor, Epoch) -> Result<()>) -> Result<()> {
        write_records(self, None).await?;
        match self.seen_epoch {
            Some(epoch) => confirm(&self.actor, epoch).await,
            None => Ok(()),
        }
    }

    /// The moment of the change.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The day of the change where the actor works.
    pub fn today(&self) -> Day {
        self.now.day_in(self.actor.zone())
    }

    /// The day of the change where the organisation works, by which contracts begin and end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn contract_day(&self) -> Result<Day> {
        Ok(self.now.day_in(self.zone_of_contracts().await?))
    }

    /// The time zone in which the days of contracts begin.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn zone_of_contracts(&self) -> Result<Tz> {
        match self.actor.zone_of_organization() {
            Some(zone) => Ok(zone),
            None => Ok(access::load_locale(self.db).await?.zone),
        }
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

    /// Gives new rows the ids of the demonstration company from now on, instead of random ones.
    pub fn number_ids(&mut self) {
        self.numbers = Some(HashMap::new());
    }

    /// The id of a new row.
    pub fn new_id<R: Resource>(&mut self) -> Id<R> {
        match &mut self.numbers {
            None => Id::generate(),
            Some(numbers) => {
                let number = numbers.entry(R::NAME).or_default();
                *number += 1;
                example_id(R::NAME, *number).into()
            }
        }
    }

    /// The secrets that seal and sign.
    pub fn secrets(&self) -> &'c Secrets {
        self.secrets
    }

    /// Records that `row` was created. What is new decides nothing about those who are callers already.
    pub fn created<E: Entity>(&mut self, row: &E) {
        self.records.push(Record::created(row));
    }

    /// Records what `action` changed.
    pub fn changed<E: Entity>(&mut self, action: &'static str, before: &E, after: &E) {
        self.keep::<E>(Record::changed(action, before, after));
    }

    /// Records that `row` was deleted.
    pub fn deleted<E: Entity>(&mut self, row: &E) {
        self.keep::<E>(Record::deleted(row));
    }

    /// Records that `row` was read by `action`.
    pub fn read<E: Entity>(&mut self, action: &'static str, row: &E) {
        self.records.push(Record::read(action, row));
    }

    /// Records what was erased.
    pub fn erased(&mut self, records: impl IntoIterator<Item = Record>) {
        self.records.extend(records);
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
    tx.end(done, async |_, _| Ok(())).await.done
}

/// How a transaction ended.
pub(super) struct Ended<T> {
    /// The result of its work, if it was committed.
    pub done: Result<T>,
    /// The epoch of rights that has begun with it. It may have begun also when the commit failed.
    pub next_epoch: Option<Epoch>,
    /// The events that were written with it.
    pub events: Vec<Uuid>,
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

/// Writes the collected records, stores an answer under its idempotency key, and reads the epoch of rights. All statements
/// are sent at once.
pub(super) async fn write_records(tx: &mut Tx<'_>, answer: Option<(&Keyed, &Reply)>) -> Result<()> {
    let mut records = std::mem::take(&mut tx.records);
    let events = events_of(tx.secrets, &mut records, &tx.origin, tx.now)?;
    let kept = async {
        match answer {
            Some((request, reply)) => idempotency::finish(tx, request, reply).await,
            None => Ok(()),
        }
    };
    let (audited, told) = (write(tx, &events), outbox::insert(tx, &records, tx.now));
    let ((), (), (), epoch) = try_join4(audited, told, kept, epoch(tx)).await?;
    tx.seen_epoch = epoch;
    tx.written.extend(events.iter().map(|event| event.id));
    Ok(())
}

/// The epoch of rights in which the change is made. It ends with the change if that changes what callers may do.
async fn epoch(tx: &Tx<'_>) -> Result<Option<Epoch>> {
    match (tx.seen_epoch, tx.callers_changed, &tx.actor) {
        (Some(seen), ..) => Ok(Some(seen)),
        (None, true, _) => rights_epoch::advance(tx).await.map(Some),
        (None, false, Actor::Caller(_)) => rights_epoch::read(tx).await.map(Some),
        (None, false, Actor::System | Actor::Nobody) => Ok(None),
    }
}

/// The error for a reference to something that does not exist or is out of reach.
pub fn unknown_reference(pointer: &str) -> Error {
    Error::field(pointer, Invalid::UnknownReference)
}
