use std::{
    fs::{File, TryLockError},
    path::Path,
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::{
    account::private_file,
    error::{LocalPostgresError, Result, io},
};

/// How long to wait for another Liaison that is starting or stopping Postgres: longer than both usually take.
const PATIENCE: Duration = Duration::from_secs(90);

/// Held while Postgres is looked for, started or stopped, so that no two Liaisons do it at once. The lock is released
/// when the process ends, even if it is killed.
#[derive(Debug)]
pub(super) struct SetupLock {
    _file: File,
}

impl SetupLock {
    /// Waits for the lock, at most [`PATIENCE`].
    pub(super) async fn take(data_dir: &Path) -> Result<Self> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(lock) = Self::try_take(data_dir)? {
                return Ok(lock);
            }
            if Instant::now() > deadline {
                let (data_dir, seconds) = (data_dir.into(), PATIENCE.as_secs());
                return Err(LocalPostgresError::Busy { data_dir, seconds });
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// The lock, or `None` while another process holds it.
    pub(super) fn try_take(data_dir: &Path) -> Result<Option<Self>> {
        let path = data_dir.join("postgres-setup.lock");
        let file = private_file(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(io("lock", &path)(error)),
        }
    }
}

/// Says "I use the Postgres of this data folder": a shared lock, so that the last to leave knows
/// that it is the last. A killed Liaison releases its lock automatically.
#[derive(Debug)]
pub(super) struct Membership {
    file: File,
}

impl Membership {
    /// Joins the users. Call it under the setup lock, so that it never waits for a Liaison that is leaving.
    pub(super) fn join(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join("postgres-users.lock");
        let file = private_file(&path)?;
        file.lock_shared().map_err(io("lock", &path))?;
        Ok(Self { file })
    }

    /// Leaves, and returns whether no user remains. Call it under the setup lock, which keeps others from joining
    /// before the caller has acted on the answer.
    pub(super) fn leave(self) -> bool {
        // Released first: not every system defines how a shared lock becomes an exclusive one.
        self.file.unlock().is_ok() && self.file.try_lock().is_ok()
    }
}
