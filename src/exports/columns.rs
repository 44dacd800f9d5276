//! The columns of each resource. They have the names of the members in JSON; a dot leads into a member.

use super::model::ExportResource;
use crate::{
    access::{Actor, Reach},
    clients::Client,
    custom::CustomResource,
    error::{Error, FieldError, Result},
    products::Product,
    values::{Invalid, Say, Text, hint, members_of},
};

const CLIENTS: &[&str] = &[
    "id",
    "kind",
    "status",
    "name",
    "legal_name",
    "tax_id",
    "kpp",
    "registration_number",
    "industry",
    "source",
    "phone",
    "other_phones",
    "email",
    "other_emails",
    "messengers",
    "website",
    "address.street",
    "address.city",
    "address.region",
    "address.postal_code",
    "address.country",
    "employees",
    "language",
    "timezone",
    "tags",
    "owner_id",
    "team_id",
    "is_key",
    "parent_id",
    "foreign_ids",
    "bank_accounts",
    "external_ids",
    "credit_limit",
    "margin_percent",
    "confidential_note",
    "last_verified_at",
    "last_interaction_at",
    "next_interaction_at",
    "lost_reason_id",
    "lost_at",
    "created_at",
    "updated_at",
];
const CONTACTS: &[&str] = &[
    "id",
    "client_id",
    "name",
    "job_title",
    "decision_role",
    "phone",
    "other_phones",
    "email",
    "other_emails",
    "messengers",
    "is_primary",
    "consents",
    "external_ids",
    "owner_id",
    "team_id",
    "is_key",
    "created_at",
    "updated_at",
];
const PRODUCTS: &[&str] = &[
    "id",
    "sku",
    "name",
    "kind",
    "category",
    "supplier",
    "unit",
    "base_price",
    "currency",
    "tax_rate",
    "min_price",
    "strengths",
    "weaknesses",
    "external_ids",
    "is_active",
    "created_at",
    "updated_at",
];
const ORDERS: &[&str] = &[
    "id",
    "number",
    "client_id",
    "contract_id",
    "status",
    "priority",
    "ordered_on",
    "requested_delivery_on",
    "currency",
    "net_total",
    "tax_total",
    "total",
    "comment",
    "external_ids",
    "owner_id",
    "team_id",
    "author_id",
    "department_id",
    "due_at",
    "submitted_at",
    "approved_by",
    "handed_over_at",
    "fulfilled_at",
    "created_at",
    "updated_at",
];

/// The columns with amounts, which JSON has as text and a spreadsheet as numbers.
pub const NUMBERS: &[&str] =
    &["base_price", "credit_limit", "margin_percent", "min_price", "net_total", "tax_rate", "tax_total", "total"];

/// All columns of `resource`.
pub fn of(resource: ExportResource) -> &'static [&'static str] {
    match resource {
        ExportResource::Clients => CLIENTS,
        ExportResource::Contacts => CONTACTS,
        ExportResource::Products => PRODUCTS,
        ExportResource::Orders => ORDERS,
    }
}

fn confidential(resource: ExportResource) -> &'static [&'static str] {
    match resource {
        ExportResource::Clients => members_of::<Client>().confidential(),
        ExportResource::Products => members_of::<Product>().confidential(),
        ExportResource::Contacts | ExportResource::Orders => &[],
    }
}

/// The columns of the organisation's own fields.
fn own(resource: ExportResource, actor: &Actor) -> Vec<String> {
    let of_resource = match resource {
        ExportResource::Clients => CustomResource::Clients,
        ExportResource::Contacts => CustomResource::Contacts,
        ExportResource::Products => CustomResource::Products,
        ExportResource::Orders => CustomResource::Orders,
    };
    let fields = actor.custom().map(|custom| custom.of_resource(of_resource)).unwrap_or_default();
    fields.iter().map(|field| format!("{}.{}", field.member(), field.name.as_str())).collect()
}

/// The columns that `actor` gets: those asked for, or all that they may see at all.
///
/// # Errors
/// 422 for columns that there are not and for one twice, 403 for a confidential one of somebody who may see none.
pub fn chosen(resource: ExportResource, asked: Vec<Text<100>>, actor: &Actor) -> Result<Vec<Text<100>>> {
    let permission = format!("{}:read_confidential", resource.as_ref());
    let sees = actor.reach(&permission) > Reach::None;
    let is_hidden = |name: &str| {
        let member = name.split('.').next().unwrap_or(name);
        !sees && confidential(resource).contains(&member)
    };
    let known: Vec<String> = of(resource).iter().map(|name| (*name).to_owned()).chain(own(resource, actor)).collect();
    if asked.is_empty() {
        let all = known.iter().filter(|name| !is_hidden(name));
        return all.map(|name| Text::parse(name).map_err(Error::internal)).collect();
    }
    let mut wrong = Vec::new();
    for (at, column) in asked.iter().enumerate() {
        let pointer = format!("/columns/{at}");
        if !known.iter().any(|name| name == column.as_str()) {
            wrong.push(FieldError::new(pointer, hint::unknown_word(column.as_str(), of(resource))));
        } else if asked.iter().take(at).any(|before| before == column) {
            wrong.push(FieldError::new(
                pointer,
                Invalid::Rule("repeated", Say::new("This is given twice.", "Это указано дважды.")),
            ));
        }
    }
    if !wrong.is_empty() {
        return Err(Error::fields(wrong));
    }
    match asked.iter().any(|column| is_hidden(column.as_str())) {
        true => Err(Error::forbidden(&permission)),
        false => Ok(asked),
    }
}
