use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::process::Command;

use super::{
    account::{Account, make_data_dir},
    binaries::Binaries,
    error::{LocalPostgresError, Result, io},
    socket::{self, NAME},
};

/// The prefix of the names of folders in which a cluster is being initialised.
const UNFINISHED: &str = "postgres-unfinished-";

/// How often the folder of an `initdb` that was killed is removed, and how long to wait in between.
const REMOVALS: u32 = 20;
const AGAIN_AFTER: Duration = Duration::from_millis(5);

/// Non-ASCII letters must have upper and lower case on every machine, for searches for instance. Sorting stays
/// bytewise, so no update of the system's C library can change it.
const CHARACTER_TYPE: &str = if cfg!(target_os = "macos") { "en_US.UTF-8" } else { "C.UTF-8" };

/// The files of one database cluster in a data folder, and the user who owns them.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) data_dir: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) log: PathBuf,
    pub(super) account: Account,
}

impl Cluster {
    /// The place of the cluster, whether it exists yet or not. Makes the data folder.
    pub(super) fn locate(data_dir: &Path) -> Result<Self> {
        make_data_dir(data_dir)?;
        let data_dir = data_dir.canonicalize().map_err(io("look at", data_dir))?;
        let folder = data_dir.join("postgres");
        let account = Account::for_cluster(&folder)?;
        account.let_through(&data_dir)?;
        account.check_reach(&data_dir)?;
        // Not in the cluster's folder: root must not write where another user could create links.
        let log = data_dir.join("postgres.log");
        Ok(Self { data_dir, folder, log, account })
    }

    /// The major version of Postgres that made the cluster; `None` where there is no cluster.
    pub(super) fn major_version(&self) -> Option<u32> {
        let text = fs::read_to_string(self.folder.join("PG_VERSION")).ok()?;
        text.trim().parse().ok()
    }

    /// A folder for the socket that no other user can enter. Outside of the data folder, another user may have taken the
    /// usual name; then it gets one that nobody can know beforehand. The next start finds it in the server's pid file.
    pub(super) fn socket_folder(&self) -> Result<PathBuf> {
        let usual = socket::folder_for(&self.data_dir);
        match self.account.private_folder(&usual) {
            Ok(()) => return Ok(usual),
            Err(error) if usual.starts_with(&self.data_dir) => return Err(error),
            Err(error) => tracing::warn!(%error, "the usual folder for the socket is taken; another is used"),
        }
        let other = socket::unpredictable_folder();
        self.account.private_folder(&other)?;
        Ok(other)
    }

    /// Initialises the cluster in another folder and then renames it, so that a killed process leaves a whole cluster
    /// or none. Call it under the setup lock.
    pub(super) async fn initialise(&self, binaries: &Binaries) -> Result<()> {
        self.remove_unfinished();
        let aside = self.data_dir.join(format!("{UNFINISHED}{}", unique_suffix()));
        self.account.private_folder(&aside)?;
        let output = self.run_initdb(binaries, &aside).await?;
        if !output.status.success() {
            remove_folder(&aside);
            let folder = self.folder.clone();
            return Err(LocalPostgresError::Initialise { folder, output: all_output(&output) });
        }
        fs::rename(&aside, &self.folder).map_err(io("put the new database at", &self.folder))?;
        File::open(&self.data_dir).and_then(|folder| folder.sync_all()).map_err(io("sync", &self.data_dir))
    }

    async fn run_initdb(&self, binaries: &Binaries, folder: &Path) -> Result<Output> {
        let program = binaries.program("initdb");
        let mut command = self.account.command(&program);
        command.arg("--pgdata").arg(folder).arg("--username").arg(NAME);
        // Only those who may enter the socket's folder (mode 0700) can connect at all.
        command.args(["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C", "--data-checksums"]);
        command.arg(format!("--lc-ctype={CHARACTER_TYPE}")).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = Command::from(command).spawn().map_err(io("run", &program))?;
        let mut unfinished = Unfinished { group: child.id().map(group), folder };
        let output = child.wait_with_output().await.map_err(io("run", &program));
        unfinished.group = None;
        output
    }

    /// Removes what first starts that were killed have left. An `initdb` whose Liaison was killed may still be writing;
    /// what cannot be removed for that reason is removed at the next start.
    fn remove_unfinished(&self) {
        let Ok(entries) = fs::read_dir(&self.data_dir) else {
            return;
        };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// An `initdb` that works in `folder`. When its start is broken off, it ends at once with the programs that it runs, and
/// leaves no folder.
struct Unfinished<'f> {
    group: Option<Pid>,
    folder: &'f Path,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // Fails only if all have ended at this moment.
            let _ = killpg(group, Signal::SIGKILL);
            remove_folder(self.folder);
        }
    }
}

/// The process group of a program that [`Account::command`] runs.
fn group(leader: u32) -> Pid {
    Pid::from_raw(leader.cast_signed())
}

/// Removes `folder`, in which a program that was killed may make a last file meanwhile.
fn remove_folder(folder: &Path) {
    for _ in 0..REMOVALS {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => thread::sleep(AGAIN_AFTER),
            _ => return,
        }
    }
}

/// Distinguishes the folders of successive processes that have the same process id.
#[expect(clippy::disallowed_methods, reason = "a name, not a time")]
fn unique_suffix() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", std::process::id(), now.as_nanos())
}

fn all_output(output: &Output) -> String {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("initdb ended with {}\n{}\n{}", output.status, stdout.trim(), stderr.trim())
}
