//! What an order refers to in other tables, read as far as an order needs it.

use std::{collections::HashMap, sync::Arc};

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
    prelude::{Queryable, Selectable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::{actions::Read, caller::Caller, scope::Scope},
    clients::{Client, ClientId},
    db::schema::{clients, departments, products},
    error::{Error, Result, Say},
    rest::{
        change::{Tx, unknown_reference},
        id::Id,
        invalid::Invalid,
        number::{Amount, Percent},
        text::{CurrencyCode, Line, Text},
    },
};

/// Labels of identifiers.
pub mod label {
    /// Of products.
    #[derive(Debug)]
    pub enum Product {}
    /// Of departments.
    #[derive(Debug)]
    pub enum Department {}
    /// Of contracts.
    #[derive(Debug)]
    pub enum Contract {}
}

/// A product's identifier.
pub type ProductId = Id<label::Product>;
/// A department's identifier.
pub type DepartmentId = Id<label::Department>;
/// A contract's identifier.
pub type ContractId = Id<label::Contract>;

/// What a line takes from its product.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = products)]
pub struct Product {
    /// Identifier.
    pub id: ProductId,
    /// What it is called.
    pub name: Line,
    /// What it is counted in.
    pub unit: Text<50>,
    /// What it costs.
    pub base_price: Amount,
    /// The currency of the price.
    pub currency: CurrencyCode,
    /// The rate of the tax.
    pub tax_rate: Percent,
    /// Whether it is sold now.
    pub is_active: bool,
}

/// The products `ids` that exist, in one query. Every role reads all products.
///
/// # Errors
/// The database's.
pub async fn products(db: &mut AsyncPgConnection, ids: Vec<ProductId>) -> Result<HashMap<ProductId, Product>> {
    let rows: Vec<Product> =
        products::table.filter(products::id.eq_any(ids)).select(Product::as_select()).load(db).await?;
    Ok(rows.into_iter().map(|product| (product.id, product)).collect())
}

/// The name of a client, as it stands beside what is the client's.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = clients)]
pub struct ClientRef {
    /// Identifier.
    pub id: ClientId,
    /// What the client is called.
    pub name: Line,
    /// Whether the client is designated as key.
    pub is_key: bool,
}

/// The names of the clients `ids` that `caller` may read, in one query.
///
/// # Errors
/// The database's.
pub async fn clients(
    db: &mut AsyncPgConnection,
    ids: Vec<ClientId>,
    caller: Option<&Arc<Caller>>,
) -> Result<HashMap<ClientId, ClientRef>> {
    let scope = match caller.map(Scope::<Client, Read>::of) {
        Some(Ok(scope)) => scope,
        Some(Err(_forbidden)) => return Ok(HashMap::new()),
        None => Scope::system(),
    };
    let rows: Vec<ClientRef> = clients::table
        .filter(scope.visible())
        .filter(clients::id.eq_any(ids))
        .select(ClientRef::as_select())
        .load(db)
        .await?;
    Ok(rows.into_iter().map(|client| (client.id, client)).collect())
}

/// The name of a department, as it stands beside the orders handed to it.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = departments)]
pub struct DepartmentRef {
    /// Identifier.
    pub id: DepartmentId,
    /// What the department is called.
    pub name: Line,
}

/// The names of the departments `ids`, in one query. Every role reads all departments.
///
/// # Errors
/// The database's.
pub async fn departments(
    db: &mut AsyncPgConnection,
    ids: Vec<DepartmentId>,
) -> Result<HashMap<DepartmentId, DepartmentRef>> {
    let rows: Vec<DepartmentRef> =
        departments::table.filter(departments::id.eq_any(ids)).select(DepartmentRef::as_select()).load(db).await?;
    Ok(rows.into_iter().map(|department| (department.id, department)).collect())
}

/// Tells whether the department `id` exists.
///
/// # Errors
/// 404 when it does not.
pub async fn find_department(db: &mut AsyncPgConnection, id: DepartmentId) -> Result<()> {
    let found: Option<DepartmentId> = departments::table.find(id).select(departments::id).first(db).await.optional()?;
    found.map(|_| ()).ok_or_else(Error::not_found)
}

/// The active department `id`, held so that it stays so until the transaction ends.
///
/// # Errors
/// 422 at `pointer` when there is none, or when it is not active.
pub async fn hold_department(tx: &mut Tx<'_>, id: DepartmentId, pointer: &str) -> Result<()> {
    let is_active: Option<bool> =
        departments::table.find(id).select(departments::is_active).for_share().first(&mut **tx).await.optional()?;
    match is_active {
        None => Err(unknown_reference(pointer)),
        Some(false) => Err(Error::field(pointer, inactive())),
        Some(true) => Ok(()),
    }
}

/// What is wrong with a product or department that is not in use.
pub fn inactive() -> Invalid {
    Invalid::Rule("inactive", Say::new("It is not active.", "Сейчас не используется."))
}
