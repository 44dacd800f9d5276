use std::{
    io,
    path::{Path, PathBuf},
};

/// Why the local Postgres is not available, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum LocalPostgresError {
    /// Nothing is installed and nothing could be downloaded. The message names every remedy.
    #[error(
        "no Postgres server binaries, version {wanted}, were found on this machine, and downloading them failed: {download}.\n\
         Do one of these:\n  \
         - install Postgres with the package manager, e.g. `apt-get install postgresql`, `dnf install postgresql-server` or `brew install postgresql`;\n  \
         - set DATABASE_URL to a Postgres server that already runs;\n  \
         - give this machine a network route to {source_url}, from where the binaries are downloaded"
    )]
    NoBinaries {
        /// The versions that are suitable, e.g. `14 or newer`.
        wanted: String,
        /// Why the download did not help.
        download: String,
        /// Where the download comes from.
        source_url: &'static str,
    },

    /// The folder of binaries that the operator named has no suitable ones.
    #[error(
        "{folder} was given as the folder of Postgres's binaries, but holds no `postgres` and `initdb` of version {wanted}"
    )]
    NoBinariesInFolder {
        /// The folder that was given.
        folder: PathBuf,
        /// The versions that are suitable.
        wanted: String,
    },

    /// Postgres refuses to run as root, and there is no other user to run it as.
    #[error(
        "Postgres cannot run as root, and this machine has no user `postgres` or `nobody` to run it as; run Liaison as an ordinary user"
    )]
    NoAccount,

    /// Root can enter the data folder, but the user who runs Postgres cannot.
    #[error(
        "Postgres runs as user `{user}`, who may not enter {folder}, a folder on the way to {target}; \
         choose another --data-dir (e.g. /var/lib/liaison) or allow it with `chmod o+x {folder}`"
    )]
    NotTraversable {
        /// The user who runs Postgres.
        user: String,
        /// The folder that is closed to that user.
        folder: PathBuf,
        /// The folder that the user has to reach.
        target: PathBuf,
    },

    /// The cluster belongs to another user.
    #[error(
        "the database in {folder} belongs to the user with id {owner}; run Liaison as that user or as root, or choose another --data-dir"
    )]
    NotOwner {
        /// The cluster's folder.
        folder: PathBuf,
        /// The id of the user who owns it.
        owner: u32,
    },

    /// Another user could reach the socket, and everyone who reaches it may connect.
    #[error(
        "{folder} must be a folder of user `{user}` that is closed to everyone else (mode 0700); remove it and start again"
    )]
    UnsafeSocketFolder {
        /// The folder for the socket.
        folder: PathBuf,
        /// The user who runs Postgres.
        user: String,
    },

    /// Another Liaison is starting or stopping Postgres and does not finish.
    #[error(
        "another Liaison has been starting or stopping the Postgres of {data_dir} for {seconds} s; stop it and try again"
    )]
    Busy {
        /// The data folder that both use.
        data_dir: PathBuf,
        /// How long this one has waited.
        seconds: u64,
    },

    /// `initdb` did not succeed.
    #[error("a new database could not be initialised in {folder}: {output}")]
    Initialise {
        /// The folder for the cluster.
        folder: PathBuf,
        /// The output of `initdb`.
        output: String,
    },

    /// The files of the database are gone while a server uses them. A new database in their place would hide that.
    #[error("the database in {folder} is gone; put its files back, or restore a backup into another --data-dir")]
    Gone {
        /// The cluster's folder.
        folder: PathBuf,
    },

    /// The server ended while it was starting.
    #[error("Postgres did not start; the end of its log {log} says:\n{tail}")]
    Start {
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },

    /// The server is alive but does not become ready.
    #[error("Postgres (process {pid}) has not become ready within {seconds} s; see its log {log}")]
    NotReady {
        /// The postmaster's process id.
        pid: i32,
        /// How long Liaison waited for it.
        seconds: u64,
        /// The server's log.
        log: PathBuf,
    },

    /// The server could not be stopped.
    #[error("Postgres (process {pid}) did not stop")]
    NotStopped {
        /// The postmaster's process id.
        pid: i32,
    },

    /// The server answers, but with a refusal.
    #[error("the local Postgres refused a connection or a statement: {}", refusal(.0))]
    Database(#[from] tokio_postgres::Error),

    /// The data folder could not be made.
    #[error("--data-dir (LIAISON_DATA_DIR) is `{path}`: {source}; name a folder that this user may make or write")]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },

    /// The operating system refused something.
    #[error("could not {action} {path}: {source}")]
    Io {
        /// What was tried, e.g. `create`.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// The server's own message, which the driver's `Display` leaves to the error's source.
fn refusal(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
}

/// This module's results.
pub(super) type Result<T, E = LocalPostgresError> = std::result::Result<T, E>;

/// For `map_err`: adds the action and the path, which an `io::Error` does not name.
pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LocalPostgresError {
    let path = path.to_path_buf();
    move |source| LocalPostgresError::Io { action, path, source }
}
