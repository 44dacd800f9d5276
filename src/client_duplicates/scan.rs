//! Looks for pairs among all clients, part by part.

use uuid::Uuid;

use crate::{
    access::{Reach, Scope, Update},
    background_jobs::{self, JobKind, JobView, Run, Stopped},
    change::Tx,
    clients::{self, Client, ClientId},
    error::{Error, Result},
};

/// How many clients are looked at in one transaction.
const CHUNK: i64 = 500;
/// How many are looked at again when another server takes the job up: clients may have gone meanwhile, by merges.
const AGAIN: i64 = 4 * CHUNK;

/// Asks for a job that looks for pairs.
///
/// # Errors
/// 403 for who may not change all clients.
pub async fn begin(tx: &mut Tx<'_>, _scope: &Scope<Client, Update>) -> Result<JobView> {
    permit(tx)?;
    background_jobs::ask(tx, JobKind::DuplicateScan, Uuid::nil()).await
}

/// Does the job. What was found by then stays when it is stopped, and it goes on there.
///
/// # Errors
/// Why it goes no further.
pub async fn work(run: Run) -> Result<(), Stopped> {
    let mut after = run
        .chunk(async |tx, progress| {
            progress.total = Some(clients::count_all(tx).await?);
            progress.done = (progress.done - AGAIN).max(0);
            let last = if progress.done > 0 { clients::at_place(tx, progress.done - 1).await? } else { None };
            Ok(last.unwrap_or_else(|| ClientId::from(Uuid::nil())))
        })
        .await?;
    loop {
        let looked = run
            .chunk(async |tx, progress| {
                // The right may have gone meanwhile.
                permit(tx)?;
                let looked = clients::pair_next(tx, after, CHUNK).await?;
                progress.done += looked.map_or(0, |looked| looked.count);
                progress.total = progress.total.max(Some(progress.done));
                Ok(looked)
            })
            .await?;
        match looked {
            Some(looked) => after = looked.last,
            None => return Ok(()),
        }
    }
}

/// The pairs are of all clients, whoever may see them.
fn permit(tx: &Tx<'_>) -> Result<()> {
    match tx.actor().reach("clients:update") {
        Reach::All => Ok(()),
        _ => Err(Error::forbidden(&Scope::<Client, Update>::permission())),
    }
}
