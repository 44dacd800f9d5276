//! The kinds and the statuses that the rows of a resource can have.

use strum::VariantNames;

use crate::{
    clients::{ClientStatus, Kind},
    contracts::ContractStatus,
    custom::CustomResource,
    interactions::InteractionStatus,
    orders::OrderStatus,
    products::ProductKind,
};

/// The kinds of `resource`; none when there are not several.
pub fn kinds(resource: CustomResource) -> &'static [&'static str] {
    match resource {
        CustomResource::Clients => Kind::VARIANTS,
        CustomResource::Products => ProductKind::VARIANTS,
        CustomResource::Contacts
        | CustomResource::Interactions
        | CustomResource::Contracts
        | CustomResource::Orders => &[],
    }
}

/// The statuses of `resource`; none when it has no status.
pub fn statuses(resource: CustomResource) -> &'static [&'static str] {
    match resource {
        CustomResource::Clients => ClientStatus::VARIANTS,
        CustomResource::Interactions => InteractionStatus::VARIANTS,
        CustomResource::Contracts => ContractStatus::VARIANTS,
        CustomResource::Orders => OrderStatus::VARIANTS,
        CustomResource::Contacts | CustomResource::Products => &[],
    }
}
