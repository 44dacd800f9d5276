//! The kinds of rows, by what an import is of.

use super::{
    apply as applying, check as checking,
    clients::Clients,
    fields::Fields,
    kind::Kind,
    model::{ImportId, ImportResource},
    orders::Orders,
    products::Products,
    queries, undo as undoing,
};
use crate::background_jobs::{Run, Stopped};

/// The fields that the columns of an import can fill.
pub const fn fields_of(resource: ImportResource) -> Fields {
    match resource {
        ImportResource::Clients => Clients::FIELDS,
        ImportResource::Products => Products::FIELDS,
        ImportResource::Orders => Orders::FIELDS,
    }
}

/// Does the job of a check.
///
/// # Errors
/// Why it goes no further.
pub async fn check(run: Run) -> Result<(), Stopped> {
    match resource_of(&run).await? {
        ImportResource::Clients => checking::work::<Clients>(&run).await,
        ImportResource::Products => checking::work::<Products>(&run).await,
        ImportResource::Orders => checking::work::<Orders>(&run).await,
    }
}

/// Does the job of applying an import.
///
/// # Errors
/// Why it goes no further.
pub async fn apply(run: Run) -> Result<(), Stopped> {
    match resource_of(&run).await? {
        ImportResource::Clients => applying::work::<Clients>(&run).await,
        ImportResource::Products => applying::work::<Products>(&run).await,
        ImportResource::Orders => applying::work::<Orders>(&run).await,
    }
}

/// Does the job of taking an import back.
///
/// # Errors
/// Why it goes no further.
pub async fn undo(run: Run) -> Result<(), Stopped> {
    match resource_of(&run).await? {
        ImportResource::Clients => undoing::work::<Clients>(&run).await,
        ImportResource::Products => undoing::work::<Products>(&run).await,
        ImportResource::Orders => undoing::work::<Orders>(&run).await,
    }
}

async fn resource_of(run: &Run) -> Result<ImportResource, Stopped> {
    let id = ImportId::from(run.subject());
    run.chunk(async |tx, _| Ok(queries::locked(tx, id).await?.resource)).await
}
