//! Whether the log is as the server wrote it.
//!
//! The verification finds every change, removal and insertion of an event or a seal that was made without the server's
//! secret. With a head that was noted elsewhere, it also finds that the newest events were cut off, or that the whole
//! log was replaced. Each server notes the newest head in memory and in a file (`watch.rs`).
//!
//! It does not find:
//! - what someone writes who has both the database and the secret, as long as no head was noted;
//! - that the newest events were cut off, when no head was noted;
//! - events that were kept from being written at all;
//! - that personal values were erased without permission, since erasing is meant to be possible.

use std::{
    collections::{HashSet, VecDeque},
    num::NonZero,
    sync::Arc,
};

use diesel::{ExpressionMethods, JoinOnDsl, QueryDsl, QueryableByName, SelectableHelper, sql_query, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    keys::{AuditKeys, Verdict},
    report::{Anchor, AuditVerification, Fault, FaultKind},
    seal::{NOTHING, Seal, head, hex, seal_number},
};
use crate::{
    change::audit_event::Event,
    db::schema::{audit_events, audit_leaves, audit_seals, audit_unsealed},
    error::{Error, Result},
    secrets::Secrets,
};

/// Maximum number of faults in a report.
pub const MAX_FAULTS: usize = 100;
/// Maximum number of events in one step, unless a single seal has more.
const EVENTS: i64 = 5_000;
/// Maximum number of seals in one step.
const SEALS: i64 = 1_000;

/// How much to verify at once.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The first seal.
    pub from: i64,
    /// Maximum number of seals.
    pub seals: i64,
    /// Maximum number of events, unless a single seal has more.
    pub events: i64,
}

/// Verifies the whole log, however long it takes, in bounded memory.
///
/// # Errors
/// When the database fails.
pub async fn everything(db: &AsyncPgConnection, secrets: &Secrets, noted: &[Anchor]) -> Result<AuditVerification> {
    let keys = Arc::new(AuditKeys::load(db, secrets).await?);
    let mut found = AuditVerification::default();
    // As many batches are checked at once as there are cores, while the next one is read.
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut checking = VecDeque::new();
    let mut next = Some(0);
    while let Some(from) = next {
        let bounds = Bounds { from, seals: SEALS, events: EVENTS };
        let batch = Batch::read(db, bounds).await?;
        next = batch.next;
        if checking.len() >= cores {
            join(&mut found, checking.pop_front()).await?;
        }
        let keys = Arc::clone(&keys);
        checking.push_back(tokio::task::spawn_blocking(move || batch.check(&keys)));
    }
    while let Some(batch) = checking.pop_front() {
        join(&mut found, Some(batch)).await?;
    }
    strays(db, &mut found, Uuid::nil(), Uuid::max()).await?;
    waiting(db, &keys, &mut found, usize::MAX).await?;
    conclude(db, &mut found, &keys, noted).await?;
    Ok(found)
}

/// Verifies a part of the log: its seals, their events, and that there are no other events between these.
///
/// # Errors
/// When the database fails.
pub async fn part(
    db: &AsyncPgConnection,
    secrets: &Secrets,
    bounds: Bounds,
    noted: &[Anchor],
) -> Result<AuditVerification> {
    let keys = Arc::new(AuditKeys::load(db, secrets).await?);
    let mut found = AuditVerification::default();
    let after = match bounds.from {
        0 => Uuid::nil(),
        from => last_event(db, from - 1, from - 1).await?.unwrap_or_default(),
    };
    let batch = Batch::read(db, bounds).await?;
    let (next, last) = (batch.next, batch.seals.last().map_or(bounds.from, |seal| seal.number));
    let checked = Arc::clone(&keys);
    join(&mut found, Some(tokio::task::spawn_blocking(move || batch.check(&checked)))).await?;
    match next {
        // The ids of neighbouring seals overlap a little, so together the parts leave no gap.
        Some(_) => {
            let until = last_event(db, bounds.from, last).await?.unwrap_or_default();
            strays(db, &mut found, after, until).await?;
        }
        None => {
            strays(db, &mut found, after, Uuid::max()).await?;
            waiting(db, &keys, &mut found, usize::try_from(EVENTS).unwrap_or(usize::MAX)).await?;
        }
    }
    found.next_seal = next;
    conclude(db, &mut found, &keys, noted).await?;
    Ok(found)
}

type Checking = tokio::task::JoinHandle<AuditVerification>;

async fn join(found: &mut AuditVerification, checking: Option<Checking>) -> Result<()> {
    if let Some(checking) = checking {
        let more = checking.await.map_err(Error::internal)?;
        found.seals += more.seals;
        found.events += more.events;
        found.erased += more.erased;
        found.faults.extend(more.faults);
        found.faults.truncate(MAX_FAULTS);
    }
    Ok(())
}

/// What is wrong when a seal is not in the log as it was noted. `last` is the newest seal of the log.
///
/// # Errors
/// When the database fails.
pub async fn fault_of_anchor(db: &AsyncPgConnection, anchor: &Anchor, last: Option<&Seal>) -> Result<Option<Fault>> {
    let kind = match seal_number(db, anchor.number).await? {
        Some(seal) if hex(&seal.hash) == anchor.hash => return Ok(None),
        Some(_) => FaultKind::HeadDiffers,
        None if last.is_some_and(|last| last.number > anchor.number) => FaultKind::SealRemoved,
        None => FaultKind::TailCut,
    };
    Ok(Some(Fault::of_seal(kind, anchor.number)))
}

async fn conclude(
    db: &AsyncPgConnection,
    found: &mut AuditVerification,
    keys: &AuditKeys,
    noted: &[Anchor],
) -> Result<()> {
    let last = head(db).await?;
    for anchor in keys.anchors().chain(noted) {
        found.faults.extend(fault_of_anchor(db, anchor, last.as_ref()).await?);
    }
    // Faults are sorted by seal; faults without a seal come last.
    found.faults.sort_by_key(|fault| fault.seal.unwrap_or(i64::MAX));
    let mut told = HashSet::new();
    found.faults.retain(|fault| told.insert(fault.clone()));
    found.faults.truncate(MAX_FAULTS);
    found.head = last.map(Into::into);
    found.intact = found.faults.is_empty();
    Ok(())
}

/// The seals to check and their events, as they are now.
struct Batch {
    from: i64,
    before: Option<Seal>,
    seals: Vec<Seal>,
    /// The seal, the event's id, and the event if it still exists; ordered by seal and id.
    leaves: Vec<(i64, Uuid, Option<Event>)>,
    next: Option<i64>,
}

impl Batch {
    async fn read(mut db: &AsyncPgConnection, bounds: Bounds) -> Result<Self> {
        let Bounds { from, seals: most, events } = bounds;
        let mut seals: Vec<Seal> = audit_seals::table
            .filter(audit_seals::number.ge((from - 1).max(0)))
            .order(audit_seals::number)
            .limit(most.saturating_add(2))
            .select(Seal::as_select())
            .load(&mut db)
            .await?;
        let before = match seals.as_slice().first() {
            Some(first) if first.number < from => Some(seals.remove(0)),
            _ => None,
        };
        let next = cut(&mut seals, most, events);
        let leaves = match (seals.as_slice().first(), seals.last()) {
            (Some(first), Some(last)) => leaves(db, first.number, last.number, &seals).await?,
            _ => Vec::new(),
        };
        Ok(Self { from, before, seals, leaves, next })
    }

    fn check(self, keys: &AuditKeys) -> AuditVerification {
        let mut found = AuditVerification { faults: self.links(keys), ..AuditVerification::default() };
        let mut leaves = self.leaves.as_slice();
        for seal in &self.seals {
            found.seals += 1;
            let skipped = leaves.partition_point(|(number, ..)| *number < seal.number);
            leaves = leaves.get(skipped..).unwrap_or_default();
            let of_seal = leaves.partition_point(|(number, ..)| *number == seal.number);
            let (own, rest) = leaves.split_at(of_seal);
            leaves = rest;
            check_contents(keys, seal, own, &mut found);
        }
        found.faults.truncate(MAX_FAULTS);
        found
    }

    /// The faults of seals that are missing, were not made by the server or do not follow the one before.
    fn links(&self, keys: &AuditKeys) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut expected = (self.from - 1).max(0);
        let mut hash = (expected == 0).then_some(&NOTHING[..]);
        for seal in self.before.iter().chain(&self.seals) {
            if seal.number != expected {
                faults.extend(
                    (expected..seal.number)
                        .take(MAX_FAULTS)
                        .map(|number| Fault::of_seal(FaultKind::SealRemoved, number)),
                );
                hash = None;
            }
            let kind = fault(seal.verdict(keys), FaultKind::SealChanged);
            faults.extend(kind.map(|kind| Fault::of_seal(kind, seal.number)));
            if hash.is_some_and(|hash| hash != seal.previous) {
                faults.push(Fault::of_seal(FaultKind::ChainBroken, seal.number));
            }
            hash = Some(&seal.hash);
            expected = seal.number.saturating_add(1);
        }
        if self.before.is_none() && self.seals.is_empty() {
            faults.push(Fault::of_seal(FaultKind::SealRemoved, expected));
        }
        faults
    }
}

/// Cuts `seals` down to what is to be checked. Returns the number of the first seal that was cut off.
fn cut(seals: &mut Vec<Seal>, most: i64, events: i64) -> Option<i64> {
    let mut held = 0_i64;
    let within = |(index, seal): (usize, &Seal)| {
        held = held.saturating_add(i64::from(seal.events.max(0)));
        index == 0 || (held <= events && i64::try_from(index).is_ok_and(|index| index < most))
    };
    let kept = seals.iter().enumerate().map(within).take_while(|kept| *kept).count();
    let next = seals.get(kept).map(|seal| seal.number);
    seals.truncate(kept);
    next
}

async fn leaves(
    mut db: &AsyncPgConnection,
    first: i64,
    last: i64,
    seals: &[Seal],
) -> Result<Vec<(i64, Uuid, Option<Event>)>> {
    let expected: i64 = seals.iter().map(|seal| i64::from(seal.events.max(0))).sum();
    let leaves = audit_leaves::table
        .left_join(audit_events::table.on(audit_events::id.eq(audit_leaves::event_id)))
        .filter(audit_leaves::seal.between(first, last))
        .order((audit_leaves::seal, audit_leaves::event_id))
        // One leaf more than expected is enough to show that there are too many.
        .limit(expected.saturating_add(1))
        .select((audit_leaves::seal, audit_leaves::event_id, Option::<Event>::as_select()))
        .load(&mut db)
        .await?;
    Ok(leaves)
}

fn check_contents(keys: &AuditKeys, seal: &Seal, leaves: &[(i64, Uuid, Option<Event>)], found: &mut AuditVerification) {
    let mut faulty = false;
    for (_, id, event) in leaves {
        found.events += 1;
        let Some(kind) = fault_of(event.as_ref(), keys, Some(seal.number)) else {
            found.erased += i64::from(event.as_ref().is_some_and(Event::is_erased));
            continue;
        };
        faulty |= matches!(kind, FaultKind::EventRemoved | FaultKind::EventChanged);
        found.faults.push(Fault::of_event(kind, Some(seal.number), *id));
    }
    let codes = leaves.iter().map(|(_, id, event)| {
        let mac = event.as_ref().map(|event| event.mac.0.as_slice());
        (id, mac.unwrap_or_default())
    });
    // When an event is missing or changed, the seal's hash is not compared: the event is reported already.
    let count = i32::try_from(leaves.len()).unwrap_or(i32::MAX);
    if count != seal.events || (!faulty && seal.hash_of(codes) != seal.hash) {
        found.faults.push(Fault::of_seal(FaultKind::SealChanged, seal.number));
    }
}

/// What is wrong with an event that should be there.
fn fault_of(event: Option<&Event>, keys: &AuditKeys, seal: Option<i64>) -> Option<FaultKind> {
    match event {
        None => Some(FaultKind::EventRemoved),
        Some(event) => fault(event.verdict(keys, seal), FaultKind::EventChanged),
    }
}

fn fault(verdict: Verdict, changed: FaultKind) -> Option<FaultKind> {
    match verdict {
        Verdict::Authentic => None,
        Verdict::Changed => Some(changed),
        Verdict::Unknown => Some(FaultKind::KeyUnknown),
        Verdict::Replaced => Some(FaultKind::KeyReplaced),
    }
}

async fn last_event(mut db: &AsyncPgConnection, first: i64, last: i64) -> Result<Option<Uuid>> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = sql_types::Nullable<sql_types::Uuid>)]
        id: Option<Uuid>,
    }
    // The last leaf of each seal takes one index lookup. Postgres has no max() of a uuid before version 18.
    let last: Last = sql_query(
        "SELECT (SELECT event_id FROM audit_seals CROSS JOIN LATERAL ( \
             SELECT event_id FROM audit_leaves WHERE seal = number ORDER BY event_id DESC LIMIT 1) leaf \
         WHERE number BETWEEN $1 AND $2 ORDER BY event_id DESC LIMIT 1) AS id",
    )
    .bind::<sql_types::BigInt, _>(first)
    .bind::<sql_types::BigInt, _>(last)
    .get_result(&mut db)
    .await?;
    Ok(last.id)
}

#[derive(QueryableByName)]
struct Stray {
    #[diesel(sql_type = sql_types::Uuid)]
    id: Uuid,
}

/// Events from `first` to `last` that are in no seal and do not wait for one.
async fn strays(mut db: &AsyncPgConnection, found: &mut AuditVerification, first: Uuid, last: Uuid) -> Result<()> {
    let room = MAX_FAULTS.saturating_sub(found.faults.len());
    let strays: Vec<Stray> = sql_query(
        "SELECT event.id FROM audit_events event \
         LEFT JOIN audit_leaves leaf ON leaf.event_id = event.id AND leaf.event_id BETWEEN $1 AND $2 \
         LEFT JOIN audit_seals ON number = leaf.seal AND number >= 0 \
         WHERE event.id BETWEEN $1 AND $2 AND number IS NULL \
             AND NOT EXISTS (SELECT FROM audit_unsealed WHERE event_id = event.id) \
         ORDER BY event.id LIMIT $3",
    )
    .bind::<sql_types::Uuid, _>(first)
    .bind::<sql_types::Uuid, _>(last)
    .bind::<sql_types::BigInt, _>(i64::try_from(room).unwrap_or(i64::MAX))
    .load(&mut db)
    .await?;
    found.faults.extend(strays.into_iter().map(|stray| Fault::of_event(FaultKind::EventInserted, None, stray.id)));
    Ok(())
}

/// Checks at most `most` of the events that wait for a seal.
async fn waiting(
    mut db: &AsyncPgConnection,
    keys: &AuditKeys,
    found: &mut AuditVerification,
    most: usize,
) -> Result<()> {
    let mut after = None;
    let mut left = most;
    loop {
        let limit = i64::try_from(left).unwrap_or(EVENTS).min(EVENTS);
        let mut query = audit_unsealed::table
            .left_join(audit_events::table.on(audit_events::id.eq(audit_unsealed::event_id)))
            .order(audit_unsealed::event_id)
            .limit(limit)
            .select((audit_unsealed::event_id, Option::<Event>::as_select()))
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(audit_unsealed::event_id.gt(after));
        }
        let events: Vec<(Uuid, Option<Event>)> = query.load(&mut db).await?;
        for (id, event) in &events {
            found.waiting += 1;
            let kind = fault_of(event.as_ref(), keys, None);
            found.faults.extend(kind.map(|kind| Fault::of_event(kind, None, *id)));
        }
        found.faults.truncate(MAX_FAULTS);
        left = left.saturating_sub(events.len());
        after = events.last().map(|(id, _)| *id);
        if after.is_none() || left == 0 {
            return Ok(());
        }
    }
}
