//! Counts the changes of what callers may do. Who knows a caller since an earlier epoch may be wrong about their rights.

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{db::schema::rights_epoch, error::Result};

/// The number of an epoch. It grows with every committed change of a session, a user, a role or a key.
pub type Epoch = i64;

/// The present epoch.
///
/// # Errors
/// When the database fails.
pub async fn read(mut db: &AsyncPgConnection) -> Result<Epoch> {
    Ok(rights_epoch::table.select(rights_epoch::number).first(&mut db).await?)
}

/// Begins the next epoch when the transaction commits. Until then, other changes of what callers may do wait. Returns the
/// epoch that ends.
///
/// # Errors
/// When the database fails.
pub async fn advance(mut db: &AsyncPgConnection) -> Result<Epoch> {
    let next: Epoch = diesel::update(rights_epoch::table)
        .set(rights_epoch::number.eq(rights_epoch::number + 1))
        .returning(rights_epoch::number)
        .get_result(&mut db)
        .await?;
    Ok(next - 1)
}
