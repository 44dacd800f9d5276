//! The schema's history, carried in the binary.

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

/// The turn of one server among several that start together; over when it is dropped.
pub struct Turn(AsyncPgConnection);

impl Turn {
    /// Lets the next one begin.
    ///
    /// # Errors
    /// When the connection is gone, and with it the turn.
    pub async fn end(&mut self) -> Result<()> {
        AdvisoryLock::Setup.release(&self.0).await
    }
}

/// Waits for the turn to set up the database at `url`.
///
/// # Errors
/// When the database cannot be reached.
pub async fn turn(url: &str) -> Result<Turn> {
    // A connection of its own: migrations may run outside a transaction, and a broken one must not keep the lock.
    let connection = connect(url).await?;
    // Asked again and again: a statement that waits keeps a snapshot, and an index that the one whose turn it is builds
    // concurrently waits for every snapshot to end.
    while !AdvisoryLock::Setup.try_until_released(&connection).await? {
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    Ok(Turn(connection))
}

/// Brings the database at `url` up to date; tells how many migrations ran. The caller has the [`Turn`].
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

/// An index that is built concurrently stays when that is broken off: useless, and it makes the next try fail.
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

/// How a database stands to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many migrations have yet to run.
    pub pending: usize,
    /// How many have run that this program does not know: a newer one has been here.
    pub unknown: usize,
}

/// How the database of `db` stands to this program; changes nothing.
///
/// # Errors
/// The database's.
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

/// Takes every migration back, newest first; tells how many.
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
