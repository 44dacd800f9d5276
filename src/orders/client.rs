//! The client of an order: no business is begun with one that is lost or archived, and one that buys is active.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, dsl::sql, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::model::{Order, OrderId, OrderNumber};
use crate::{
    access::{Action, Read, Scope},
    change::Tx,
    clients::{
        self, Client, ClientId, Standing,
        under_way::{self, NAMED, Named, UnderWay},
    },
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

/// The client of the order `id`, locked to be changed along with it. To be called before the order is locked.
///
/// # Errors
/// 404.
pub async fn lock_client<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Order, A>, id: OrderId) -> Result<Client> {
    let client = client_of(tx, scope, id).await?;
    clients::lock_to_touch(tx, client).await
}

async fn client_of<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Order, A>, id: OrderId) -> Result<ClientId> {
    let visible = orders::table.filter(orders::id.eq(id)).filter(scope.visible());
    let client: Option<ClientId> = visible.select(orders::client_id).first(&mut **tx).await.optional()?;
    client.ok_or_else(Error::not_found)
}

/// The orders that are under way with the client.
///
/// # Errors
/// When the database fails.
pub async fn under_way(tx: &mut Tx<'_>, client: ClientId) -> Result<UnderWay> {
    let all = || orders::table.filter(orders::client_id.eq(client)).filter(sql::<Bool>(under_way::ORDERS));
    let total: i64 = all().count().get_result(&mut **tx).await?;
    let scope = tx.scope::<Order, Read>().ok().filter(|_| total > 0);
    let Some(scope) = scope else { return Ok(UnderWay { total, ..UnderWay::default() }) };
    let seen = all().filter(scope.visible()).count().get_result(&mut **tx).await?;
    let first = all().filter(scope.visible()).order(orders::id).limit(NAMED).select((orders::id, orders::number));
    let first: Vec<(OrderId, OrderNumber)> = first.load(&mut **tx).await?;
    let named = first.into_iter().map(|(id, number)| Named { id: id.uuid(), number: number.as_str().to_owned() });
    Ok(UnderWay { named: named.collect(), seen, total })
}
