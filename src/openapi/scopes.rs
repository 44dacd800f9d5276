//! What the scopes of service accounts allow, in words.

use serde_json::{Map, Value, json};

use crate::access::permission::{PERMISSIONS, is_for_persons_only};

/// What each right allows that a service account can have.
const MEANINGS: [(&str, &str); 82] = [
    ("access_requests:create", "Ask for access to clients of others."),
    ("access_requests:decide", "Decide who is granted access to clients."),
    ("access_requests:read", "Read requests for access to clients."),
    ("audit:read", "Read who changed what, and who was refused."),
    ("audit:verify", "Verify that the audit log is intact."),
    ("clients:archive", "Put clients into the archive, take them out again, and mark them lost."),
    ("clients:assign_team", "Decide who is on the account team of a client."),
    ("clients:create", "Create clients."),
    ("clients:designate_key", "Make clients key clients, and ordinary ones again."),
    ("clients:merge", "Merge clients that were entered twice, and undo merges."),
    ("clients:read", "Read clients and their timelines."),
    ("clients:read_confidential", "Read and change the confidential fields of clients."),
    ("clients:read_personal_data", "Take out all that is held on clients who are persons."),
    ("clients:transfer", "Give clients to other owners."),
    ("clients:update", "Change clients and their status."),
    ("competitor_offers:create", "Enter offers of competitors."),
    ("competitor_offers:read", "Read offers of competitors."),
    ("competitor_offers:update", "Change offers of competitors."),
    ("competitors:create", "Enter competitors."),
    ("competitors:read", "Read competitors."),
    ("competitors:update", "Change competitors."),
    ("contacts:create", "Create contacts."),
    ("contacts:delete", "Delete contacts."),
    ("contacts:read", "Read contacts."),
    ("contacts:read_personal_data", "Take out all that is held on contacts."),
    ("contacts:update", "Change contacts."),
    ("contracts:approve", "Approve contracts, or return them to their authors."),
    ("contracts:create", "Draft contracts."),
    ("contracts:delete", "Discard drafts of contracts."),
    ("contracts:read", "Read contracts and their histories."),
    ("contracts:record", "Record past contracts."),
    ("contracts:sign", "Record that contracts were signed."),
    ("contracts:terminate", "End contracts before their last day."),
    ("contracts:update", "Change drafts of contracts, submit and complete contracts."),
    ("custom_fields:create", "Define the organisation's own fields."),
    ("custom_fields:read", "Read which fields of its own the organisation has."),
    ("custom_fields:update", "Change the organisation's own fields."),
    ("departments:create", "Create departments."),
    ("departments:read", "Read departments."),
    ("departments:update", "Change departments."),
    ("deputies:read", "Read who stands in for whom."),
    ("erasures:read", "Read which personal data was erased, when, why and by whom."),
    ("exchange_rates:create", "Enter exchange rates."),
    ("exchange_rates:read", "Read exchange rates."),
    ("exchange_rates:update", "Change exchange rates."),
    ("exports:create", "Export data to files."),
    ("exports:read", "Read exports and their files."),
    ("imports:create", "Send in files to import."),
    ("imports:read", "Read imports and their rows."),
    ("imports:update", "Check, apply and take back imports."),
    ("interactions:create", "Log and plan interactions."),
    ("interactions:read", "Read interactions."),
    ("interactions:update", "Change, complete and cancel interactions."),
    ("jobs:read", "Read what is done in the background."),
    ("jobs:update", "Cancel what is done in the background."),
    ("lost_reasons:create", "Create reasons for losing clients."),
    ("lost_reasons:read", "Read the reasons for losing clients."),
    ("lost_reasons:update", "Change reasons for losing clients."),
    ("orders:approve", "Approve and reject orders."),
    ("orders:create", "Draft orders."),
    ("orders:execute", "Accept, start, fulfil and return orders in the departments."),
    ("orders:expedite", "Put orders before all others."),
    ("orders:hand_over", "Hand orders over to departments."),
    ("orders:read", "Read orders, their histories and their sums."),
    ("orders:record", "Record orders of the past."),
    ("orders:update", "Change drafts of orders, submit, cancel and close orders."),
    ("organization:read", "Read the organisation's name, requisites and settings."),
    ("organization:update", "Change the organisation's name, requisites and settings."),
    ("products:create", "Create products."),
    ("products:read", "Read products."),
    ("products:read_confidential", "Read and change the lowest prices of products."),
    ("products:update", "Change products."),
    ("roles:read", "Read what each role may do."),
    ("saved_views:create", "Create saved views of clients."),
    ("saved_views:delete", "Delete saved views of clients."),
    ("saved_views:read", "Read saved views of clients, and use them in lists."),
    ("saved_views:update", "Change saved views of clients."),
    ("service_accounts:read", "Read service accounts and their keys, without secrets."),
    ("teams:create", "Create teams."),
    ("teams:read", "Read teams."),
    ("teams:update", "Change teams."),
    ("users:read", "Read who works here."),
];

/// The scopes, each with what it allows.
pub fn scopes() -> Value {
    let names = PERMISSIONS.iter().map(|(name, _)| *name).filter(|name| !is_for_persons_only(name));
    let scopes: Map<String, Value> = names.map(|name| (name.to_owned(), json!(meaning(name)))).collect();
    Value::Object(scopes)
}

fn meaning(scope: &str) -> Option<&'static str> {
    MEANINGS.iter().find(|(name, _)| *name == scope).map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::scopes;

    #[test]
    fn every_scope_says_what_it_allows() {
        for (scope, meaning) in scopes().as_object().unwrap() {
            assert!(meaning.as_str().is_some_and(|text| text.ends_with('.')), "{scope}: {meaning}");
        }
    }
}
