use std::path::PathBuf;

use nix::unistd::geteuid;

/// What an operator may decide about the local Postgres.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder for the database and everything that belongs to it; created if missing.
    pub data_dir: PathBuf,
    /// The folder of `postgres` and `initdb`; with `None`, the usual places are searched.
    pub binaries_dir: Option<PathBuf>,
    /// Whether binaries may be downloaded where none are installed.
    pub may_download: bool,
    /// The folder for downloaded binaries; `None` puts them into the data folder.
    pub downloads_dir: Option<PathBuf>,
    /// Further settings of the server, each `name=value`. They win over those that Liaison makes.
    pub server_settings: Vec<String>,
}

impl Settings {
    /// Settings that look for installed binaries and otherwise download them.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            binaries_dir: None,
            may_download: true,
            downloads_dir: None,
            server_settings: Vec::new(),
        }
    }
}

/// The data folder when none is given: `/var/lib/liaison` for root, as the user who runs Postgres cannot enter root's
/// home; for others, the user's own folder for application data. `None` if the environment names no home.
#[must_use]
pub fn default_data_dir() -> Option<PathBuf> {
    if geteuid().is_root() {
        return Some(PathBuf::from("/var/lib/liaison"));
    }
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data_home = variable("XDG_DATA_HOME").or_else(|| Some(variable("HOME")?.join(".local/share")));
    data_home.map(|folder| folder.join("liaison"))
}
