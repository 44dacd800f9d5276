//! The demonstration company: Northwind, a food trader of the 1990s, as if it had worked with Liaison.

mod customers;
pub mod northwind;
mod people;

use diesel::QueryDsl;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    auth::hashing::{Hashing, NewPassword},
    clock::Clock,
    db::schema::clients,
    error::{Error, ProblemType, Result},
    rest::change,
};
use northwind::Northwind;

/// Loads the company into an empty database, in one transaction. Its users all get `password`.
///
/// # Errors
/// 409 when there are clients already.
pub async fn load(db: &mut AsyncPgConnection, hashing: &Hashing, clock: &Clock, password: NewPassword) -> Result<()> {
    if !is_empty(db).await? {
        return Err(Error::new(ProblemType::Conflict).detail(
            "The demonstration company needs an empty database, and this one has clients.",
            "Демонстрационной компании нужна пустая база данных, а в этой уже есть клиенты.",
        ));
    }
    let northwind = Northwind::read()?;
    let hash = hashing.hash(password.clone()).await?;
    change::by_system(db, clock.now(), async |tx| {
        let users = people::load(tx, &northwind, &password, &hash).await?;
        let _clients = customers::load(tx, &northwind, &users).await?;
        Ok(())
    })
    .await
}

/// Whether there is no client yet.
///
/// # Errors
/// The database's.
pub async fn is_empty(db: &mut AsyncPgConnection) -> Result<bool> {
    let count: i64 = clients::table.limit(1).count().get_result(db).await?;
    Ok(count == 0)
}
