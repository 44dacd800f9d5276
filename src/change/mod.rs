//! One change: its rows, audit records, outbox events and idempotency record commit in one transaction, or none does.

pub(crate) mod audit_event;
pub(crate) mod canonical;
mod custom;
mod external;
pub mod idempotency;
mod on_behalf;
mod origin;
mod outbox;
mod reason;
mod record;
mod request;
mod rights;
mod row;
mod separation;
mod step;
mod transaction;
mod unsealed;

pub use audit_event::Outcome;
pub use custom::{begin_custom, check_custom, custom_taken, unique_keys};
pub use external::{External, external, refuse_held};
pub use on_behalf::on_behalf;
pub use origin::Origin;
pub use reason::{Reason, RequiredReason};
pub use record::{ErasedField, Record, events_of, write as write_audit};
pub use request::{AnonymousChange, Change, ChangeBy, RecordedRead};
pub use row::{Patched, Row, lock, lock_to_patch, patched, permit_confidential, refuse_hidden, save, update};
pub use separation::{Work, note_editor};
pub use step::{AnyStep, Step};
pub use transaction::{Tx, by_system, unknown_reference};
pub use unsealed::Unsealed;
