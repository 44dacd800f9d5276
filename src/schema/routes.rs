//! `/v1/schema`.

use std::sync::LazyLock;

use actix_web::web::{Json, Path};
use utoipa::ToSchema;

use super::{custom, fixed::Described, model::ResourceSchema};
use crate::{
    access::{Reach, Read, Scope},
    clients::{Client, ClientPatch, NewClient},
    contacts::{Contact, ContactPatch, NewContact},
    contracts::{Contract, ContractPatch, NewContract},
    custom::CustomResource,
    custom_fields::CustomField,
    error::Result,
    http::{NoParams, Query, Routes, endpoint},
    interactions::{Interaction, InteractionPatch, NewInteraction},
    orders::{NewOrder, OrderPatch, OrderWithLines},
    products::{Product, ProductPatch, ProductTerms},
};

/// The operation that describes a resource.
pub fn routes(api: &mut Routes) {
    api.add("custom fields", [endpoint!(get_schema)]);
}

/// Describe a resource
///
/// Use it to draw the form of a resource: its fixed fields and the organisation's own, with the kind and the bounds of their values,
/// what can be chosen in both languages, and what the caller may write.
///
/// What the caller may do with one row stands in the `actions` of the row.
#[utoipa::path(
    get,
    path = "/v1/schema/{resource}",
    params(("resource" = CustomResource, Path, description = "The resource.", example = "clients")),
    responses((status = 200, description = "The fields of the resource."))
)]
async fn get_schema(
    scope: Scope<CustomField, Read>,
    resource: Path<CustomResource>,
    _: Query<NoParams>,
) -> Result<Json<ResourceSchema>> {
    let (actor, resource) = (scope.actor(), *resource);
    let [row, new, patch] = types_of(resource);
    let may = |action: &str| actor.reach(&format!("{}:{action}", resource.name())) != Reach::None;
    let (may_create, may_update) = (may("create"), may("update"));
    let sees_confidential = may("read_confidential");
    let mut fields: Vec<_> = row.fields().chain(new.fields().filter(|field| !row.has(&field.name))).collect();
    for field in &mut fields {
        let may = sees_confidential || !field.is_confidential;
        field.is_required = new.requires(&field.name);
        field.may_create = may && may_create && new.has(&field.name);
        field.may_update = may && may_update && patch.has(&field.name);
    }
    fields.retain(|field| sees_confidential || !field.is_confidential);
    let own = actor.custom().map(|known| known.of_resource(resource)).unwrap_or_default();
    let own = own.iter().filter(|field| sees_confidential || !field.is_confidential);
    fields.extend(own.map(|field| custom::described(field, actor.language(), (may_create, may_update))));
    Ok(Json(ResourceSchema { resource, fields }))
}

/// The types of `resource`: its rows, what creates one, and what changes one. They are read once.
fn types_of(resource: CustomResource) -> &'static [Described; 3] {
    static CLIENTS: LazyLock<[Described; 3]> = LazyLock::new(described::<Client, NewClient, ClientPatch>);
    static CONTACTS: LazyLock<[Described; 3]> = LazyLock::new(described::<Contact, NewContact, ContactPatch>);
    static INTERACTIONS: LazyLock<[Described; 3]> =
        LazyLock::new(described::<Interaction, NewInteraction, InteractionPatch>);
    static PRODUCTS: LazyLock<[Described; 3]> = LazyLock::new(described::<Product, ProductTerms, ProductPatch>);
    static CONTRACTS: LazyLock<[Described; 3]> = LazyLock::new(described::<Contract, NewContract, ContractPatch>);
    static ORDERS: LazyLock<[Described; 3]> = LazyLock::new(described::<OrderWithLines, NewOrder, OrderPatch>);
    match resource {
        CustomResource::Clients => &CLIENTS,
        CustomResource::Contacts => &CONTACTS,
        CustomResource::Interactions => &INTERACTIONS,
        CustomResource::Products => &PRODUCTS,
        CustomResource::Contracts => &CONTRACTS,
        CustomResource::Orders => &ORDERS,
    }
}

fn described<Row: ToSchema, New: ToSchema, Patch: ToSchema>() -> [Described; 3] {
    [Described::of::<Row>(), Described::of::<New>(), Described::of::<Patch>()]
}
