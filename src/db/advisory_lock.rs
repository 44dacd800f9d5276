//! Advisory locks of Postgres: all of them are here, so that no two uses have the same number by mistake.

use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::Sql;
use crate::error::Result;

/// Work that only one server does at a time. Rust refuses two variants with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum AdvisoryLock {
    /// Setting up the database.
    Setup = 0x6c69_6169_736f_6e01,
    /// Sealing the audit log.
    Sealing = 0x6c69_6169_736f_6e02,
    /// Changing the signing keys.
    SigningKeys = 0x6c69_6169_736f_6e03,
    /// Giving a client a parent.
    Parents = 0x6c69_6169_736f_6e04,
}

diesel::define_sql_function! {
    /// Takes a lock that ends with the transaction; `false` when another session holds it. For the lock of one row
    /// among many, whose number is a digest. The locks of [`AdvisoryLock`] are taken by its methods.
    #[sql_name = "pg_try_advisory_xact_lock"]
    fn try_lock_until_commit(number: BigInt) -> Bool;
}

diesel::define_sql_function! {
    #[sql_name = "pg_try_advisory_lock"]
    fn try_lock(number: BigInt) -> Bool;
}

/// Waits for the locks of `values`, which end with the open transaction. Whoever enters one of these values at the same time
/// waits until then.
///
/// # Errors
/// When the database fails.
pub async fn lock_values_until_commit(mut db: &AsyncPgConnection, values: Vec<String>) -> Result<()> {
    static LOCK: Sql = Sql::new();
    // In one order, so that two that lock several wait for each other only one way.
    let lock = diesel::sql_query(
        "SELECT pg_advisory_xact_lock(number) FROM (
             SELECT DISTINCT hashtextextended(value, 0) AS number FROM unnest($1::text[]) AS value ORDER BY 1
         ) AS numbers",
    );
    LOCK.of(lock.bind::<Array<Text>, _>(values)).execute(&mut db).await?;
    Ok(())
}

impl AdvisoryLock {
    /// Waits for the lock, which ends with the open transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn until_commit(self, mut db: &AsyncPgConnection) -> Result<()> {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(self as i64).execute(&mut db).await?;
        Ok(())
    }

    /// Takes the lock, which ends with the open transaction; `false` when another session holds it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn try_until_commit(self, mut db: &AsyncPgConnection) -> Result<bool> {
        Ok(diesel::select(try_lock_until_commit(self as i64)).get_result(&mut db).await?)
    }

    /// Takes the lock, which ends with [`AdvisoryLock::release`] or with the connection; `false` when another session
    /// holds it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn try_until_released(self, mut db: &AsyncPgConnection) -> Result<bool> {
        Ok(diesel::select(try_lock(self as i64)).get_result(&mut db).await?)
    }

    /// Gives back what [`AdvisoryLock::try_until_released`] took.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release(self, mut db: &AsyncPgConnection) -> Result<()> {
        diesel::sql_query("SELECT pg_advisory_unlock($1)").bind::<BigInt, _>(self as i64).execute(&mut db).await?;
        Ok(())
    }
}
