//! Clients that were merged into others: their ids lead on.

use diesel::{OptionalExtension, QueryDsl, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Client, ClientId};
use crate::{
    access::{Action, Scope},
    change::unknown_reference,
    db::schema::clients,
    error::{Error, ProblemType, Result},
    values::{Invalid, Say},
};

diesel::define_sql_function! {
    /// The client that another one has become, through as many merges as there were.
    fn client_merged_into(merged: sql_types::Uuid) -> sql_types::Nullable<sql_types::Uuid>;
}

/// The refusal for a client that is not found: it was merged into one within reach, or there is none.
///
/// # Errors
/// When the database fails.
pub async fn missing<A: Action>(db: &AsyncPgConnection, scope: &Scope<Client, A>, id: ClientId) -> Result<Error> {
    let into = merged_into(db, scope, id).await?;
    Ok(into.map_or_else(Error::not_found, |into| Error::new(ProblemType::Merged).with("merged_into", into)))
}

/// As [`missing`], for a client that a body names at `pointer`.
///
/// # Errors
/// When the database fails.
pub async fn unknown<A: Action>(
    db: &AsyncPgConnection,
    scope: &Scope<Client, A>,
    id: ClientId,
    pointer: &str,
) -> Result<Error> {
    let Some(into) = merged_into(db, scope, id).await? else { return Ok(unknown_reference(pointer)) };
    let say = Say::new(
        "This client was merged into the one that merged_into names.",
        "Этот клиент объединён с тем, который указан в `merged_into`.",
    );
    Ok(Error::field(pointer, Invalid::Rule("merged", say)).with("merged_into", into))
}

async fn merged_into<A: Action>(
    mut db: &AsyncPgConnection,
    scope: &Scope<Client, A>,
    id: ClientId,
) -> Result<Option<ClientId>> {
    let into: Option<ClientId> = diesel::select(client_merged_into(id)).get_result(&mut db).await?;
    let Some(into) = into else { return Ok(None) };
    let within_reach = clients::table.find(into).filter(scope.visible()).select(clients::id);
    Ok(within_reach.first(&mut db).await.optional()?)
}
