//! Who is given a client, or work with it, must be able to see it.

use super::model::Client;
use crate::{
    access::{UserId, may_read},
    change::Tx,
    error::{Error, Result},
    values::{Invalid, Say},
};

/// Refuses to give `client`, or work with it, to a user who cannot see it. What callers take on themselves is not looked at:
/// their own rights have been checked.
///
/// # Errors
/// 422 at `pointer`.
pub async fn refuse_blind(tx: &mut Tx<'_>, user: UserId, client: &Client, pointer: &str) -> Result<()> {
    if tx.user_id() == Some(user) || may_read(tx, user, client, tx.now()).await? {
        return Ok(());
    }
    Err(cannot_see(pointer))
}

/// The error for a user who cannot see the client that they are to be given.
pub fn cannot_see(pointer: &str) -> Error {
    let say = Say::new("This user cannot see the client.", "Этому пользователю клиент недоступен.");
    Error::field(pointer, Invalid::Rule("cannot_see_client", say))
}
