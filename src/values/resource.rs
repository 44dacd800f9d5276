//! What every resource has.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A kind of resource. One name serves for its table, module, URL segment, permission prefix and audit resource.
pub trait Resource: 'static {
    /// The plural name, such as `clients`.
    const NAME: &'static str;
    /// Whether the personal data of one can be erased. It is gone (410) then.
    const CAN_BE_ERASED: bool = false;
    /// Whether a deputy does with those of an absent colleague what the colleague may do.
    const BY_DEPUTIES: bool = true;
}

/// A row that is a resource.
pub trait Entity: Resource + Serialize + ToSchema {
    /// The bare id.
    fn uuid(&self) -> Uuid;

    /// Grows by one with each change; the `ETag`.
    fn version(&self) -> i64;

    /// The client whose history a change of this row belongs to.
    fn client(&self) -> Option<Uuid> {
        None
    }

    /// Where the resource lives, relative to the server.
    fn path(&self) -> String {
        format!("/v1/{}/{}", Self::NAME, self.uuid())
    }
}
