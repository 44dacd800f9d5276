use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{
    download,
    error::{LocalPostgresError, Result},
    settings::Settings,
};

/// The oldest version whose settings and SQL Liaison relies on.
pub(super) const OLDEST_MAJOR: u32 = 14;

/// Where package managers put the binaries; a `*` stands for the rest of a folder's name.
const PLACES: [&str; 6] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/opt/homebrew/bin",
    "/usr/local/bin",
];

/// A folder with Postgres's server programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    folder: PathBuf,
    version: (u32, u32),
}

/// Which versions are suitable: any supported one for a new cluster, the same major version for an existing cluster, as
/// Postgres cannot open the files of another major version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) major: Option<u32>,
}

impl Wanted {
    fn accepts(self, binaries: &Binaries) -> bool {
        let (major, _) = binaries.version;
        self.major.map_or(major >= OLDEST_MAJOR, |wanted| wanted == major)
    }

    /// The wanted version, for messages.
    pub(super) fn describe(self) -> String {
        match self.major {
            Some(major) => format!("{major} (which made the existing database)"),
            None => format!("{OLDEST_MAJOR} or newer"),
        }
    }
}

impl Binaries {
    /// The newest suitable binaries: from the given folder if there is one; otherwise those that are installed or were
    /// downloaded earlier; otherwise a new download.
    pub(super) async fn obtain(settings: &Settings, wanted: Wanted) -> Result<Self> {
        if let Some(folder) = &settings.binaries_dir {
            let found = newest(&BTreeSet::from([folder.clone()]), wanted);
            let (folder, wanted) = (folder.clone(), wanted.describe());
            return found.ok_or(LocalPostgresError::NoBinariesInFolder { folder, wanted });
        }
        let downloads = download::folder(settings.downloads_dir.as_ref().unwrap_or(&settings.data_dir));
        if let Some(found) = newest(&places(&downloads), wanted) {
            return Ok(found);
        }
        download::fetch(&downloads, wanted, settings.may_download).await?;
        newest(&matching(&downloads.join("*/bin")), wanted)
            .ok_or_else(|| download::failure(wanted, "the downloaded binaries do not run on this machine"))
    }

    /// The path of one program, e.g. `initdb`.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn at(folder: &Path) -> Option<Self> {
        // Links such as `/usr/local/bin/postgres` lead to the folder with all the programs.
        let folder = folder.join("postgres").canonicalize().ok()?.parent()?.to_path_buf();
        if !folder.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(folder.join("postgres")).arg("--version").stdin(Stdio::null()).output().ok()?;
        let version = parse_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { folder, version })
    }
}

fn newest(folders: &BTreeSet<PathBuf>, wanted: Wanted) -> Option<Binaries> {
    folders
        .iter()
        .filter_map(|folder| Binaries::at(folder))
        .filter(|binaries| wanted.accepts(binaries))
        .max_by_key(|binaries| binaries.version)
}

pub(super) fn places(downloads: &Path) -> BTreeSet<PathBuf> {
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: BTreeSet<_> = std::env::split_paths(&search_path).filter(|folder| folder.is_absolute()).collect();
    folders.extend(PLACES.iter().flat_map(|place| matching(Path::new(place))));
    folders.extend(matching(&downloads.join("*/bin")));
    folders
}

/// The folders that match a pattern with at most one `*`.
fn matching(pattern: &Path) -> BTreeSet<PathBuf> {
    let text = pattern.to_string_lossy();
    let Some((before, after)) = text.split_once('*') else {
        return BTreeSet::from([pattern.to_path_buf()]);
    };
    let Some((parent, prefix)) = before.rsplit_once('/') else {
        return BTreeSet::new();
    };
    let Ok(entries) = fs::read_dir(parent) else {
        return BTreeSet::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(after.trim_start_matches('/')))
        .collect()
}

/// Reads `postgres (PostgreSQL) 17.2 (Debian …)`. Betas (`18beta1`) are ignored: the release cannot open their files.
pub(super) fn parse_version(line: &str) -> Option<(u32, u32)> {
    let (_, rest) = line.split_once("(PostgreSQL) ")?;
    let (major, minor) = rest.split_whitespace().next()?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_betas_left_out() {
        assert_eq!(parse_version("postgres (PostgreSQL) 17.2 (Debian 17.2-1)\n"), Some((17, 2)));
        assert_eq!(parse_version("postgres (PostgreSQL) 14.10\n"), Some((14, 10)));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1\n"), None);
        assert_eq!(parse_version("something else"), None);
    }

    #[test]
    fn a_new_cluster_takes_any_supported_version_an_old_one_its_own() {
        let binaries = |major| Binaries { folder: PathBuf::new(), version: (major, 1) };
        let any = Wanted { major: None };
        assert!(any.accepts(&binaries(14)) && any.accepts(&binaries(19)) && !any.accepts(&binaries(13)));
        let same = Wanted { major: Some(15) };
        assert!(same.accepts(&binaries(15)) && !same.accepts(&binaries(17)));
    }
}
