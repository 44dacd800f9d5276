//! The demonstration company: Northwind, a food trader of the 1990s, as if it had used Liaison.

mod catalogue;
mod custom_fields;
mod customers;
mod market;
pub mod northwind;
mod people;
mod saved_views;
mod trade;
mod under_way;

use std::collections::HashMap;

use diesel::QueryDsl;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    access::{Role, Scope, Update, UserId},
    auth::{hashing::Hashing, password::NewPassword},
    change::{self, Tx},
    clients::Client,
    clock::Clock,
    contacts::ContactId,
    db::schema::clients,
    departments::DepartmentId,
    error::{Error, ProblemType, Result},
    http::IfMatch,
    organization::Organization,
    products::Product,
    secrets::Secrets,
    users::User,
    values::{CountryCode, CurrencyCode, Line, TimeZone},
};

use northwind::Northwind;

/// A supervisor, a key-account manager and a manager of the company, for who wants to sign in.
pub const EXAMPLES: [&str; 3] =
    ["andrew.fuller@northwind.example", "nancy.davolio@northwind.example", "laura.callahan@northwind.example"];

/// The parts of the company that are loaded so far, by their numbers in the source.
struct Company<'n> {
    users: HashMap<u32, User>,
    approver: UserId,
    clients: HashMap<&'n str, Client>,
    contacts: HashMap<&'n str, ContactId>,
    products: HashMap<u32, Product>,
    departments: HashMap<u32, DepartmentId>,
}

/// Loads the company into an empty database, in one transaction. Its users all get `password`.
///
/// # Errors
/// 409 when there are clients already.
pub async fn load(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    hashing: &Hashing,
    clock: &Clock,
    password: NewPassword,
) -> Result<()> {
    if !is_empty(db).await? {
        return Err(Error::new(ProblemType::Conflict).detail(
            "The demonstration company needs an empty database, and this one has clients.",
            "Демонстрационной компании нужна пустая база данных, а в этой уже есть клиенты.",
        ));
    }
    let northwind = Northwind::read()?;
    let hash = hashing.hash(password).await?;
    change::by_system(db, secrets, clock.now(), async |tx| {
        tx.number_ids();
        describe_organization(tx).await?;
        let users = people::load(tx, &northwind, &hash).await?;
        people::load_deputies(tx, &users).await?;
        let company = load_company(tx, &northwind, users).await?;
        trade::load_contracts(tx, &northwind, &company).await?;
        under_way::load_contracts(tx, &company).await?;
        under_way::load_orders(tx, &company).await?;
        under_way::load_archived_client(tx, &company).await?;
        under_way::load_merges(tx, &company).await?;
        under_way::load_access_requests(tx, &company).await?;
        saved_views::load(tx, &company).await?;
        custom_fields::load(tx).await?;
        market::load(tx, &company).await?;
        under_way::load_service_account(tx, &company).await?;
        let orders = trade::load_orders(tx, &northwind, &company).await?;
        trade::load_interactions(tx, &northwind, &company, &orders).await?;
        customers::retire_contact(tx, &company.contacts).await?;
        customers::erase_contact(tx, &company.contacts).await
    })
    .await
}

/// The company has its seat in Seattle.
async fn describe_organization(tx: &mut Tx<'_>) -> Result<()> {
    let before = change::lock(tx, &Scope::<Organization, Update>::system(), (), &IfMatch::Any).await?;
    let mut after = before.clone();
    after.terms.name = Line::parse("Northwind Traders").map_err(Error::internal)?;
    after.terms.currency = CurrencyCode::parse(catalogue::CURRENCY).map_err(Error::internal)?;
    after.terms.timezone = TimeZone::parse("America/Los_Angeles").map_err(Error::internal)?;
    after.terms.phone_region = CountryCode::parse("US").map_err(Error::internal)?;
    change::save(tx, "updated", &before, after).await.map(drop)
}

async fn load_company<'n>(tx: &mut Tx<'_>, northwind: &'n Northwind, users: HashMap<u32, User>) -> Result<Company<'n>> {
    let supervisor = users.values().find(|user| user.terms.role == Role::Supervisor);
    let approver = supervisor.map(|user| user.id).ok_or_else(|| Error::internal("a company without a head"))?;
    let clients = customers::load(tx, northwind, &users).await?;
    Ok(Company {
        approver,
        contacts: customers::load_contacts(tx, northwind, &clients).await?,
        clients,
        products: catalogue::load_products(tx, northwind).await?,
        departments: catalogue::load_departments(tx, northwind).await?,
        users,
    })
}

/// Whether there is no client yet.
///
/// # Errors
/// When the database fails.
pub async fn is_empty(db: &mut AsyncPgConnection) -> Result<bool> {
    let count: i64 = clients::table.limit(1).count().get_result(db).await?;
    Ok(count == 0)
}
