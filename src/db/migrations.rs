//! The migrations of the schema, embedded in the binary.

use std::time::Duration;

use diesel::{QueryableByName, migration::MigrationSource, pg::Pg, sql_query, sql_types::Text};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{AdvisoryLock, connect};
use crate::error::{Error, Result};

/// Every migration, oldest first.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// How long a server waits before it asks for its turn again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// The turn of one server among several that start together. It ends when it is dropped.
pub struct Turn(AsyncPgConnection);

impl Turn {
    /// Lets the next server begin.
    ///
    /// # Errors
    /// When the connection is lost, and with it the turn.
    pub async fn end(&mut self) -> Result<()> {
        AdvisoryLock::Setup.release(&self.0).await
    }
}

/// Waits for the turn to set up the database at `url`.
///
/// # Errors
/// When the database cannot be reached.
pub async fn turn(url: &str) -> Result<Turn> {
    // The lock has a connection of its own: migrations may run outside a transaction, and a failed one must not keep
    // the lock.
    let connection = connect(url).await?;
    // The lock is polled, because a statement that waits for it would hold a snapshot. The server whose turn it is may
    // build an index concurrently, and that build waits until every snapshot has ended.
    while !AdvisoryLock::Setup.try_until_released(&connection).await? {
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    Ok(Turn(connection))
}

/// Brings the database at `url` up to date and returns how many migrations ran. The caller must hold the [`Turn`].
///
/// # Errors
/// When the database cannot be reached or a migration fails.
pub async fn run(url: &str) -> Result<usize> {
    let mut connection = connect(url).await?;
    if standing(&mut connection).await?.pending > 0 {
        remove_unfinished_indexes(&mut connection).await?;
    }
    harness(connection, |harness| harness.run_pending_migrations(MIGRATIONS).map(|ran| ran.len())).await
}

/// When a concurrent build of an index is interrupted, the index stays. It is useless, and makes the next try fail.
async fn remove_unfinished_indexes(db: &mut AsyncPgConnection) -> Result<()> {
    #[derive(QueryableByName)]
    struct Unfinished {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let unfinished: Vec<Unfinished> = sql_query(
        "SELECT indexrelid::regclass::text AS name FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid \
         WHERE NOT indisvalid AND relnamespace = 'public'::regnamespace AND relowner = current_user::regrole \
             AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index WHERE index_relid = indexrelid)",
    )
    .load(db)
    .await?;
    for Unfinished { name } in unfinished {
        tracing::warn!(index = name, "an index that was not built to its end is removed");
        db.batch_execute(&format!("DROP INDEX CONCURRENTLY {name}")).await?;
    }
    Ok(())
}

/// How the migrations of a database compare with those of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many migrations have yet to run.
    pub pending: usize,
    /// How many migrations have run that this program does not know: a newer program has run them.
    pub unknown: usize,
}

/// Compares the migrations of the database with those of this program; changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn standing(db: &mut AsyncPgConnection) -> Result<Standing> {
    #[derive(QueryableByName)]
    struct Ran {
        #[diesel(sql_type = Text)]
        version: String,
    }
    let known = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(Error::internal)?;
    let known: Vec<String> = known.iter().map(|migration| migration.name().version().to_string()).collect();
    let set_up = "SELECT relname::text AS version FROM pg_class WHERE oid = to_regclass('__diesel_schema_migrations')";
    let set_up: Vec<Ran> = sql_query(set_up).load(db).await?;
    let ran: Vec<Ran> = match set_up.is_empty() {
        true => Vec::new(),
        false => sql_query("SELECT version::text FROM __diesel_schema_migrations").load(db).await?,
    };
    let unknown = ran.iter().filter(|ran| !known.contains(&ran.version)).count();
    let pending = known.iter().filter(|known| ran.iter().all(|ran| ran.version != **known)).count();
    Ok(Standing { pending, unknown })
}

/// Reverts every migration, newest first, and returns how many.
///
/// # Errors
/// When the database cannot be reached or a migration fails.
pub async fn revert_all(url: &str) -> Result<usize> {
    harness(connect(url).await?, |harness| harness.revert_all_migrations(MIGRATIONS).map(|gone| gone.len())).await
}

/// The harness blocks, so it has a thread of its own.
async fn harness(
    connection: AsyncPgConnection,
    work: impl FnOnce(&mut AsyncMigrationHarness<AsyncPgConnection>) -> diesel::migration::Result<usize> + Send + 'static,
) -> Result<usize> {
    tokio::task::spawn_blocking(move || work(&mut AsyncMigrationHarness::new(connection)).map_err(Error::internal))
        .await
        .map_err(Error::internal)?
}
