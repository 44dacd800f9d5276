//! Organisations and persons that the company works with: the middle of everything. Managers see their own,
//! key-account managers also their team's key clients, supervisors all.

mod alike;
mod business;
mod completeness;
mod conditions;
mod contact_points;
mod designation;
mod duplicates;
mod expected;
mod external;
mod filter;
mod filtered;
mod finding;
mod likeness;
mod many;
mod merged;
mod model;
mod moments;
mod named;
mod of_owner;
mod owners;
mod pairs;
mod parent;
mod primary_contact;
mod queries;
mod reference;
mod routes;
mod sight;
mod status;
mod steps;
mod summary;
mod touch;
pub mod under_way;
mod view;

use crate::http::Routes;

pub use alike::{LookedThrough, at_place, count_all, pair_next};
pub use business::{Standing, activate_buyer, gone, hold_standing};
pub use completeness::{ClientCompleteness, of_client as completeness_of};
pub use conditions::{Condition, SavedViewId, SavedViews, readable};
pub use contact_points::{
    LabelledEmail, LabelledPhone, Messenger, MessengerKind, formatted as formatted_phones, repetitions,
};
pub use designation::{designate, refuse_ordinary_owner};
pub use duplicates::{AllowDuplicate, Identifiers, Twin, certain, twins};
pub use expected::{Expected, ExpectedField};
pub use filter::ClientFilter;
pub use filter::ClientInclude;
pub use finding::{Finding, namesakes};
pub use many::{Entered, insert_all};
pub use model::{
    Address, Archive, Client, ClientChange, ClientId, ClientPatch, ClientStart, ClientTerms, Kind, NewClient,
    TransferClient,
};
pub use named::named;
pub use of_owner::{count_of_owner, find_all, lock_all, of_owner};
pub use owners::{Why, follow};
pub use pairs::ClientDuplicateId;
pub use parent::belongs_to;

pub use primary_contact::{ContactId, ContactRef};
pub use queries::{chunk, find, grow, hold, hold_for_business, insert, refuse_archived, restore, step, update};
pub use reference::{ClientRef, references};
pub use sight::{cannot_see, refuse_blind};
pub use status::{ClientStatus, Transition};
pub use steps::{ARCHIVE, MARK_LOST};
pub use touch::{hold_to_touch, lock_alone, lock_to_touch, touch};
pub use view::{ClientView, changed, views};

/// The operations on clients.
pub fn routes(api: &mut Routes) {
    routes::routes(api);
    external::routes(api);
    steps::routes(api);
    owners::routes(api);
}
