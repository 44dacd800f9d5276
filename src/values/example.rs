//! The ids of the demonstration company, which the document's examples use, too: so they run as they are against it.

use uuid::Uuid;

/// The kinds of rows that have such ids; the place of a kind is part of its ids.
const KINDS: [&str; 26] = [
    "clients",
    "contacts",
    "contracts",
    "departments",
    "interactions",
    "order_lines",
    "orders",
    "products",
    "service_accounts",
    "teams",
    "users",
    "lost_reasons",
    "client_duplicates",
    "access_requests",
    "saved_views",
    "erasures",
    "deputies",
    "client_merges",
    "jobs",
    "exports",
    "imports",
    "custom_fields",
    "exchange_rates",
    "competitors",
    "competitor_offers",
    "others",
];

/// The id of the row with this number, from 1, among those of its kind.
pub fn example_id(kind: &str, number: u32) -> Uuid {
    let others = KINDS.len() - 1;
    let place = KINDS.iter().position(|known| *known == kind).unwrap_or(others);
    // The time of a version 7 id is a fixed one, and its random part says what the row is.
    let rest = (u128::try_from(place).unwrap_or_default() << 32) | u128::from(number);
    Uuid::from_u128(0x0193_6f0e_8d5b_7c3a_9e2f_0000_0000_0000 | rest)
}

#[cfg(test)]
mod tests {
    use super::example_id;

    #[test]
    fn each_row_has_an_id_of_its_own() {
        assert_eq!(example_id("clients", 1).to_string(), "01936f0e-8d5b-7c3a-9e2f-000000000001");
        assert_eq!(example_id("users", 2).to_string(), "01936f0e-8d5b-7c3a-9e2f-000a00000002");
        assert_eq!(example_id("clients", 1).get_version_num(), 7);
    }
}
