//! The client of an order: no business is begun with one that is lost or archived.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;

use super::model::{Order, OrderId};
use crate::{
    access::{Action, Scope},
    change::Tx,
    clients::{self, ClientId, Standing},
    db::schema::orders,
    error::{Error, Result},
};

/// How the company stands with the client of the order `id`. Until the transaction ends, the client is neither archived nor
/// marked lost. To be called before the order is locked.
///
/// # Errors
/// 404.
pub async fn hold_standing<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Order, A>, id: OrderId) -> Result<Standing> {
    let client = client_of(tx, scope, id).await?;
    clients::hold_standing(tx, client).await
}

async fn client_of<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Order, A>, id: OrderId) -> Result<ClientId> {
    let visible = orders::table.filter(orders::id.eq(id)).filter(scope.visible());
    let client: Option<ClientId> = visible.select(orders::client_id).first(&mut **tx).await.optional()?;
    client.ok_or_else(Error::not_found)
}
