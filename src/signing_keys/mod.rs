//! Makes and rotates the keys that sign access tokens.

mod rotation;

use std::time::Duration;

use diesel_async::AsyncPgConnection;

use crate::{
    access::token_keys::{KeyRing, Keys},
    clock::Clock,
    db::Db,
    error::Result,
    secrets::Secrets,
    values::Instant,
};

pub use rotation::{Rotation, replace_all, revoke, rotate};

/// Within this time a server knows of new and of revoked keys.
pub const EVERY: Duration = Duration::from_secs(5);

/// Reads the signing keys; makes the first one, which signs at once, when there is none.
///
/// # Errors
/// When the master secret is not the one that the keys were sealed with.
pub async fn load(db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<Keys> {
    let keys = Keys::read(db, secrets, now).await?;
    if !keys.is_empty() {
        return Ok(keys);
    }
    rotation::first(db, secrets, now).await?;
    Keys::read(db, secrets, now).await
}

/// Reads the signing keys, and makes a new one when the newest is as old as `rotate_every`. When the database cannot be
/// asked, the server goes on with the keys that it has.
///
/// # Errors
/// When the database fails, or when the master secret is not the one that the keys were sealed with.
pub async fn keep(
    db: &Db,
    keys: &KeyRing,
    secrets: &Secrets,
    clock: &Clock,
    rotate_every: Option<chrono::Duration>,
) -> Result<()> {
    let mut db = db.connect().await?;
    let now = clock.now();
    keys.reload(&mut db, secrets, now).await?;
    if rotate_every.is_some_and(|age| keys.current().is_due(age, now)) {
        let rotation = rotate(&mut db, secrets, now).await?;
        tracing::info!(kid = rotation.next.id, made = rotation.made, "signing keys rotated");
        keys.reload(&mut db, secrets, now).await?;
    }
    Ok(())
}
