//! The file of a backup: a tar archive with what was saved, the secrets and the dump of the database.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tar::{Builder, Header};

use crate::{
    error::{Error, Result},
    secrets::{FromFile, MasterSecret},
};

const ABOUT: &str = "about.json";
const SECRET: &str = "secret.key";
const FORMER: &str = "former-secret.key";
const DUMP: &str = "database.dump";

/// The layout of the archive. A program reads the layouts that it knows.
const FORMAT: u32 = 1;

/// What was saved, and by which program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    /// The layout of the archive.
    pub format: u32,
    /// The version of Liaison.
    pub liaison: String,
    /// When it was made.
    pub made_at: String,
}

impl About {
    /// Of a backup that this program makes at `made_at`.
    pub fn now(made_at: String) -> Self {
        Self { format: FORMAT, liaison: env!("CARGO_PKG_VERSION").to_owned(), made_at }
    }
}

/// What an archive has beside the dump.
pub struct Kept {
    /// What was saved.
    pub about: About,
    /// The master secrets.
    pub secrets: FromFile,
}

/// Writes an archive.
///
/// # Errors
/// When a file cannot be read or written.
pub fn write(archive: &File, kept: &Kept, mut dump: &File) -> io::Result<()> {
    let mut builder = Builder::new(archive);
    append(&mut builder, ABOUT, &serde_json::to_vec(&kept.about)?)?;
    append(&mut builder, SECRET, &kept.secrets.current)?;
    if let Some(former) = &kept.secrets.former {
        append(&mut builder, FORMER, former)?;
    }
    let size = dump.metadata()?.len();
    builder.append_data(&mut header(size), DUMP, &mut dump)?;
    builder.into_inner()?.sync_all()
}

fn append(builder: &mut Builder<&File>, name: &str, bytes: &[u8]) -> io::Result<()> {
    builder.append_data(&mut header(u64::try_from(bytes.len()).unwrap_or(u64::MAX)), name, bytes)
}

fn header(size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o600);
    header
}

/// An archive to restore from.
#[derive(Clone)]
pub struct Archive(PathBuf);

impl Archive {
    /// The archive at `path`.
    pub fn at(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// What it has beside the dump.
    ///
    /// # Errors
    /// When it cannot be read, or is no backup that this program knows.
    pub fn kept(&self) -> Result<Kept> {
        let about: About = serde_json::from_slice(&self.part(ABOUT)?).map_err(|error| self.wrong(&error))?;
        if about.format != FORMAT {
            let other =
                format!("it was made by Liaison {}; restore it with that version or a newer one", about.liaison);
            return Err(self.wrong(&other));
        }
        let secret = |bytes: Vec<u8>| -> Result<MasterSecret> {
            bytes.try_into().map_err(|_secret| self.wrong(&"its master secret is damaged"))
        };
        let current = secret(self.part(SECRET)?)?;
        let former = self.find(FORMER, bytes)?.map(secret).transpose()?;
        Ok(Kept { about, secrets: FromFile { current, former } })
    }

    /// Copies the dump of the database to `target`.
    ///
    /// # Errors
    /// When it cannot be read, or `target` does not take it.
    pub fn copy_dump(&self, target: &mut impl io::Write) -> Result<()> {
        let copied = self.find(DUMP, |entry| io::copy(entry, target))?;
        copied.map(drop).ok_or_else(|| self.wrong(&format!("it has no {DUMP}")))
    }

    fn part(&self, name: &str) -> Result<Vec<u8>> {
        self.find(name, bytes)?.ok_or_else(|| self.wrong(&format!("it has no {name}; name a backup")))
    }

    fn find<T>(&self, name: &str, read: impl FnOnce(&mut dyn Read) -> io::Result<T>) -> Result<Option<T>> {
        let wrong = |error: io::Error| self.wrong(&error);
        let unreadable = |error| self.wrong(&format!("{error}; name a file that `liaison backup` has made"));
        let file = OpenOptions::new().read(true).open(&self.0).map_err(unreadable)?;
        let mut archive = tar::Archive::new(file);
        for entry in archive.entries().map_err(wrong)? {
            let mut entry = entry.map_err(wrong)?;
            if entry.path_bytes().as_ref() == name.as_bytes() {
                return read(&mut entry).map(Some).map_err(wrong);
            }
        }
        Ok(None)
    }

    fn wrong(&self, problem: &dyn std::fmt::Display) -> Error {
        Error::internal(format!("the backup {}: {problem}", self.0.display()))
    }
}

/// The most bytes of a part other than the dump.
const SMALL: u64 = 64 * 1024;

fn bytes(entry: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.take(SMALL).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file that only its owner may read, and that is removed unless it is kept.
pub struct Draft {
    path: PathBuf,
    /// The open file.
    pub file: File,
}

impl Draft {
    /// A new file at `path`.
    ///
    /// # Errors
    /// When there is such a file already, or none can be made.
    pub fn new(path: PathBuf) -> Result<Self> {
        let made = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
        let file = made.map_err(|error| Error::internal(format!("cannot make {}: {error}", path.display())))?;
        Ok(Self { path, file })
    }

    /// Gives the file a second name, which nothing has yet; the first goes.
    ///
    /// # Errors
    /// When there is such a file already.
    pub fn keep_as(self, path: &Path) -> Result<()> {
        let wrong = |error: io::Error| Error::internal(format!("cannot make {}: {error}", path.display()));
        std::fs::hard_link(&self.path, path).map_err(wrong)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(wrong)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
