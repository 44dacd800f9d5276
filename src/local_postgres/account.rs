use std::{
    fs::{self, DirBuilder, File, Metadata},
    io::ErrorKind,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
};

use nix::unistd::{Uid, User, getegid, geteuid};

use super::error::{LocalPostgresError, Result, io};

/// Environment variables that Postgres's programs may need. The others are not passed on: they hold secrets (keys,
/// `DATABASE_URL`) or would change the server's settings (`PGPORT` …).
const KEPT_VARIABLES: [&str; 5] = ["PATH", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];

/// Users to run Postgres as when Liaison runs as root, in order of preference.
const PREFERRED_USERS: [&str; 2] = ["postgres", "nobody"];

/// The user who runs Postgres and owns its files: the user that Liaison runs as, or an unprivileged user when that is
/// root, as Postgres refuses to run as root.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) name: String,
    uid: u32,
    gid: u32,
    is_other: bool,
}

impl Account {
    /// The user for the cluster in `folder`. An existing cluster keeps its owner, even if a preferred user has been
    /// created since.
    pub(super) fn for_cluster(folder: &Path) -> Result<Self> {
        let owner = fs::metadata(folder).ok();
        if geteuid().is_root() {
            return match owner.filter(|meta| meta.uid() != 0) {
                Some(meta) => Ok(Self::owner(&meta)),
                None => Self::preferred(),
            };
        }
        let own = Self::own_user();
        match owner.filter(|meta| meta.uid() != own.uid) {
            Some(meta) => Err(LocalPostgresError::NotOwner { folder: folder.into(), owner: meta.uid() }),
            None => Ok(own),
        }
    }

    fn own_user() -> Self {
        let (uid, gid) = (geteuid(), getegid());
        Self { name: user_name(uid), uid: uid.as_raw(), gid: gid.as_raw(), is_other: false }
    }

    fn owner(meta: &Metadata) -> Self {
        let name = user_name(Uid::from_raw(meta.uid()));
        Self { name, uid: meta.uid(), gid: meta.gid(), is_other: true }
    }

    fn preferred() -> Result<Self> {
        PREFERRED_USERS
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), is_other: true })
            .ok_or(LocalPostgresError::NoAccount)
    }

    /// A command that runs as this user in its own process group, so that Ctrl-C in the terminal does not end Postgres
    /// before Liaison has drained.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").current_dir("/").stdin(Stdio::null()).process_group(0);
        command.envs(KEPT_VARIABLES.iter().filter_map(|key| Some((key, std::env::var_os(key)?))));
        if self.is_other {
            // Also drops root's supplementary groups.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Makes the folder with mode 0700 and gives it to this user. An existing folder must be closed to other users,
    /// belong to us or to this user, and not be a link: another user may have put it there.
    pub(super) fn private_folder(&self, folder: &Path) -> Result<()> {
        if !folder.exists() {
            // Never open to others, not even for a moment.
            DirBuilder::new().mode(0o700).create(folder).map_err(io("create", folder))?;
            set_mode(folder, 0o700)?;
        }
        let meta = fs::symlink_metadata(folder).map_err(io("look at", folder))?;
        let is_ours = [self.uid, geteuid().as_raw()].contains(&meta.uid());
        if !meta.is_dir() || !is_ours || meta.mode() & 0o077 != 0 {
            return Err(LocalPostgresError::UnsafeSocketFolder { folder: folder.into(), user: self.name.clone() });
        }
        if self.is_other {
            chown(folder, Some(self.uid), Some(self.gid)).map_err(io("change the owner of", folder))?;
        }
        Ok(())
    }

    /// Lets this user pass through the data folder, if that is ours alone. It stays closed to everyone else.
    pub(super) fn let_through(&self, data_dir: &Path) -> Result<()> {
        let meta = fs::metadata(data_dir).map_err(io("look at", data_dir))?;
        let is_ours_alone = meta.uid() == geteuid().as_raw() && meta.mode() & 0o777 == 0o700;
        if self.is_other && is_ours_alone {
            chown(data_dir, None, Some(self.gid)).map_err(io("change the group of", data_dir))?;
            set_mode(data_dir, 0o710)?;
        }
        Ok(())
    }

    /// Gives the file to this user.
    pub(super) fn give(&self, file: &Path) -> Result<()> {
        match self.is_other {
            true => chown(file, Some(self.uid), Some(self.gid)).map_err(io("change the owner of", file)),
            false => Ok(()),
        }
    }

    /// Checks that this user can enter `target` and all folders above it.
    pub(super) fn check_reach(&self, target: &Path) -> Result<()> {
        let closed = target.ancestors().find(|folder| self.is_other && !self.may_enter(folder));
        match closed {
            Some(folder) => Err(LocalPostgresError::NotTraversable {
                user: self.name.clone(),
                folder: folder.into(),
                target: target.into(),
            }),
            None => Ok(()),
        }
    }

    fn may_enter(&self, folder: &Path) -> bool {
        let Ok(meta) = fs::metadata(folder) else {
            return false;
        };
        let execute_bit = match (meta.uid() == self.uid, meta.gid() == self.gid) {
            (true, _) => 0o100,
            (false, true) => 0o010,
            (false, false) => 0o001,
        };
        meta.mode() & execute_bit != 0
    }
}

/// Makes the data folder if it is missing, and the folders on the way to it. Whatever the umask is, no other user can enter
/// it, and none can put another folder in its place.
///
/// # Errors
/// When the system does not allow it.
pub fn make_data_dir(folder: &Path) -> Result<()> {
    if let Ok(meta) = fs::metadata(folder) {
        warn_of_writers(folder, &meta);
        return Ok(());
    }
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o755).create(parent).map_err(|error| no_data_dir(folder, error))?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        // Another start made it meanwhile.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(no_data_dir(folder, error)),
        Ok(()) => set_mode(folder, 0o700),
    }
}

fn no_data_dir(folder: &Path, source: std::io::Error) -> LocalPostgresError {
    LocalPostgresError::DataDir { path: folder.to_owned(), source }
}

/// The mode of a folder that is there already is its owner's decision: it may be a folder that others need.
fn warn_of_writers(folder: &Path, meta: &Metadata) {
    let mode = meta.mode() & 0o7777;
    if mode & 0o022 != 0 && mode & 0o1000 == 0 {
        let folder = folder.display();
        tracing::warn!("other users may write in the data folder {folder} (mode {mode:o}): run `chmod go-w {folder}`");
    }
}

/// Opens a file for writing and empties it. Only its owner may open it: others could otherwise read the log or hold our
/// locks.
pub(super) fn private_file(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).map_err(io("write", path))
}

/// Sets the mode regardless of the umask.
pub(super) fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(io("change the mode of", path))
}

fn user_name(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}
