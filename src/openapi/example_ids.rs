//! The ids in examples are those of the demonstration company, so that an example runs there as it is.

use serde_json::{Value, json};

use super::complete::{Object, operations};
use crate::values::example_id;

/// What the members of examples refer to: the end of a member's name, and the kind of row.
const MEMBERS: [(&str, &str); 40] = [
    ("survivor_id", "merge_survivors"),
    ("merged_id", "merged_clients"),
    ("account_id", "service_accounts"),
    ("account_team", "users"),
    ("actor_id", "users"),
    ("approved_by", "users"),
    ("author_id", "users"),
    ("client_id", "clients"),
    ("client_ids", "given_clients"),
    ("competitor_id", "competitors"),
    ("contact_id", "contacts"),
    ("contract_id", "contracts"),
    ("department_id", "departments"),
    ("department_ids", "departments"),
    ("deputy_id", "receivers"),
    ("editor_ids", "users"),
    ("erased_by", "users"),
    ("follows_id", "interactions"),
    ("given_by", "users"),
    ("line_id", "order_lines"),
    ("lost_reason_id", "lost_reasons"),
    ("job", "jobs"),
    ("order_id", "orders"),
    ("other_id", "clients"),
    ("owner_id", "users"),
    ("product_id", "products"),
    ("product_ids", "products"),
    ("requester", "users"),
    ("receiver_id", "receivers"),
    ("subject_id", "contacts"),
    ("taken_by", "users"),
    ("team_id", "teams"),
    ("user_id", "users"),
    ("user_ids", "users"),
    ("view_id", "saved_views"),
    ("actor", "users"),
    ("client", "clients"),
    ("contact", "contacts"),
    ("department", "departments"),
    ("lines", "order_lines"),
];

/// The kind of row that a schema describes.
const SCHEMAS: [(&str, &str); 26] = [
    ("ClientMerge", "client_merges"),
    ("AccessRequest", "access_requests"),
    ("Client", "clients"),
    ("ClientDuplicate", "client_duplicates"),
    ("Contact", "contacts"),
    ("Contract", "contracts"),
    ("CustomField", "custom_fields"),
    ("Department", "departments"),
    ("Deputy", "deputies"),
    ("Erasure", "erasures"),
    ("Export", "exports"),
    ("Import", "imports"),
    ("Interaction", "interactions"),
    ("Job", "jobs"),
    ("Competitor", "competitors"),
    ("CompetitorOffer", "competitor_offers"),
    ("ExchangeRate", "exchange_rates"),
    ("LostReason", "lost_reasons"),
    ("Order", "orders"),
    ("OwnAccount", "users"),
    ("PersonalData", "contacts"),
    ("Product", "products"),
    ("SavedView", "saved_views"),
    ("ServiceAccount", "service_accounts"),
    ("Team", "teams"),
    ("User", "users"),
];

/// The kinds whose examples are not of their first row: the first products are no longer sold, the first nine users are
/// persons, and the lines are those of an order in progress. Who receives clients is another user than who has them.
const ROWS: [(&str, &str, u32); 7] = [
    ("merge_survivors", "clients", 31),
    ("merged_clients", "clients", 30),
    ("products", "products", 3),
    ("service_accounts", "users", 10),
    ("order_lines", "order_lines", 21),
    ("receivers", "users", 5),
    ("given_clients", "clients", 24),
];

/// The rows that operations are tried on whose state or owner must be another than that of the first row. Each has a row
/// of its own, so that none spoils the example of another.
#[rustfmt::skip]
const TRIED_ON: [(&str, &str, u32); 53] = [
    ("post",   "/v1/contracts/{id}/amend",              4),
    ("delete", "/v1/contracts/{id}",                   17),
    ("post",   "/v1/orders/{id}/withdraw",             13),
    ("post",   "/v1/orders/{id}/ask",                  14),
    ("post",   "/v1/orders/{id}/answer",               15),
    ("post",   "/v1/orders/{id}/request-cancellation", 16),
    ("post",   "/v1/orders/{id}/confirm-cancellation", 17),
    ("post",   "/v1/orders/{id}/decline-cancellation", 18),
    ("post",   "/v1/orders/{id}/correct",              11),
    ("post",   "/v1/orders/{id}/take-back",            11),
    ("post",   "/v1/client-merges/{id}/undo",           2),
    ("post",   "/v1/access-requests/{id}/grant",        2),
    ("post",   "/v1/access-requests/{id}/decline",      3),
    ("put",    "/v1/clients/{id}/account-team",         2),
    ("post",   "/v1/clients/{id}/transfer",             3),
    ("post",   "/v1/clients/{id}/mark-dormant",         5),
    ("post",   "/v1/clients/{id}/mark-lost",           11),
    ("post",   "/v1/clients/{id}/archive",              7),
    ("post",   "/v1/clients/{id}/designate-key",        8),
    ("post",   "/v1/clients/{id}/revoke-key",          20),
    ("post",   "/v1/clients/{id}/qualify",             22),
    ("post",   "/v1/clients/{id}/activate",            57),
    ("post",   "/v1/clients/{id}/restore",             92),
    ("post",   "/v1/clients/{id}/erase",               53),
    ("delete", "/v1/contacts/{id}",                    22),
    ("delete", "/v1/saved-views/{id}",                  2),
    ("post",   "/v1/contacts/{id}/retire",             23),
    ("post",   "/v1/contacts/{id}/restore",            25),
    ("post",   "/v1/contacts/{id}/erase",              26),
    ("post",   "/v1/contracts/{id}/complete",           2),
    ("post",   "/v1/contracts/{id}/terminate",          3),
    ("post",   "/v1/contracts/{id}/submit",            11),
    ("post",   "/v1/contracts/{id}/approve",           12),
    ("post",   "/v1/contracts/{id}/return",            13),
    ("post",   "/v1/contracts/{id}/withdraw",          14),
    ("post",   "/v1/contracts/{id}/sign",              15),
    ("patch",  "/v1/contracts/{id}",                   16),
    ("post",   "/v1/deputies/{id}/end",                 2),
    ("post",   "/v1/interactions/{id}/complete",        4),
    ("post",   "/v1/interactions/{id}/reschedule",      8),
    ("post",   "/v1/interactions/{id}/miss",           12),
    ("post",   "/v1/interactions/{id}/cancel",         16),
    ("post",   "/v1/orders/{id}/submit",                2),
    ("post",   "/v1/orders/{id}/approve",               3),
    ("post",   "/v1/orders/{id}/reject",                4),
    ("post",   "/v1/orders/{id}/reopen",                5),
    ("post",   "/v1/orders/{id}/hand-over",             6),
    ("post",   "/v1/orders/{id}/cancel",                7),
    ("post",   "/v1/orders/{id}/accept",                8),
    ("post",   "/v1/orders/{id}/return",                9),
    ("post",   "/v1/orders/{id}/start",                10),
    ("post",   "/v1/orders/{id}/fulfil",               11),
    ("post",   "/v1/orders/{id}/close",                12),
];

/// The id that stands in examples for a row of this kind.
fn id_of(kind: &str) -> uuid::Uuid {
    let row = ROWS.iter().find(|(known, ..)| *known == kind);
    row.map_or_else(|| example_id(kind, 1), |(_, kind, number)| example_id(kind, *number))
}

/// Puts the ids into the examples of all schemas.
pub fn put_ids(document: &mut Value) {
    let schemas = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    for (name, schema) in schemas.into_iter().flatten() {
        let kind = SCHEMAS.iter().find(|(known, _)| known == name).map_or("others", |(_, kind)| *kind);
        if let Some(example) = schema.get_mut("example") {
            put(example, kind);
        }
    }
}

fn put(example: &mut Value, kind: &str) {
    match example {
        Value::Array(items) => items.iter_mut().for_each(|item| put(item, kind)),
        Value::Object(members) => {
            for (name, member) in members {
                let own = if name == "id" { Some(kind) } else { None };
                match own.or_else(|| kind_of(name)) {
                    Some(kind) => put(member, kind),
                    None if member.is_object() || member.is_array() => put(member, "others"),
                    None => {}
                }
            }
        }
        Value::String(text) if text.parse::<uuid::Uuid>().is_ok() => *text = id_of(kind).to_string(),
        _ => {}
    }
}

fn kind_of(member: &str) -> Option<&'static str> {
    let related = match member {
        "author" | "members" | "owner" | "user" => Some("users"),
        "primary_contact" => Some("contacts"),
        _ => None,
    };
    related.or_else(|| MEMBERS.iter().find(|(name, _)| *name == member).map(|(_, kind)| *kind))
}

/// Gives the id in each address the one of the demonstration company.
pub fn address_examples(document: &mut Value) {
    for (path, method, operation) in operations(document) {
        // That id is another system's.
        if path.contains("/external/") {
            continue;
        }
        let Some(kind) = path.strip_prefix("/v1/").and_then(|path| path.split_once("/{id}")) else { continue };
        let kind = kind.0.replace('-', "_");
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
        let tried_on = TRIED_ON.iter().find(|(of_method, address, _)| *of_method == method && *address == path);
        let id = tried_on.map_or_else(|| id_of(&kind), |(.., number)| example_id(&kind, *number));
        for parameter in parameters.filter_map(Value::as_object_mut).filter(|parameter| is_id(parameter)) {
            parameter.insert("example".to_owned(), json!(id));
        }
    }
}

fn is_id(parameter: &Object) -> bool {
    parameter.get("name") == Some(&json!("id")) && parameter.get("in") == Some(&json!("path"))
}
