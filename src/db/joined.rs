//! Which tables a query reads together. The generated schema would allow any two of them: more than ten thousand implementations
//! of traits, which the compiler compares with each other.

use diesel::allow_tables_to_appear_in_same_query as may_be_joined;

use super::schema::{
    account_team_members, api_keys, audit_events, audit_leaves, audit_unsealed, clients, competitor_offers,
    competitors, consents, contacts, deputies, import_rows, imports, interactions, order_lines, orders, products,
    refresh_tokens, role_policies, second_factors, service_accounts, sessions, users,
};

// Who a caller is, and what they may do.
may_be_joined!(
    users,
    sessions,
    second_factors,
    service_accounts,
    api_keys,
    role_policies,
    account_team_members,
    deputies
);
may_be_joined!(refresh_tokens, sessions);

may_be_joined!(users, clients);
may_be_joined!(users, consents);
may_be_joined!(interactions, clients);
may_be_joined!(interactions, contacts);
may_be_joined!(import_rows, imports);
may_be_joined!(order_lines, orders);
may_be_joined!(order_lines, products);
may_be_joined!(competitor_offers, competitors);
may_be_joined!(audit_events, audit_leaves);
may_be_joined!(audit_events, audit_unsealed);
