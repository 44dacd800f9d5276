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
    clients::{Client, ClientId, Finding, namesakes},
    contacts::Contact,
    contracts::Contract,
    db::{
        schema::{clients, contacts, contracts, interactions, orders, products},
        wide,
    },
    error::Result,
    interactions::Interaction,
    list::{SortBy, Spelling, keyset_ranked, search, search::Words},
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
    let finding = Finding::to(db, actor).await?;
    found::<Client>(actor, words, async |scope, spelling| {
        let rows = || clients::table.filter(scope.visible()).filter(wide::clients::erased_at.is_null()).into_boxed();
        let spelled = finding.spelled(db, words, spelling).await?;
        let rows = || finding.search(rows(), &spelled, spelling);
        let columns = (clients::id, clients::name, clients::legal_name, clients::id.nullable());
        let order = by_rank::<Client>(words, spelling);
        let page = keyset_ranked(Client::NAME, rows, vec![namesakes(rows(), words)], order, None, MOST);
        page.select(columns).load(&mut &*db).await
    })
    .await
}

async fn contacts(db: &AsyncPgConnection, actor: &Actor, words: &Words) -> Found {
    found::<Contact>(actor, words, async |scope, spelling| {
        let rows = || contacts::table.filter(scope.visible()).filter(contacts::retired_at.is_null()).into_boxed();
        let rows = || search(rows(), Contact::NAME, words, spelling);
        let columns = (contacts::id, contacts::name, contacts::job_title, contacts::client_id.nullable());
        let page = keyset_ranked(Contact::NAME, rows, Vec::new(), by_rank::<Contact>(words, spelling), None, MOST);
        page.select(columns).load(&mut &*db).await
    })
    .await
}

async fn products(db: &AsyncPgConnection, actor: &Actor, words: &Words) -> Found {
    found::<Product>(actor, words, async |_, spelling| {
        let rows = || search(products::table.into_boxed(), Product::NAME, words, spelling);
        let columns = (products::id, products::name, products::sku.nullable(), sql::<Nullable<SqlUuid>>("NULL"));
        let page = keyset_ranked(Product::NAME, rows, Vec::new(), by_rank::<Product>(words, spelling), None, MOST);
        page.select(columns).load(&mut &*db).await
    })
    .await
}

async fn contracts(db: &AsyncPgConnection, actor: &Actor, words: &Words) -> Found {
    found::<Contract>(actor, words, async |scope, spelling| {
        let rows = || search(contracts::table.filter(scope.visible()).into_boxed(), Contract::NAME, words, spelling);
        let columns = (contracts::id, contracts::number, contracts::title, contracts::client_id.nullable());
        let page = keyset_ranked(Contract::NAME, rows, Vec::new(), by_rank::<Contract>(words, spelling), None, MOST);
        let rows: Vec<(Uuid, Option<String>, String, Option<Uuid>)> = page.select(columns).load(&mut &*db).await?;
        // A draft has no number, so it is called by its title alone.
        let named = rows.into_iter().map(|(id, number, title, client)| match number {
            Some(number) => (id, number, Some(title), client),
            None => (id, title, None, client),
        });
        Ok(named.collect())
    })
    .await
}

async fn orders(db: &AsyncPgConnection, actor: &Actor, words: &Words) -> Found {
    found::<Order>(actor, words, async |scope, spelling| {
        let rows = || search(orders::table.filter(scope.visible()).into_boxed(), Order::NAME, words, spelling);
        let comment = sql::<Nullable<Text>>("left(orders.comment, 200)");
        let columns = (orders::id, orders::number, comment, orders::client_id.nullable());
        let page = keyset_ranked(Order::NAME, rows, Vec::new(), by_rank::<Order>(words, spelling), None, MOST);
        page.select(columns).load(&mut &*db).await
    })
    .await
}

async fn interactions(db: &AsyncPgConnection, actor: &Actor, words: &Words) -> Found {
    found::<Interaction>(actor, words, async |scope, spelling| {
        let rows = || interactions::table.filter(scope.visible()).into_boxed();
        let rows = || search(rows(), Interaction::NAME, words, spelling);
        let summary = sql::<Nullable<Text>>("left(interactions.summary, 200)");
        let columns = (interactions::id, interactions::subject, summary, interactions::client_id.nullable());
        let page =
            keyset_ranked(Interaction::NAME, rows, Vec::new(), by_rank::<Interaction>(words, spelling), None, MOST);
        page.select(columns).load(&mut &*db).await
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
    words: &Words,
    load: impl AsyncFn(&Scope<R, Read>, Spelling) -> QueryResult<Vec<Row>>,
) -> Found {
    let Ok(scope) = actor.scope::<R, Read>() else { return Ok(None) };
    let mut rows = load(&scope, Spelling::AsWritten).await?;
    if rows.is_empty() && words.may_be_misspelt() {
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
