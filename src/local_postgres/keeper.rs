//! Starts the local Postgres again when it has died, such as when the system ran out of memory.

use std::{convert::Infallible, time::Duration};

use tokio::time::sleep;

use super::{
    LocalPostgres,
    binaries::{Binaries, Wanted},
    error::{LocalPostgresError, Result},
    locks::SetupLock,
    postmaster::Postmaster,
    server,
};

/// How often to look whether the server still runs.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long to wait after a start that failed: at first, since the processes of a killed server need a moment to end, and
/// at most.
const AGAIN_AFTER: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

impl LocalPostgres {
    /// Starts the server again whenever it has died, for as long as this is awaited. Its address stays the same. Of
    /// several Liaisons that use it, one starts it and the others adopt it.
    pub async fn keep_running(&mut self) -> Infallible {
        loop {
            sleep(LOOK_EVERY).await;
            if self.postmaster.has_ended() {
                tracing::error!(pid = self.postmaster.pid.as_raw(), "the local Postgres has died; it is started again");
                self.start_again().await;
                tracing::info!(pid = self.postmaster.pid.as_raw(), "the local Postgres runs again");
            }
        }
    }

    async fn start_again(&mut self) {
        let (mut pause, longest) = AGAIN_AFTER;
        while let Err(error) = self.try_to_start_again().await {
            tracing::warn!(%error, ?pause, "the local Postgres does not start; trying again");
            sleep(pause).await;
            pause = longest.min(2 * pause);
        }
    }

    async fn try_to_start_again(&mut self) -> Result<()> {
        let _setup = SetupLock::take(&self.cluster.data_dir).await?;
        self.postmaster = match Postmaster::adopt(&self.cluster).await? {
            Some(running) => running,
            None => self.start_on_the_same_socket().await?,
        };
        Ok(())
    }

    async fn start_on_the_same_socket(&self) -> Result<Postmaster> {
        let Self { cluster, settings, .. } = self;
        let Some(major) = cluster.major_version() else {
            return Err(LocalPostgresError::Gone { folder: cluster.folder.clone() });
        };
        let binaries = Binaries::obtain(settings, Wanted { major: Some(major) }).await?;
        server::keep_log(&cluster.log);
        Postmaster::start(cluster, &binaries, &self.postmaster.socket_dir, &settings.server_settings).await
    }
}
