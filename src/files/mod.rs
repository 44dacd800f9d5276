//! Files that are made or sent in: a folder of this machine, or a bucket of S3 that all servers of a database share.
//!
//! They hold personal data, the files of exports as well as those of imports. Each is under the kind of what it belongs to and
//! the id: `exports/{id}`, `imports/{id}`. Upkeep removes what is older than its time.

mod place;

use std::{path::Path as FilePath, sync::Arc};

use actix_web::web::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, memory::InMemory, path::Path};
use tokio::io::AsyncReadExt;
use uuid::Uuid;

pub use self::place::Place;
use crate::{
    error::{Error, Result},
    values::Instant,
};

/// How much of a file is in memory while it is put into its place: S3 takes no smaller parts.
const PART: usize = 8 << 20;

/// Where files are kept.
#[derive(Clone, Debug)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

/// A file as it is read: its size, and its bytes.
pub struct Content {
    /// How many bytes it has.
    pub size: u64,
    /// Its bytes.
    pub bytes: BoxStream<'static, Result<Bytes>>,
}

impl Default for Files {
    /// Files in memory, for tests.
    fn default() -> Self {
        Self { store: Arc::new(InMemory::new()), prefix: Path::default() }
    }
}

impl Files {
    fn path(&self, kind: &'static str, id: Uuid) -> Path {
        self.prefix.clone().join(kind).join(id.to_string())
    }

    /// Keeps `bytes` as the file of `id`.
    ///
    /// # Errors
    /// 503 when they cannot be kept.
    pub async fn put(&self, kind: &'static str, id: Uuid, bytes: Bytes) -> Result<()> {
        self.store.put(&self.path(kind, id), PutPayload::from(bytes)).await.map_err(Error::unavailable)?;
        Ok(())
    }

    /// Keeps a copy of the file at `from` as the file of `id`, and returns its size. Only a part of it is in memory at a time.
    ///
    /// # Errors
    /// 503 when it cannot be kept.
    pub async fn put_file(&self, kind: &'static str, id: Uuid, from: &FilePath) -> Result<u64> {
        let mut file = tokio::fs::File::open(from).await.map_err(Error::internal)?;
        let mut upload = self.store.put_multipart(&self.path(kind, id)).await.map_err(Error::unavailable)?;
        let mut size = 0;
        loop {
            let mut part = Vec::with_capacity(PART);
            (&mut file).take(PART as u64).read_to_end(&mut part).await.map_err(Error::internal)?;
            if part.is_empty() && size > 0 {
                break;
            }
            let is_last = part.len() < PART;
            size += part.len() as u64;
            upload.put_part(PutPayload::from(part)).await.map_err(Error::unavailable)?;
            if is_last {
                break;
            }
        }
        upload.complete().await.map_err(Error::unavailable)?;
        Ok(size)
    }

    /// The file of `id`; `None` when there is none any more.
    ///
    /// # Errors
    /// 503 when it cannot be read.
    pub async fn get(&self, kind: &'static str, id: Uuid) -> Result<Option<Content>> {
        match self.store.get(&self.path(kind, id)).await {
            Ok(found) => {
                let size = found.meta.size;
                Ok(Some(Content { size, bytes: found.into_stream().map_err(Error::unavailable).boxed() }))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(Error::unavailable(error)),
        }
    }

    /// The whole file of `id`, which is small enough for that; `None` when there is none any more.
    ///
    /// # Errors
    /// 503 when it cannot be read.
    pub async fn get_all(&self, kind: &'static str, id: Uuid) -> Result<Option<Bytes>> {
        match self.store.get(&self.path(kind, id)).await {
            Ok(found) => found.bytes().await.map(Some).map_err(Error::unavailable),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(Error::unavailable(error)),
        }
    }

    /// Removes the files of `kind` that are older than `moment`, also those that belong to nothing any more.
    ///
    /// # Errors
    /// 503 when they cannot be listed or removed.
    pub async fn remove_older(&self, kind: &'static str, moment: Instant) -> Result<usize> {
        let mut files = self.store.list(Some(&self.prefix.clone().join(kind)));
        let mut removed = 0;
        while let Some(file) = files.next().await {
            let file = file.map_err(Error::unavailable)?;
            if file.last_modified < moment.utc() {
                self.remove_at(&file.location).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Removes the file of `id`, if there is one.
    ///
    /// # Errors
    /// 503 when it cannot be removed.
    pub async fn remove(&self, kind: &'static str, id: Uuid) -> Result<()> {
        self.remove_at(&self.path(kind, id)).await
    }

    async fn remove_at(&self, path: &Path) -> Result<()> {
        match self.store.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::unavailable(error)),
        }
    }
}
