//! The moments of a client that there may be none of, as the indexes have them: who was never contacted or verified comes before
//! all others, and who has nothing planned after them.

use crate::list::{Absent, Moment};

/// When something last passed between the company and the client.
pub const LAST_INTERACTION: Moment = of("last_interaction_at", Absent::First);
/// When the next thing is planned.
pub const NEXT_INTERACTION: Moment = of("next_interaction_at", Absent::Last);
/// When the data was last checked.
pub const LAST_VERIFIED: Moment = of("last_verified_at", Absent::First);

const fn of(column: &'static str, absent: Absent) -> Moment {
    Moment { table: "clients", column, absent }
}
