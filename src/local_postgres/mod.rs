//! Liaison's own Postgres, for operators who do not provide one: finds or downloads the server's binaries, initialises
//! a cluster in the data folder and runs it on a Unix socket that no other user can reach.
//!
//! Several Liaisons may share a data folder: the first starts Postgres, the others use it, and the last to leave stops
//! it. When Liaison is killed, Postgres keeps running and the next start adopts it.

mod account;
mod binaries;
mod client;
mod cluster;
mod download;
mod error;
mod keeper;
mod locks;
mod pid_file;
mod postmaster;
mod server;
mod settings;
mod socket;

pub use account::make_data_dir;
use binaries::{Binaries, Wanted};
pub use client::client_program;
use cluster::Cluster;
pub use error::LocalPostgresError;
use error::Result;
use locks::{Membership, SetupLock};
use postmaster::Postmaster;
pub use settings::{Settings, default_data_dir};

/// A running local Postgres. Call [`stop`](Self::stop) at the end: dropping it only asks the server to end and does not
/// wait.
#[derive(Debug)]
pub struct LocalPostgres {
    postmaster: Postmaster,
    cluster: Cluster,
    membership: Option<Membership>,
    settings: Settings,
}

impl LocalPostgres {
    /// Starts the Postgres of the data folder, or joins the one that runs there already. Creates the cluster and the
    /// database if they are missing; the database and the superuser are both called `liaison`. Returns when the server
    /// accepts connections: after a tenth of a second on an existing cluster, after at most two minutes if the server
    /// has to recover from a crash.
    ///
    /// # Errors
    /// If no binaries are available, the folder cannot be used, or the server does not start; the message says which,
    /// and what to do.
    pub async fn start(settings: &Settings) -> Result<Self> {
        let cluster = Cluster::locate(&settings.data_dir)?;
        let _setup = SetupLock::take(&cluster.data_dir).await?;
        let membership = Some(Membership::join(&cluster.data_dir)?);
        let postmaster = match Postmaster::adopt(&cluster).await? {
            Some(running) => running,
            None => start_server(&cluster, settings).await?,
        };
        Ok(Self { postmaster, cluster, membership, settings: settings.clone() })
    }

    /// The address of the database, for tokio-postgres, diesel-async and libpq's programs:
    /// `postgres://liaison@/liaison?host=/…`. No TCP port is open.
    #[must_use]
    pub fn url(&self) -> String {
        socket::url(&self.postmaster.socket_dir, socket::NAME)
    }

    /// The same for the login that serves requests, `liaison_server`: it owns nothing and can take no role but the
    /// server's. Everyone who may enter the socket's folder can use either login; the separate login limits what a
    /// request could make the server do.
    #[must_use]
    pub fn server_url(&self) -> String {
        socket::url(&self.postmaster.socket_dir, socket::SERVER)
    }

    /// Leaves the server, and stops it if no other Liaison uses it, even if another one started it. Stopping breaks off
    /// all sessions, so drain first. It takes at most 40 seconds, usually a tenth of a second.
    ///
    /// # Errors
    /// If another Liaison holds the setup lock for too long, or the server does not end.
    pub async fn stop(mut self) -> Result<()> {
        let _setup = SetupLock::take(&self.cluster.data_dir).await?;
        if self.membership.take().is_some_and(Membership::leave) {
            self.postmaster.stop().await?;
        }
        Ok(())
    }
}

/// For early returns, such as when the port is in use: the server that we started must not stay behind.
impl Drop for LocalPostgres {
    fn drop(&mut self) {
        let Some(membership) = self.membership.take() else {
            return;
        };
        // If another Liaison is starting or stopping at this moment, that one takes care of the server.
        let setup = SetupLock::try_take(&self.cluster.data_dir);
        if matches!(setup, Ok(Some(_))) && membership.leave() {
            self.postmaster.ask_to_stop();
        }
    }
}

async fn start_server(cluster: &Cluster, settings: &Settings) -> Result<Postmaster> {
    let major = cluster.major_version();
    let binaries = Binaries::obtain(settings, Wanted { major }).await?;
    if major.is_none() {
        cluster.initialise(&binaries).await?;
    }
    let socket_dir = cluster.socket_folder()?;
    Postmaster::start(cluster, &binaries, &socket_dir, &settings.server_settings).await
}
