//! Who is calling, and what they may touch.

mod actions;
mod actor;
pub mod api_key;
pub mod api_key_caller;
pub mod caller;
mod callers;
mod identification;
mod ids;
mod load;
mod locale;
mod on_behalf;
pub mod permission;
pub mod policy;
pub mod recent;
mod remembered;
pub mod restriction;
pub mod rights_epoch;
pub mod role;
mod scope;
mod sight;
pub mod token;
pub mod token_keys;
mod within;

pub use actions::{Action, Create, Delete, Erase, Read, ReadConfidential, ReadPersonalData, Update};
pub use actor::Actor;
use caller::OfOrganization;
pub use caller::{
    Absent, AbsentColleagues, AccountTeams, Caller, Credential, Departments, Identified, Person, SignedIn,
};
pub use callers::{Callers, decides_about_callers};
pub use identification::Identification;
pub use ids::{ApiKeyId, SessionId, TeamId, UserId};
pub use load::load_policy;
pub use locale::{Locale, load_locale};
pub use on_behalf::OnBehalf;
pub use policy::{DuplicatesTell, Grants, Limits, Policy};
pub use recent::RecentlyAuthenticated;
pub use rights_epoch::Epoch;
pub use role::{Reach, Role};
pub use scope::{Belongs, Ownership, Scope};
pub use sight::{may_read, may_read_as_owner};
pub use within::{Owned, Part, Within};
