//! `liaison backup`: everything that a server needs to begin again elsewhere, in one file.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use chrono::SecondsFormat;
use tokio::process::Command;

use super::{
    archive::{self, About, Draft, Kept},
    postgres_tool::{succeeded, tool},
};
use crate::{
    clock::Clock,
    error::{Error, Result},
    secrets::FromFile,
    setup::Urls,
};

/// Saves the database as it is at one moment, whatever servers do meanwhile, with the master secrets, in the new file
/// `target`.
///
/// # Errors
/// When there is such a file already, or `pg_dump` fails.
pub async fn backup(urls: &Urls, secrets: FromFile, data_dir: &Path, target: &Path) -> Result<()> {
    if target.try_exists().unwrap_or(true) {
        return Err(Error::internal(format!("{} exists already; name a new file", target.display())));
    }
    let dump = Draft::new(beside(target, "database.part"))?;
    let whole = Draft::new(beside(target, "part"))?;
    let mut command = tool("pg_dump", &urls.owner, data_dir).await?;
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--no-password"]);
    let output = dump.file.try_clone().map_err(Error::internal)?;
    command.stdin(Stdio::null()).stdout(output).stderr(Stdio::piped());
    // It ends with this command, also when a signal breaks that off.
    let child = Command::from(command).kill_on_drop(true).spawn().map_err(Error::internal)?;
    let done = child.wait_with_output().await.map_err(Error::internal)?;
    succeeded("pg_dump", done.status, &done.stderr)?;
    let made_at = Clock::system().now().utc().to_rfc3339_opts(SecondsFormat::Secs, true);
    write(&whole, &Kept { about: About::now(made_at), secrets }, &dump)?;
    let size = whole.file.metadata().map_err(Error::internal)?.len();
    whole.keep_as(target)?;
    println!(
        "The backup {} has {} KB. It holds the master secret: keep it as a secret.",
        target.display(),
        size / 1024
    );
    Ok(())
}

fn write(whole: &Draft, kept: &Kept, dump: &Draft) -> Result<()> {
    // `pg_dump` has moved the place in the file, which both handles share.
    std::io::Seek::rewind(&mut &dump.file)
        .and_then(|()| archive::write(&whole.file, kept, &dump.file))
        .map_err(|error| Error::internal(format!("the backup cannot be written: {error}")))
}

fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    PathBuf::from(name)
}
