use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use nix::{sys::signal::kill, unistd::Pid};

use super::{
    error::{Result, io},
    socket::{self, Answer},
};

/// A server that runs on a cluster.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) pid: Pid,
    /// The folder of its socket; `None` while the server is still starting.
    pub(super) socket_dir: Option<PathBuf>,
}

impl Running {
    /// The folder of the server's socket, once the server accepts connections to our database. Creates the database if
    /// it is missing.
    pub(super) async fn ready_socket(&self) -> Result<Option<PathBuf>> {
        let Some(socket_dir) = &self.socket_dir else {
            return Ok(None);
        };
        match socket::probe(socket_dir).await? {
            Answer::NotYet => return Ok(None),
            Answer::Ready => {}
            Answer::NoDatabase => socket::create_database(socket_dir).await?,
        }
        Ok(Some(socket_dir.clone()))
    }
}

/// The server that runs on the cluster in `folder`. The pid file may be stale and its process id may belong to another
/// process, so the process itself is checked.
pub(super) fn running(folder: &Path) -> Option<Running> {
    let text = fs::read_to_string(path(folder)).ok()?;
    let pid = recorded_pid(&text).filter(|&pid| is_postmaster(pid, folder))?;
    // Lines: process id, data folder, start time, port, folder of the socket, …
    let socket_dir = text.lines().nth(4).filter(|line| !line.is_empty()).map(PathBuf::from);
    Some(Running { pid, socket_dir })
}

/// Whether the process is alive and is the server of the cluster in `folder`. A server's working directory is its
/// cluster's folder; where the system does not show a process's working directory, being alive has to be enough.
pub(super) fn is_postmaster(pid: Pid, folder: &Path) -> bool {
    if Path::new("/proc/self/cwd").exists() {
        return fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == folder);
    }
    is_alive(pid)
}

/// Removes the lock files of a killed server if they would stop the next one: Postgres believes a stale file when
/// another process of the same user now has its process id, as happens in containers. A file whose process is a server
/// of this cluster is never touched.
pub(super) fn clear_stale(folder: &Path, socket_dir: &Path) -> Result<()> {
    let files = [path(folder), socket_dir.join(".s.PGSQL.5432.lock")];
    for file in files {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let is_anothers = |pid| is_alive(pid) && !is_postmaster(pid, folder);
        if recorded_pid(&text).is_some_and(is_anothers) {
            tracing::warn!(file = %file.display(), "removing the stale lock file of a killed Postgres");
            remove(&file)?;
        }
    }
    Ok(())
}

fn path(folder: &Path) -> PathBuf {
    folder.join("postmaster.pid")
}

fn recorded_pid(text: &str) -> Option<Pid> {
    let pid: i32 = text.lines().next()?.trim().parse().ok()?;
    // Zero and negative numbers would mean process groups.
    (pid > 0).then(|| Pid::from_raw(pid))
}

fn is_alive(pid: Pid) -> bool {
    kill(pid, None).is_ok()
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io("remove", file)(error)),
        _ => Ok(()),
    }
}
