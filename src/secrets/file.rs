//! The master secret in a file of the data folder, used when the settings give none.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::{MasterSecret, SECRET_BYTES, random};
use crate::{
    error::{Error, Result},
    local_postgres::make_data_dir,
};

/// The secrets in a data folder.
pub struct FromFile {
    /// The master secret.
    pub current: MasterSecret,
    /// The one before it, while it is still needed.
    pub former: Option<MasterSecret>,
}

/// The master secret in `data_dir`, which is made at the first start, readable for its owner only. Also the former one,
/// when the operator has put it aside as `former-secret.key`.
///
/// # Errors
/// When a file cannot be read or made, or does not hold a master secret.
pub fn from_file(data_dir: &Path) -> Result<FromFile> {
    let path = data_dir.join("secret.key");
    make_data_dir(data_dir).map_err(Error::internal)?;
    if !path.try_exists().map_err(explain(&path))? {
        make_file(&path, &random::<SECRET_BYTES>()?).map_err(explain(&path))?;
    }
    let former = data_dir.join("former-secret.key");
    let former = former.try_exists().map_err(explain(&former))?.then(|| read(&former)).transpose()?;
    Ok(FromFile { current: read(&path)?, former })
}

fn read(path: &Path) -> Result<MasterSecret> {
    let kept = std::fs::read(path).map_err(explain(path))?;
    kept.try_into().map_err(|_secret| Error::internal(format!("{}: not a Liaison secret", path.display())))
}

fn explain(path: &Path) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::internal(format!("{}: {error}", path.display()))
}

/// The file appears with all its bytes or not at all, however the process ends. A file that another start has made
/// stays as it is.
fn make_file(path: &Path, secret: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension(format!("key.{}", std::process::id()));
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(secret)?;
    file.sync_all()?;
    // A rename would replace a secret that is in use already.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all()),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

    use super::{from_file, make_file};
    use crate::secrets::random_text;

    fn folder() -> PathBuf {
        std::env::temp_dir().join(format!("liaison-secrets-{}", random_text::<9>().unwrap()))
    }

    #[test]
    fn the_secret_is_made_once_and_readable_for_its_owner_only() {
        let folder = folder();
        let made = from_file(&folder).unwrap().current;
        assert_eq!(from_file(&folder).unwrap().current, made);
        let mode = fs::metadata(folder.join("secret.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no draft is left");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_draft_of_a_killed_start_is_no_secret() {
        let folder = folder();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("secret.key.{}", std::process::id())), b"half").unwrap();
        fs::write(folder.join("secret.key.1"), b"").unwrap();
        let made = from_file(&folder).unwrap().current;
        assert_eq!(from_file(&folder).unwrap().current, made);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn of_starts_at_the_same_time_all_get_the_same_secret() {
        let folder = folder();
        fs::create_dir_all(&folder).unwrap();
        make_file(&folder.join("secret.key"), &[1; 32]).unwrap();
        // Another start that had found no file.
        make_file(&folder.join("secret.key"), &[2; 32]).unwrap();
        assert_eq!(from_file(&folder).unwrap().current, [1; 32]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_of_another_length_is_refused_and_kept() {
        let folder = folder();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("secret.key"), b"short").unwrap();
        assert!(from_file(&folder).map(|_| ()).unwrap_err().to_string().contains("not a Liaison secret"));
        assert_eq!(fs::read(folder.join("secret.key")).unwrap(), b"short");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_secret_put_aside_is_the_former_one() {
        let folder = folder();
        let first = from_file(&folder).unwrap();
        assert_eq!(first.former, None);
        let former = folder.join("former-secret.key");
        fs::rename(folder.join("secret.key"), &former).unwrap();
        let second = from_file(&folder).unwrap();
        assert!(second.former == Some(first.current) && second.current != first.current);
        fs::write(&former, b"short").unwrap();
        let message = from_file(&folder).map(|_| ()).unwrap_err().to_string();
        assert!(message.contains("former-secret.key: not a Liaison secret"), "{message}");
        fs::remove_dir_all(folder).unwrap();
    }
}
