//! The client that a client belongs to, such as the holding of a company.

use diesel::{
    OptionalExtension, QueryDsl, QueryableByName,
    sql_types::{Bool, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Client, ClientId};
use crate::{
    access::Read,
    change::{Tx, unknown_reference},
    db::{AdvisoryLock, schema::clients},
    error::{Error, Result},
    values::{Invalid, Say},
};

/// Refuses a parent of `client` that the caller cannot reach, and one that belongs to `client` itself.
///
/// # Errors
/// 422.
pub async fn check(tx: &mut Tx<'_>, client: &Client) -> Result<()> {
    let Some(parent) = client.terms.parent_id else { return Ok(()) };
    let scope = tx.scope::<Client, Read>()?;
    let within_reach = clients::table.find(parent).filter(scope.visible()).select(clients::id);
    let found: Option<ClientId> = within_reach.first(&mut **tx).await.optional()?;
    found.ok_or_else(|| unknown_reference("/parent_id"))?;
    // Two changes at once, each right by itself, could make a circle.
    AdvisoryLock::Parents.until_commit(tx).await?;
    match belongs_to(tx, parent, client.id).await? {
        true => Err(Error::field("/parent_id", circle())),
        false => Ok(()),
    }
}

fn circle() -> Invalid {
    let say = Say::new("The parent belongs to this client itself.", "Вышестоящий клиент сам подчинён этому клиенту.");
    Invalid::Rule("circle", say)
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// Whether `client` is `other`, or belongs to it through any number of parents.
///
/// # Errors
/// When the database fails.
pub async fn belongs_to(mut db: &AsyncPgConnection, client: ClientId, other: ClientId) -> Result<bool> {
    let upwards = "WITH RECURSIVE upwards (id) AS (
            SELECT $1 UNION SELECT clients.parent_id FROM clients JOIN upwards USING (id)
        ) SELECT EXISTS (SELECT FROM upwards WHERE id = $2) AS yes";
    let query = diesel::sql_query(upwards).bind::<SqlUuid, _>(client).bind::<SqlUuid, _>(other);
    let Answer { yes } = query.get_result(&mut db).await?;
    Ok(yes)
}
