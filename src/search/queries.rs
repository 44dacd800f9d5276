//! The queries of a search through everything, each within the caller's reach.

use diesel::{
    ExpressionMethods, NullableExpressionMethods, QueryDsl, QueryResult,
    dsl::sql,
    sql_types::{Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use uuid::Uuid;

use super::model::{Hit, SearchResults};
use crate::{
    access::{Actor, Read, Scope},
    clients::{Client, ClientId, Persons},
    contacts::Contact,
    contracts::Contract,
    db::{
        schema::{clients, contacts, contracts, interactions, orders, products},
        wide,
    },
    error::Result,
    interactions::Interaction,
    list::{SortBy, Spelling, keyset, search, search::Words},
    orders::Order,
    products::Product,
    values::Resource,
};

/// Most hits of each kind.
const MOST: u16 = 10;

/// Id, title, detail and client of a hit.
type Row = (Uuid, String, Option<String>, Option<Uuid>);

/// What `actor` finds for `words`.
///
/// # Errors
/// When the database fails.
pub async fn everything(db: &AsyncPgConnection, actor: &Actor, words: &Words) -> Result<SearchResults> {
    let (clients, contacts, products, contracts, orders, interactions) = try_join!(
        clients(db, actor, words),
        contacts(db, actor, words),
        products(db, actor, words),
        contracts(db, actor, words),
        orders(db, actor, words),
        interactions(db, actor, words),
    )?;
    Ok(SearchResults { clients, contacts, products, contracts, orders, interactions })
}

type Found = Result<Option<Vec<Hit>>>;

async fn clients(db: &AsyncPgConnection, actor: &Actor, words: &Words) -> Found {
    let persons = Persons::to(actor);
    found::<Client>(actor, async |scope, spelling| {
        let rows = clients::table.filter(scope.visible()).filter(wide::clients::erased_at.is_null()).into_boxed();
        let rows = persons.search(rows, words, spelling);
        let columns = (clients::id, clients::name, clients::legal_name, clients::id.nullable());
        keyset(rows, by_rank::<Client>(words, spelling), None, MOST).select(columns).load(&mut &*db).await
    })
    .await
}

async fn contacts(db: &AsyncPgConnection, actor: &Actor, words: &Words) -> Found {
    found::<Contact>(actor, async |scope, spelling| {
        let rows = contacts::table.filter(scope.visible()).filter(contacts::retired_at.is_null()).into_boxed();
        let rows = search(rows, Contact::NAME, words, spelling);
        let columns = (contacts::id, contacts::name, contacts::job_title, contacts::client_id.nullable());
        keyset(rows, by_rank::<Contact>(words, spelling), None, MOST).select(columns).load(&mut &*db).await
    })
    .await
}

async fn products(db: &AsyncPgConnection, actor: &Actor, words: &Words) -> Found {
    found::<Product>(actor, async |_, spelling| {
        let rows = search(products::table.into_boxed(), Product::NAME, words, spelling);
        let columns = (products::id, products::name, products::sku.nullable(), sql::<Nullable<SqlUuid>>("NULL"));
        keyset(rows, by_rank::<Product>(words, spelling), None, MOST).select(columns).load(&mut &*db).await
    })
    .await
}

async fn contracts(db: &AsyncPgConnection, actor: &Actor, words: &Words) -> Found {
    found::<Contract>(actor, async |scope, spelling| {
        let rows = search(contracts::table.filter(scope.visible()).into_boxed(), Contract::NAME, words, spelling);
        let columns = (contracts::id, contracts::number, contracts::title.nullable(), contracts::client_id.nullable());
        keyset(rows, by_rank::<Contract>(words, spelling), None, MOST).select(columns).load(&mut &*db).await
    })
    .await
}

async fn orders(db: &AsyncPgConnection, actor: &Actor, words: &Words) -> Found {
    found::<Order>(actor, async |scope, spelling| {
        let rows = search(orders::table.filter(scope.visible()).into_boxed(), Order::NAME, words, spelling);
        let comment = sql::<Nullable<Text>>("left(orders.comment, 200)");
        let columns = (orders::id, orders::number, comment, orders::client_id.nullable());
        keyset(rows, by_rank::<Order>(words, spelling), None, MOST).select(columns).load(&mut &*db).await
    })
    .await
}

async fn interactions(db: &AsyncPgConnection, actor: &Actor, words: &Words) -> Found {
    found::<Interaction>(actor, async |scope, spelling| {
        let rows = interactions::table.filter(scope.visible()).into_boxed();
        let rows = search(rows, Interaction::NAME, words, spelling);
        let summary = sql::<Nullable<Text>>("left(interactions.summary, 200)");
        let columns = (interactions::id, interactions::subject, summary, interactions::client_id.nullable());
        keyset(rows, by_rank::<Interaction>(words, spelling), None, MOST).select(columns).load(&mut &*db).await
    })
    .await
}

fn by_rank<R: Resource>(words: &Words, spelling: Spelling) -> SortBy {
    SortBy::rank(R::NAME, words.phrases()).spelled(spelling)
}

/// The hits among the rows of `R` that `actor` may read; `None` when they may read none. Words are first taken as they are
/// written and, when that finds nothing, as nearly so.
async fn found<R: Resource>(
    actor: &Actor,
    load: impl AsyncFn(&Scope<R, Read>, Spelling) -> QueryResult<Vec<Row>>,
) -> Found {
    let Ok(scope) = actor.scope::<R, Read>() else { return Ok(None) };
    let mut rows = load(&scope, Spelling::AsWritten).await?;
    if rows.is_empty() {
        rows = load(&scope, Spelling::Nearly).await?;
    }
    let hit = |(id, title, detail, client): Row| Hit {
        id,
        path: format!("/v1/{}/{id}", R::NAME),
        title,
        detail,
        client_id: client.map(ClientId::from),
    };
    Ok(Some(rows.into_iter().take(usize::from(MOST)).map(hit).collect()))
}
