//! A client as it stands beside what belongs to it.

use std::collections::HashMap;

use diesel::{ExpressionMethods, QueryDsl, Queryable, Selectable, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use super::{model::ClientId, status::ClientStatus};
use crate::{db::schema::clients, error::Result, rest::text::Line};

/// A client as it stands beside what belongs to it.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = clients)]
pub struct ClientRef {
    /// Identifier.
    pub id: ClientId,
    /// What the client is called.
    pub name: Line,
    /// Where the company stands with the client.
    pub status: ClientStatus,
    /// Whether the client is designated as key.
    pub is_key: bool,
}

impl ClientRef {
    /// Whether the client is put away.
    pub fn is_archived(&self) -> bool {
        self.status == ClientStatus::Archived
    }
}

/// The clients of what was read within reach, in one query. Whether they are answered is for the caller to decide.
///
/// # Errors
/// The database's.
pub async fn references(db: &mut AsyncPgConnection, ids: Vec<ClientId>) -> Result<HashMap<ClientId, ClientRef>> {
    let rows: Vec<ClientRef> =
        clients::table.filter(clients::id.eq_any(ids)).select(ClientRef::as_select()).load(db).await?;
    Ok(rows.into_iter().map(|client| (client.id, client)).collect())
}
