//! Whether business can be done with a client: none is begun with one that is lost or archived, and a client that buys is
//! active.

use std::collections::HashSet;

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    model::{Client, ClientId},
    status::{ClientStatus, Transition},
};
use crate::{
    change::{Tx, save},
    db::schema::clients,
    error::{Error, Result},
};

/// How the company stands with the client of a row.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    id: ClientId,
    status: ClientStatus,
}

impl Standing {
    /// How the company stands with `client`.
    pub fn of(client: &Client) -> Self {
        Self { id: client.id, status: client.status }
    }

    /// Refuses to go on with a row of a client that is lost or archived.
    ///
    /// # Errors
    /// 409 with the client, its status and what can be done with it.
    pub fn refuse_gone(self) -> Result<()> {
        let allowed = match self.status {
            ClientStatus::Lost => ["activate", "archive"].as_slice(),
            ClientStatus::Archived => &["restore"],
            _ => return Ok(()),
        };
        let (state, list) = (self.status.as_ref(), allowed.join(", "));
        let refusal = Error::transition(state, allowed).detail(
            format!("The client is {state}. Possible with the client now: {list}."),
            format!("Клиент в состоянии `{state}`. Сейчас с ним возможно: `{list}`."),
        );
        Err(refusal.with("client_id", self.id))
    }
}

/// How the company stands with the client of a row. The client is locked `FOR SHARE`: until the transaction ends, it can be
/// neither archived nor marked lost, which take the lock `FOR NO KEY UPDATE`. To be called before the row is locked, since a
/// transfer also locks the client first.
///
/// # Errors
/// When the database fails.
pub async fn hold_standing(tx: &mut Tx<'_>, id: ClientId) -> Result<Standing> {
    let status = clients::table.find(id).select(clients::status).for_share().first(&mut **tx).await?;
    Ok(Standing { id, status })
}

/// The clients among `ids` that are lost or archived, in one query.
///
/// # Errors
/// When the database fails.
pub async fn gone(mut db: &AsyncPgConnection, ids: Vec<ClientId>) -> Result<HashSet<ClientId>> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let gone = clients::table
        .filter(clients::id.eq_any(ids))
        .filter(clients::status.eq_any([ClientStatus::Lost, ClientStatus::Archived]))
        .select(clients::id);
    let ids: Vec<ClientId> = gone.load(&mut db).await?;
    Ok(ids.into_iter().collect())
}

/// Makes a lead, a prospect or a dormant client active: an order of it was fulfilled. The caller has locked the client.
///
/// # Errors
/// When the database fails.
pub async fn activate_buyer(tx: &mut Tx<'_>, before: &Client) -> Result<()> {
    if !matches!(before.status, ClientStatus::Lead | ClientStatus::Prospect | ClientStatus::Dormant) {
        return Ok(());
    }
    let status = Transition::Activate.apply(before.status, before.archived_from)?;
    let after = Client { status, ..before.clone() };
    save(tx, Transition::Activate.done(), before, after).await.map(drop)
}
