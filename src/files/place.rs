//! Where files are kept, as the operator writes it.

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path as FilePath, PathBuf},
    sync::Arc,
};

use object_store::{ObjectStore, local::LocalFileSystem, path::Path};
use url::Url;

use super::Files;
use crate::error::{Error, Result};

/// Where files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket, `s3://bucket/prefix`.
    Bucket(Url),
}

impl Place {
    /// The place that `text` names.
    ///
    /// # Errors
    /// When it is the address of something else than a bucket, or this program was built without S3.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if !text.contains("://") {
            return Ok(Self::Folder(text.into()));
        }
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "s3" && url.host_str().is_some());
        let url = url.ok_or("give a folder, or a bucket such as s3://bucket/folder")?;
        match cfg!(feature = "s3") {
            true => Ok(Self::Bucket(url)),
            false => Err("this program was built without S3; build it with `--features s3`, or give a folder"),
        }
    }

    /// Opens the place. A folder is made when it is missing, readable for its owner only.
    ///
    /// # Errors
    /// When the folder cannot be made, or the bucket's settings do not suffice.
    pub fn open(&self) -> Result<Files> {
        match self {
            Self::Folder(folder) => Ok(Files { store: Arc::new(in_folder(folder)?), prefix: Path::default() }),
            Self::Bucket(url) => {
                let store: Arc<dyn ObjectStore> = bucket(url)?;
                let prefix = Path::from_url_path(url.path()).map_err(Error::internal)?;
                Ok(Files { store, prefix })
            }
        }
    }
}

fn in_folder(folder: &FilePath) -> Result<LocalFileSystem> {
    let told = |error| Error::internal(format!("{}: {error}", folder.display()));
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(told)?;
    LocalFileSystem::new_with_prefix(folder).map(|files| files.with_fsync(true)).map_err(Error::internal)
}

/// The bucket, with the key and the region of the usual variables (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT` …).
#[cfg(feature = "s3")]
fn bucket(url: &Url) -> Result<Arc<dyn ObjectStore>> {
    let store = object_store::aws::AmazonS3Builder::from_env().with_url(url.as_str()).build();
    Ok(Arc::new(store.map_err(Error::internal)?))
}

#[cfg(not(feature = "s3"))]
fn bucket(_: &Url) -> Result<Arc<dyn ObjectStore>> {
    Err(Error::internal("this program was built without S3"))
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_is_a_folder_or_a_bucket() {
        assert_eq!(Place::parse("/var/lib/liaison/files"), Ok(Place::Folder("/var/lib/liaison/files".into())));
        assert_eq!(Place::parse("s3://bucket/prefix").is_ok(), cfg!(feature = "s3"));
        for wrong in ["ftp://host/folder", "s3://", "https://bucket.example/x"] {
            assert!(Place::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[actix_web::test]
    async fn a_file_in_a_folder_is_read_back_and_removed() {
        let folder = std::env::temp_dir().join(format!("liaison-files-{}", uuid::Uuid::now_v7()));
        let files = Place::Folder(folder.clone()).open().unwrap();
        let id = uuid::Uuid::now_v7();
        let source = folder.join("source");
        std::fs::write(&source, vec![7; 9 << 20]).unwrap();
        assert_eq!(files.put_file("exports", id, &source).await.unwrap(), 9 << 20);
        assert_eq!(files.get_all("exports", id).await.unwrap().unwrap().len(), 9 << 20);
        assert_eq!(files.get("exports", id).await.unwrap().unwrap().size, 9 << 20);
        files.remove("exports", id).await.unwrap();
        assert!(files.get("exports", id).await.unwrap().is_none());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
