//! Postgres's server programs from the releases of a public project, for machines that have none.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use flate2::read::GzDecoder;
use semver::Version;
use serde::Deserialize;
use tokio::{sync::oneshot, time::Instant};
use ureq::Agent;

use super::{
    account::set_mode,
    binaries::Wanted,
    error::{LocalPostgresError, Result, io},
};
use crate::outgoing;

/// The project that builds Postgres for each platform, so that it runs from any folder.
const PROJECT: &str = "https://github.com/theseus-rs/postgresql-binaries";

/// Where GitHub's API lists its releases.
const RELEASES: &str = "https://api.github.com/repos/theseus-rs/postgresql-binaries/releases";

/// The most pages of releases that are read, with a hundred releases on each.
const PAGES: u32 = 20;

/// The largest download accepted, for an archive (about 20 MB) or a page of releases.
const MAX_BYTES: u64 = 200_000_000;

/// The major version to download for a new cluster.
const DEFAULT_MAJOR: u64 = 17;

/// Enough for the archive over a slow connection; a dead connection must not hang the start.
const PATIENCE: Duration = Duration::from_mins(3);

type Failure = Box<dyn Error + Send + Sync>;

/// One version of Postgres.
#[derive(Deserialize)]
struct Release {
    tag_name: String,
    assets: Vec<Asset>,
}

/// A file of a release.
#[derive(Deserialize)]
struct Asset {
    name: String,
    browser_download_url: String,
}

/// Where downloaded binaries are stored, one folder per version.
pub(super) fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres-binaries")
}

/// Downloads the newest binaries of the wanted major version into `downloads`. The archive's hash is compared with the
/// published one before anything is unpacked.
pub(super) async fn fetch(downloads: &Path, wanted: Wanted, may_download: bool) -> Result<()> {
    if !may_download {
        return Err(failure(wanted, "it is not allowed by the settings"));
    }
    let major = wanted.major.map_or(DEFAULT_MAJOR, u64::from);
    tracing::info!(major, source = PROJECT, "no installed Postgres found, downloading its binaries");
    let downloads = downloads.to_owned();
    let (sender, fetched) = oneshot::channel();
    // A thread that the end of the program does not wait for: a signal breaks off a start at once.
    thread::spawn(move || sender.send(fetch_major(RELEASES, &downloads, major)));
    let fetched = fetched.await.unwrap_or_else(|panicked| Err(panicked.into()));
    fetched.map_err(|error| failure(wanted, &error.to_string()))
}

/// The error that says what the operator can do.
pub(super) fn failure(wanted: Wanted, reason: &str) -> LocalPostgresError {
    let (wanted, download) = (wanted.describe(), reason.to_owned());
    LocalPostgresError::NoBinaries { wanted, download, source_url: PROJECT }
}

fn fetch_major(releases: &str, downloads: &Path, major: u64) -> Result<(), Failure> {
    let source = Source { client: outgoing::client(PATIENCE), until: Instant::now() + PATIENCE };
    let (version, release) = newest(&source, releases, major)?;
    let name = format!("postgresql-{version}-{}.tar.gz", target_tuple::TARGET);
    let archive = source.get(release.address(&name)?)?;
    let published = source.get(release.address(&format!("{name}.sha256"))?)?;
    let hash = data_encoding::HEXLOWER.encode(digest(&SHA256, &archive).as_ref());
    if !String::from_utf8_lossy(&published).split_whitespace().any(|word| word == hash) {
        return Err(format!("{name} is not the file that was published: its SHA-256 is {hash}").into());
    }
    // Unpacked in another folder and renamed, so that an interrupted download never looks complete.
    let aside = downloads.join("unfinished");
    let _ = fs::remove_dir_all(&aside);
    fs::create_dir_all(&aside)?;
    tar::Archive::new(GzDecoder::new(archive.as_slice())).unpack(&aside)?;
    open_folders(downloads)?;
    let unpacked = aside.join(name.trim_end_matches(".tar.gz"));
    fs::rename(unpacked, downloads.join(version.to_string()))?;
    fs::remove_dir_all(&aside)?;
    Ok(())
}

/// The newest release of `major`. Releases are listed by creation date, which is not the order of their versions.
fn newest(source: &Source, releases: &str, major: u64) -> Result<(Version, Release), Failure> {
    let mut all: Vec<(Version, Release)> = Vec::new();
    for page in 1..=PAGES {
        let listed = source.get(&format!("{releases}?per_page=100&page={page}"))?;
        let listed: Vec<Release> = serde_json::from_slice(&listed)?;
        if listed.is_empty() {
            break;
        }
        all.extend(listed.into_iter().filter_map(|release| Some((release.tag_name.parse().ok()?, release))));
    }
    let fitting = all.into_iter().filter(|(version, _)| version.major == major && version.pre.is_empty());
    fitting.max_by(|(one, _), (other, _)| one.cmp(other)).ok_or_else(|| format!("{PROJECT} has no {major}").into())
}

impl Release {
    fn address(&self, file: &str) -> Result<&str, Failure> {
        let asset = self.assets.iter().find(|asset| asset.name == file);
        let asset = asset.ok_or_else(|| format!("release {} has no file {file}", self.tag_name))?;
        Ok(&asset.browser_download_url)
    }
}

/// Where files come from, and the common deadline for all of them.
struct Source {
    client: Agent,
    until: Instant,
}

impl Source {
    fn get(&self, address: &str) -> Result<Vec<u8>, Failure> {
        let left = self.until.saturating_duration_since(Instant::now());
        let mut response = self.client.get(address).config().timeout_global(Some(left)).build().call()?;
        if !response.status().is_success() {
            return Err(format!("{address} answered {}", response.status()).into());
        }
        Ok(response.body_mut().with_config().limit(MAX_BYTES).read_to_vec()?)
    }
}

/// Lets the user who runs Postgres into the folders, regardless of our umask.
fn open_folders(folder: &Path) -> Result<()> {
    set_mode(folder, 0o755)?;
    for entry in fs::read_dir(folder).map_err(io("read", folder))?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_folders(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{Read, Write},
        net::{TcpListener, TcpStream},
        os::unix::fs::PermissionsExt,
        path::PathBuf,
        thread,
    };

    use aws_lc_rs::digest::{SHA256, digest};
    use flate2::{Compression, write::GzEncoder};
    use serde_json::{Value, json};

    use super::fetch_major;

    /// The files of a release server, by path.
    type Files = Vec<(String, Vec<u8>)>;

    fn name(version: &str) -> String {
        format!("postgresql-{version}-{}", target_tuple::TARGET)
    }

    fn archive(version: &str) -> Vec<u8> {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        header.set_mode(0o755);
        let path = format!("{}/bin/postgres", name(version));
        archive.append_data(&mut header, path, &b"runs"[..]).unwrap();
        archive.into_inner().unwrap().finish().unwrap()
    }

    fn answer(mut connection: TcpStream, files: &Files) {
        let mut request = [0; 4096];
        let length = connection.read(&mut request).unwrap();
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        let path = request.split(' ').nth(1).unwrap();
        let found = files.iter().find(|(name, _)| name == path);
        let (status, body) = found.map_or(("404 Not Found", &b""[..]), |(_, body)| ("200 OK", body));
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        connection.write_all(head.as_bytes()).unwrap();
        connection.write_all(body).unwrap();
    }

    /// A release server with `versions`, and the address of its list.
    fn release_server(versions: &[&str], published_hash: impl Fn(&[u8]) -> String) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let mut files = Files::new();
        let mut releases: Vec<Value> = Vec::new();
        for version in versions {
            let name = format!("{}.tar.gz", name(version));
            let asset = |name: &str| json!({"name": name, "browser_download_url": format!("{origin}/{name}")});
            releases.push(json!({"tag_name": version, "assets": [asset(&name), asset(&format!("{name}.sha256"))]}));
            files.push((format!("/{name}.sha256"), published_hash(&archive(version)).into_bytes()));
            files.push((format!("/{name}"), archive(version)));
        }
        files.push(("/releases?per_page=100&page=1".to_owned(), serde_json::to_vec(&releases).unwrap()));
        files.push(("/releases?per_page=100&page=2".to_owned(), b"[]".to_vec()));
        thread::spawn(move || {
            for connection in listener.incoming() {
                answer(connection.unwrap(), &files);
            }
        });
        format!("{origin}/releases")
    }

    fn sha256(archive: &[u8]) -> String {
        format!("{}  file", data_encoding::HEXLOWER.encode(digest(&SHA256, archive).as_ref()))
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("liaison-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn the_newest_of_the_wanted_major_version_is_unpacked() {
        let downloads = folder("download");
        let releases = release_server(&["17.10.0", "18.1.0", "17.9.0", "17.11.0-beta.1", "16.20.0"], sha256);
        fetch_major(&releases, &downloads, 17).unwrap();
        let program = downloads.join("17.10.0/bin/postgres");
        assert_eq!(fs::read(&program).unwrap(), b"runs");
        assert_eq!(program.metadata().unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::read_dir(&downloads).unwrap().count(), 1);
        fs::remove_dir_all(downloads).unwrap();
    }

    #[test]
    fn nothing_is_unpacked_that_was_not_published() {
        let downloads = folder("forged");
        let releases = release_server(&["17.10.0"], |_| sha256(b"another file"));
        let refused = fetch_major(&releases, &downloads, 17).unwrap_err().to_string();
        assert!(refused.contains("is not the file that was published"), "{refused}");
        let missing = fetch_major(&releases, &downloads, 15).unwrap_err().to_string();
        assert!(missing.contains("has no 15"), "{missing}");
        let gone = fetch_major(&format!("{releases}-elsewhere"), &downloads, 17).unwrap_err().to_string();
        assert!(gone.contains("answered 404"), "{gone}");
        assert_eq!(fs::read_dir(&downloads).unwrap().count(), 0);
        fs::remove_dir_all(downloads).unwrap();
    }
}
