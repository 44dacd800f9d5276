//! The primary contact, to turn to first. A client has at most one.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;

use super::model::Contact;
use crate::{
    access::{Scope, Update},
    change::{Tx, save},
    clients::ClientId,
    db::{columns_of, schema::contacts},
    error::Result,
};

/// Makes the primary contact of a client, if it has one, an ordinary contact. Another becomes primary in this
/// transaction.
///
/// # Errors
/// When the database fails.
pub async fn give_way(tx: &mut Tx<'_>, client_id: ClientId) -> Result<()> {
    // As the system: a client has at most one primary contact, whether or not the caller may change the former one.
    let scope = Scope::<Contact, Update>::system();
    let former: Option<Contact> = contacts::table
        .filter(contacts::client_id.eq(client_id))
        .filter(contacts::is_primary)
        .filter(scope.visible())
        .select(columns_of::<Contact>())
        .for_no_key_update()
        .first(&mut **tx)
        .await
        .optional()?;
    if let Some(former) = former {
        let mut after = former.clone();
        after.terms.is_primary = false;
        save(tx, "updated", &former, after).await?;
    }
    Ok(())
}
