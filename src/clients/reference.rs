//! A client as it is shown with what belongs to it.

use std::collections::{HashMap, HashSet};

use diesel::{
    ExpressionMethods, QueryDsl, SelectableHelper,
    prelude::{Queryable, Selectable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    model::{Client, ClientId},
    status::ClientStatus,
};
use crate::{
    access::{Actor, Read, Scope},
    db::schema::clients,
    error::{Error, Result},
    values::Name,
};

/// A client as it is shown with what belongs to it.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = clients)]
pub struct ClientRef {
    /// Identifier.
    pub id: ClientId,
    /// What the client is called.
    pub name: Name,
    /// Where the company stands with the client.
    pub status: ClientStatus,
    /// Whether the client is designated as key.
    pub is_key: bool,
}

impl ClientRef {
    /// The reference to a client that was read.
    pub fn of(client: &Client) -> Self {
        Self { id: client.id, name: client.terms.name.clone(), status: client.status, is_key: client.is_key }
    }

    /// Whether the client is archived.
    pub fn is_archived(&self) -> bool {
        self.status == ClientStatus::Archived
    }
}

/// The clients `ids`, in one query.
///
/// # Errors
/// 403 when `actor` may not see all of them: nothing that was asked for is left out in silence.
pub async fn references(
    mut db: &AsyncPgConnection,
    actor: &Actor,
    ids: Vec<ClientId>,
) -> Result<HashMap<ClientId, ClientRef>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let scope = actor.scope::<Client, Read>()?;
    let asked: HashSet<ClientId> = ids.iter().copied().collect();
    let rows: Vec<ClientRef> = clients::table
        .filter(clients::id.eq_any(ids))
        .filter(scope.visible())
        .select(ClientRef::as_select())
        .load(&mut db)
        .await?;
    if rows.len() < asked.len() {
        return Err(Error::forbidden(&Scope::<Client, Read>::permission()));
    }
    Ok(rows.into_iter().map(|client| (client.id, client)).collect())
}
