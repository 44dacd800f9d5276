//! What is shown of contacts on the page of their client.

use diesel::{ExpressionMethods, QueryDsl, dsl::sql, sql_types::Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    model::{Contact, ContactIncludes},
    view::{ContactView, views},
};
use crate::{
    access::Actor,
    clients::ClientId,
    db::{columns_of, schema::contacts},
    error::Result,
};

/// Most contacts on a page.
const MOST: i64 = 50;

/// The first contacts who have not left the client, of those that `actor` may read: the primary one, then the others by name.
///
/// # Errors
/// As [`Actor::scope_with_clients`].
pub async fn of_client(mut db: &AsyncPgConnection, actor: &Actor, client: ClientId) -> Result<Vec<ContactView>> {
    let scope = actor.scope_with_clients::<Contact>()?;
    let rows = contacts::table
        .filter(contacts::client_id.eq(client))
        .filter(contacts::retired_at.is_null())
        .filter(scope.visible())
        .order((contacts::is_primary.desc(), sql::<Text>("contacts.name COLLATE names"), contacts::id))
        .limit(MOST)
        .select(columns_of::<Contact>())
        .load(&mut db)
        .await?;
    views(db, rows, &ContactIncludes::default(), actor).await
}

/// How many contacts who have not left the client `actor` may read.
///
/// # Errors
/// As [`Actor::scope_with_clients`].
pub async fn count_of_client(mut db: &AsyncPgConnection, actor: &Actor, client: ClientId) -> Result<i64> {
    let scope = actor.scope_with_clients::<Contact>()?;
    let rows = contacts::table
        .filter(contacts::client_id.eq(client))
        .filter(contacts::retired_at.is_null())
        .filter(scope.visible());
    Ok(rows.count().get_result(&mut db).await?)
}
