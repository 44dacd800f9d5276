use std::{
    fs,
    path::{Path, PathBuf},
    process::Child,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::time::{Instant, sleep};

use super::{
    binaries::Binaries,
    cluster::Cluster,
    error::{LocalPostgresError, Result, io},
    pid_file,
    server::{self, log_tail},
    socket,
};

/// Covers the recovery after a crash, during which the server answers but refuses connections.
const START_PATIENCE: Duration = Duration::from_mins(2);
/// A fast shutdown writes all changed pages; that takes long on slow disks.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// After the signal for an immediate shutdown, the server kills its remaining processes within 5 seconds.
const QUIT_PATIENCE: Duration = Duration::from_secs(10);
/// Short, so that polling adds no noticeable time to a start or a stop.
const POLL: Duration = Duration::from_millis(4);

/// A cluster's main server process: our child, or adopted from another Liaison.
#[derive(Debug)]
pub(super) struct Postmaster {
    pub(super) pid: Pid,
    pub(super) socket_dir: PathBuf,
    child: Option<Child>,
    cluster: Cluster,
    is_ready: bool,
}

impl Postmaster {
    /// The server that already runs on this cluster, once it is ready. If the server is ending, waits for its end and
    /// returns `None`.
    pub(super) async fn adopt(cluster: &Cluster) -> Result<Option<Self>> {
        let deadline = Instant::now() + START_PATIENCE;
        while let Some(running) = pid_file::running(&cluster.folder) {
            if let Some(socket_dir) = running.ready_socket().await? {
                socket::create_login(&socket_dir).await?;
                return Ok(Some(Self {
                    pid: running.pid,
                    socket_dir,
                    child: None,
                    cluster: cluster.clone(),
                    is_ready: true,
                }));
            }
            if Instant::now() > deadline {
                return Err(not_ready(running.pid, cluster));
            }
            sleep(POLL).await;
        }
        Ok(None)
    }

    /// Starts the server and waits until it is ready. Call it under the setup lock, when [`Self::adopt`] has found none.
    /// If this is broken off or fails, the server is stopped again.
    pub(super) async fn start(
        cluster: &Cluster,
        binaries: &Binaries,
        socket_dir: &Path,
        server_settings: &[String],
    ) -> Result<Self> {
        let mut started = Self::spawn(cluster, binaries, socket_dir, server_settings)?;
        started.wait_until_ready().await?;
        Ok(started)
    }

    fn spawn(cluster: &Cluster, binaries: &Binaries, socket_dir: &Path, server_settings: &[String]) -> Result<Self> {
        cluster.account.private_folder(socket_dir)?;
        pid_file::clear_stale(&cluster.folder, socket_dir)?;
        let program = binaries.program("postgres");
        let mut command = server::command(cluster, &program, socket_dir, server_settings)?;
        let child = command.spawn().map_err(io("run", &program))?;
        let pid = Pid::from_raw(child.id().cast_signed());
        Ok(Self { pid, socket_dir: socket_dir.into(), child: Some(child), cluster: cluster.clone(), is_ready: false })
    }

    /// Waits until our database accepts connections, and creates it and the login of requests if they are missing.
    async fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_PATIENCE;
        while !self.check_ready().await? {
            if Instant::now() > deadline {
                return Err(not_ready(self.pid, &self.cluster));
            }
            sleep(POLL).await;
        }
        socket::create_login(&self.socket_dir).await?;
        self.is_ready = true;
        Ok(())
    }

    /// The pid file decides which server is the cluster's: a Liaison that was killed a moment ago may have started one
    /// as well. If the other server came first, ours ends and we adopt the other.
    async fn check_ready(&mut self) -> Result<bool> {
        let has_ended = self.has_ended();
        let Some(running) = pid_file::running(&self.cluster.folder) else {
            return if has_ended { Err(self.failed_start()) } else { Ok(false) };
        };
        let Some(socket_dir) = running.ready_socket().await? else {
            return Ok(false);
        };
        if running.pid != self.pid {
            (self.pid, self.child) = (running.pid, None);
        }
        self.socket_dir = socket_dir;
        Ok(true)
    }

    fn failed_start(&self) -> LocalPostgresError {
        let log = self.cluster.log.clone();
        LocalPostgresError::Start { tail: log_tail(&log), log }
    }

    /// Stops the server: sessions are broken off and all data is written. If that takes too long, the server is stopped
    /// immediately and recovers at the next start.
    pub(super) async fn stop(&mut self) -> Result<()> {
        for (signal, patience) in [(Signal::SIGINT, STOP_PATIENCE), (Signal::SIGQUIT, QUIT_PATIENCE)] {
            self.signal(signal);
            if self.wait_for_end(patience).await {
                // This fails if a file is left in the folder; that file should stay visible.
                let _ = fs::remove_dir(&self.socket_dir);
                return Ok(());
            }
        }
        Err(LocalPostgresError::NotStopped { pid: self.pid.as_raw() })
    }

    /// Asks the server to stop, without waiting for it.
    pub(super) fn ask_to_stop(&mut self) {
        self.signal(Signal::SIGINT);
    }

    /// Never signals a process id that another process has now.
    fn signal(&mut self, signal: Signal) {
        if !self.has_ended() {
            // Fails only if the process ends at this moment.
            let _ = kill(self.pid, signal);
        }
    }

    async fn wait_for_end(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while !self.has_ended() {
            if Instant::now() > deadline {
                return false;
            }
            sleep(POLL).await;
        }
        true
    }

    /// Whether the process is gone.
    pub(super) fn has_ended(&mut self) -> bool {
        match &mut self.child {
            Some(child) => !matches!(child.try_wait(), Ok(None)),
            None => !pid_file::is_postmaster(self.pid, &self.cluster.folder),
        }
    }
}

/// A start that failed or was broken off leaves no server behind.
impl Drop for Postmaster {
    fn drop(&mut self) {
        if !self.is_ready {
            // Not `SIGQUIT`: where it is ignored, as in the background of a shell script, the server ignores it, too, until
            // it has begun to listen to signals.
            self.signal(Signal::SIGINT);
        }
    }
}

fn not_ready(pid: Pid, cluster: &Cluster) -> LocalPostgresError {
    let (pid, log) = (pid.as_raw(), cluster.log.clone());
    LocalPostgresError::NotReady { pid, seconds: START_PATIENCE.as_secs(), log }
}
