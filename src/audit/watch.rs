//! The server's own memory of the audit log: the newest seal that it has seen, also across restarts, and the events that it
//! has written lately. So a cut tail is noticed although nobody noted a head.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::Duration;
use diesel::{QueryableByName, sql_query, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    report::{Anchor, Fault, FaultKind},
    seal::{Seal, head, hex, seal_number},
    verify::{MAX_FAULTS, fault_of_anchor},
};
use crate::{
    change::Unsealed,
    error::{Error, Result},
    values::Instant,
};

/// The file in the data folder that has the newest seal.
pub const FILE: &str = "audit-head";
/// After this time an event is sealed, or waits for its seal where the verification sees it.
const SEALED_BY: Duration = Duration::seconds(3);

/// What a server knows of the log.
#[derive(Debug, Default)]
pub struct Watch {
    file: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The hash of the first seal, which tells one log from another, and the newest seal.
    known: Option<(String, Anchor)>,
    faults: Vec<Fault>,
}

impl Watch {
    /// Goes on from what the file in `folder` says, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read, or is none of ours.
    pub fn over(folder: &Path) -> Result<Self> {
        let file = folder.join(FILE);
        let explain = |what: &dyn std::fmt::Display| Error::internal(format!("{}: {what}", file.display()));
        let known = match std::fs::read_to_string(&file) {
            Ok(text) => Some(parsed(&text).ok_or_else(|| explain(&"this is not the head of an audit log"))?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(explain(&error)),
        };
        Ok(Self { file: Some(file), state: Mutex::new(State { known, faults: Vec::new() }) })
    }

    /// The newest seal that is known of this log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn anchor(&self, db: &AsyncPgConnection) -> Result<Option<Anchor>> {
        let Some((chain, anchor)) = self.lock().known.clone() else { return Ok(None) };
        let first = seal_number(db, 0).await?.map(|seal| hex(&seal.hash));
        Ok((first.as_ref() == Some(&chain)).then_some(anchor))
    }

    /// What this server has seen go missing since it started.
    pub fn faults(&self) -> Vec<Fault> {
        self.lock().faults.clone()
    }

    /// Compares the log with what is known of it, and then knows its newest seal.
    ///
    /// # Errors
    /// When the log has lost something, each time from then on. When the database or the file fails.
    pub async fn look(&self, db: &AsyncPgConnection, unsealed: &Unsealed, now: Instant) -> Result<()> {
        let last = head(db).await?;
        if let Some(known) = self.anchor(db).await?
            && let Some(fault) = fault_of_anchor(db, &known, last.as_ref()).await?
        {
            self.alarm(fault);
        }
        for id in missing(db, unsealed.take_before(now.after(-SEALED_BY))).await? {
            self.alarm(Fault::of_event(FaultKind::EventRemoved, None, id));
        }
        if let Some(fault) = self.faults().into_iter().next() {
            return Err(Error::internal(format!("THE AUDIT LOG WAS CHANGED: {fault}")));
        }
        match last {
            Some(last) => self.learn(db, &last).await,
            None => Ok(()),
        }
    }

    fn alarm(&self, fault: Fault) {
        let mut state = self.lock();
        if !state.faults.contains(&fault) && state.faults.len() < MAX_FAULTS {
            tracing::error!(%fault, "the audit log has lost something that this server has seen in it");
            state.faults.push(fault);
        }
    }

    async fn learn(&self, db: &AsyncPgConnection, last: &Seal) -> Result<()> {
        let anchor = Anchor { number: last.number, hash: hex(&last.hash) };
        let chain = match &self.lock().known {
            Some((_, known)) if *known == anchor => return Ok(()),
            Some((chain, _)) => Some(chain.clone()),
            None => None,
        };
        let first = seal_number(db, 0).await?.map(|seal| hex(&seal.hash)).unwrap_or_default();
        if chain.is_some_and(|chain| chain != first) {
            tracing::warn!("this is another audit log than the one that this server knew");
        }
        if let Some(file) = &self.file {
            write(file, &format!("{first} {}:{}\n", anchor.number, anchor.hash))?;
        }
        self.lock().known = Some((first, anchor));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What is known stays usable even if a thread panicked while it held the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parsed(text: &str) -> Option<(String, Anchor)> {
    let (chain, anchor) = text.trim().split_once(' ')?;
    Some((chain.to_owned(), anchor.parse().ok()?))
}

/// Replaces the file as a whole, so that it is never half written. A folder that does not exist keeps no file: a server with
/// an own database elsewhere may have none.
fn write(file: &Path, text: &str) -> Result<()> {
    let new = file.with_extension("new");
    match std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, file)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done.map_err(|error| Error::internal(format!("{}: {error}", file.display()))),
    }
}

/// The events that are no longer there.
async fn missing(mut db: &AsyncPgConnection, ids: Vec<Uuid>) -> Result<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Missing {
        #[diesel(sql_type = sql_types::Uuid)]
        id: Uuid,
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql =
        "SELECT id FROM unnest($1) AS written (id) WHERE NOT EXISTS (SELECT FROM audit_events WHERE id = written.id)";
    let missing: Vec<Missing> = sql_query(sql).bind::<sql_types::Array<sql_types::Uuid>, _>(ids).load(&mut db).await?;
    Ok(missing.into_iter().map(|missing| missing.id).collect())
}
