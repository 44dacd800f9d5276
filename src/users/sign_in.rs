//! What the row of a user says about how they sign in.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::RunQueryDsl;

use super::model::User;
use crate::{
    access::UserId,
    change::Tx,
    db::schema::users,
    error::{Error, Result},
};

/// What a new user signs in with.
pub enum FirstPassword {
    /// Nothing yet: a one-time token will set it.
    None,
    /// The hash of a generated password, which the user must change before anything else.
    Temporary(String),
    /// The hash of a password that stays.
    Lasting(String),
}

impl FirstPassword {
    /// The hash to store.
    pub fn hash(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Temporary(hash) | Self::Lasting(hash) => Some(hash),
        }
    }
}

/// Records that `action` changed how the user `id` signs in. Their row stays locked until the transaction ends.
///
/// # Errors
/// 404 when the user does not exist.
pub async fn sign_in_changed(tx: &mut Tx<'_>, id: UserId, action: &'static str) -> Result<User> {
    let before = users::table
        .find(id)
        .select(User::as_select())
        .for_no_key_update()
        .first(&mut **tx)
        .await
        .optional()?
        .ok_or_else(Error::not_found)?;
    grow(tx, &before, action).await
}

/// Increments the version of the locked user, and records that `action` changed how they sign in.
///
/// # Errors
/// When the database fails.
pub async fn grow(tx: &mut Tx<'_>, before: &User, action: &'static str) -> Result<User> {
    let now = tx.now();
    let after = User { version: before.version + 1, updated_at: now, ..before.clone() };
    let changed = (users::version.eq(after.version), users::updated_at.eq(now));
    diesel::update(users::table.find(after.id)).set(changed).execute(&mut **tx).await?;
    tx.changed(action, before, &after);
    Ok(after)
}
