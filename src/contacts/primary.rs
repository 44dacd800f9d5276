//! The contact to turn to first: at most one at a client.

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

/// Makes the primary contact of a client, if there is one, give way to another that becomes it in this transaction.
///
/// # Errors
/// The database's.
pub async fn give_way(tx: &mut Tx<'_>, client_id: ClientId) -> Result<()> {
    // There is one at most whatever the caller may do to the other.
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
