//! The contact to turn to first: at most one at a client.

use std::{collections::HashMap, sync::Arc};

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{model::Contact, queries::save, reference::ContactRef};
use crate::{
    access::{Caller, Read, Scope, Update},
    change::Tx,
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
        let after = Contact { is_primary: false, ..former.clone() };
        save(tx, &former, after).await?;
    }
    Ok(())
}

/// The primary contacts of `clients`, in one query, as far as `caller` may see contacts; the system sees all.
///
/// # Errors
/// The database's.
pub async fn primary_contacts(
    mut db: &AsyncPgConnection,
    caller: Option<&Arc<Caller>>,
    clients: Vec<ClientId>,
) -> Result<HashMap<ClientId, ContactRef>> {
    if clients.is_empty() {
        return Ok(HashMap::new());
    }
    let scope = match caller.map(Scope::<Contact, Read>::of) {
        None => Scope::system(),
        Some(Ok(scope)) => scope,
        // Who may see no contact at all sees clients without them.
        Some(Err(_forbidden)) => return Ok(HashMap::new()),
    };
    let rows: Vec<(ClientId, ContactRef)> = contacts::table
        .filter(contacts::client_id.eq_any(clients))
        .filter(contacts::is_primary)
        .filter(scope.visible())
        .select((contacts::client_id, ContactRef::as_select()))
        .load(&mut db)
        .await?;
    Ok(rows.into_iter().collect())
}
