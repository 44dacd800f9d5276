//! `liaison restore`: what a backup holds, into an empty folder and an empty database.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::Stdio,
};

use diesel::{QueryableByName, sql_query, sql_types};
use diesel_async::RunQueryDsl;
use tokio::{process::Command, task::spawn_blocking};

use super::{
    archive::{Archive, Kept},
    postgres_tool::{succeeded, tool},
    verify_audit,
};
use crate::{
    audit::Watch,
    clock::Clock,
    config::Base,
    db,
    error::{Error, Result},
    local_postgres::make_data_dir,
    secrets::{FromFile, Secrets},
    setup::{self, Urls},
};

/// Refuses to restore over something: the data folder has to be empty, and a given master secret has to be that of the
/// backup.
///
/// # Errors
/// When one of them is not so.
pub fn refuse_to_overwrite(base: &Base, kept: &Kept) -> Result<()> {
    let folder = &base.data_dir;
    let is_empty = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(Error::internal(format!("{}: {error}", folder.display()))),
    };
    if !is_empty {
        return Err(Error::internal(format!(
            "the data folder {} is not empty; name a new one with --data-dir",
            folder.display()
        )));
    }
    if base.secret_key.is_some_and(|given| given != kept.secrets.current) {
        return Err(Error::internal(
            "LIAISON_SECRET_KEY is another secret than that of the backup; leave it out, or give the one of the backup",
        ));
    }
    Ok(())
}

/// Restores `archive`, brings the database up to date and verifies the audit log.
///
/// # Errors
/// When the database has tables already, `pg_restore` fails, or the audit log is not as it was written.
pub async fn restore(base: &Base, urls: &Urls, archive: &Archive, kept: &Kept) -> Result<()> {
    refuse_a_database_in_use(&urls.owner).await?;
    let mut command = tool("pg_restore", &urls.owner, &base.data_dir).await?;
    command.args(["--no-owner", "--no-privileges", "--no-password", "--exit-on-error", "--single-transaction"]);
    feed(command, archive).await?;
    if base.secret_key.is_none() {
        put_secrets(&base.data_dir, &kept.secrets)?;
    }
    let secrets = Secrets::with_fallbacks(&kept.secrets.current, kept.secrets.former.as_slice())?;
    setup::bring_up_to_date(urls, &secrets, &Clock::system()).await?;
    verify_audit(urls, &secrets, &Watch::default(), None).await?;
    println!("The backup of {} is restored. Start the server with the same settings.", kept.about.made_at);
    Ok(())
}

/// Runs `pg_restore` on the dump. It ends with this command, also when a signal breaks that off.
async fn feed(mut command: std::process::Command, archive: &Archive) -> Result<()> {
    let (reader, mut writer) = io::pipe().map_err(Error::internal)?;
    command.stdin(reader).stderr(Stdio::piped());
    let child = Command::from(command).kill_on_drop(true).spawn().map_err(Error::internal)?;
    let archive = archive.clone();
    let copying = spawn_blocking(move || archive.copy_dump(&mut writer));
    let done = child.wait_with_output().await.map_err(Error::internal)?;
    succeeded("pg_restore", done.status, &done.stderr)?;
    copying.await.map_err(Error::internal)?
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    tables: i64,
}

async fn refuse_a_database_in_use(url: &str) -> Result<()> {
    let mut db = db::connect(url).await?;
    let query = sql_query(
        "SELECT count(*) AS tables FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace",
    );
    let Count { tables } = query.get_result(&mut db).await?;
    match tables {
        0 => Ok(()),
        _ => Err(Error::internal(format!("the database has {tables} tables already; restore into an empty one"))),
    }
}

/// The files of the data folder, as `secrets::from_file` reads them.
fn put_secrets(folder: &Path, secrets: &FromFile) -> Result<()> {
    put(&folder.join("secret.key"), &secrets.current)?;
    match &secrets.former {
        Some(former) => put(&folder.join("former-secret.key"), former),
        None => Ok(()),
    }
}

fn put(path: &Path, secret: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        make_data_dir(folder).map_err(Error::internal)?;
    }
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(secret)?;
        file.sync_all()
    };
    write().map_err(|error| Error::internal(format!("{}: {error}", path.display())))
}
