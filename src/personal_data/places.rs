//! Where personal data is held. A new table that tells of clients or contacts gets its entry in both lists; a test goes through
//! the columns whose comments say `Personal:`.
//!
//! The SQL in this file is about the subject `$1`. It has no values of callers.

use uuid::Uuid;

use crate::{clients::ClientId, contacts::ContactId};

/// Whose data it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A client, with all that belongs to it.
    Client(ClientId),
    /// A person at a client.
    Contact(ContactId),
}

/// A table that tells of a person.
#[derive(Debug)]
pub struct Place {
    /// The table, which is also the kind of resource.
    pub table: &'static str,
    /// What it has, in English and in Russian.
    pub title: (&'static str, &'static str),
    /// Which of its rows tell of the person.
    pub rows: &'static str,
    /// The columns that tell of the person, each with what stands there after an erasure.
    pub personal: &'static [(&'static str, &'static str)],
    /// The other columns that an erasure changes, each with its new value. `$2` is the moment of the erasure.
    pub besides: &'static [(&'static str, &'static str)],
    /// Whether its rows have versions, so that each change of one is recorded.
    pub is_resource: bool,
    /// The columns that are taken out with the person's data; all when there are none.
    pub shown: &'static [&'static str],
}

impl Place {
    /// A table without anything personal, of which nothing is shown or erased yet.
    const fn of(table: &'static str, title: (&'static str, &'static str), rows: &'static str) -> Self {
        Self { table, title, rows, personal: &[], besides: &[], is_resource: false, shown: &[] }
    }

    /// The names of the columns that tell of the person.
    pub fn fields(&self) -> Vec<&'static str> {
        self.personal.iter().map(|(name, _)| *name).collect()
    }
}

impl Subject {
    /// Its id.
    pub fn id(self) -> Uuid {
        match self {
            Self::Client(id) => id.uuid(),
            Self::Contact(id) => id.uuid(),
        }
    }

    /// The tables that tell of it. What others are found by comes before what it is found by itself, and the row of the
    /// subject is the last one.
    pub fn places(self) -> &'static [Place] {
        match self {
            Self::Client(_) => &OF_CLIENT,
            Self::Contact(_) => &OF_CONTACT,
        }
    }

    /// The entries of the audit log that tell of it.
    pub fn audit_entries(self) -> &'static str {
        match self {
            Self::Client(_) => AUDIT_OF_CLIENT,
            Self::Contact(_) => AUDIT_OF_CONTACT,
        }
    }

    /// Its e-mail addresses, as rows with one column `value`.
    pub fn addresses(self) -> &'static str {
        match self {
            Self::Client(_) => {
                "SELECT email AS value FROM clients WHERE id = $1
                 UNION SELECT one ->> 'address' FROM clients, jsonb_array_elements(other_emails) one WHERE clients.id = $1
                 UNION SELECT email FROM contacts WHERE client_id = $1
                 UNION SELECT one ->> 'address' FROM contacts, jsonb_array_elements(other_emails) one WHERE client_id = $1"
            }
            Self::Contact(_) => {
                "SELECT email AS value FROM contacts WHERE id = $1
                 UNION SELECT one ->> 'address' FROM contacts, jsonb_array_elements(other_emails) one WHERE contacts.id = $1"
            }
        }
    }
}

/// What stands where something was erased and something must stand.
const GONE: &str = "'[erased]'";

const CLIENTS: (&str, &str) = ("The client", "Клиент");
const CONTACTS: (&str, &str) = ("Persons at the client", "Контактные лица");
const INTERACTIONS: (&str, &str) = ("Interactions", "Взаимодействия");
const CONTRACTS: (&str, &str) = ("Contracts", "Договоры");
const CONTRACT_EVENTS: (&str, &str) = ("Histories of the contracts", "История договоров");
const ORDERS: (&str, &str) = ("Orders", "Заказы");
const ORDER_LINES: (&str, &str) = ("What was ordered", "Состав заказов");
const ORDER_EVENTS: (&str, &str) = ("Histories of the orders", "История заказов");
const ACCESS_REQUESTS: (&str, &str) = ("Requests for access", "Запросы доступа");
const OWNERS: (&str, &str) = ("Who worked with the client", "Кто вёл клиента");
const DUPLICATES: (&str, &str) = ("Possible duplicates", "Возможные дубликаты");
const MERGES: (&str, &str) = ("Clients that were merged into it", "Объединённые с ним клиенты");
const IMPORTS: (&str, &str) = ("Files that were imported", "Загруженные файлы");
const IMPORTED: (&str, &str) = ("Rows of imported files", "Строки загруженных файлов");
const PERSON: (&str, &str) = ("The person", "Человек");
const SIGNED: (&str, &str) = ("Contracts that the person signs", "Договоры, которые подписывает человек");

const OF_CONTACTS: &[(&str, &str)] = &[
    ("name", GONE),
    ("job_title", "NULL"),
    ("email", "NULL"),
    ("other_emails", "'[]'"),
    ("phone", "NULL"),
    ("other_phones", "'[]'"),
    ("messengers", "'[]'"),
    ("consents", "'[]'"),
    ("custom_fields", "custom_without_personal('contacts', custom_fields)"),
    ("external_ids", "'[]'"),
];
const WITH_CONTACTS: &[(&str, &str)] =
    &[("is_primary", "false"), ("retired_at", "coalesce(retired_at, $2)"), ("erased_at", "coalesce(erased_at, $2)")];
const OF_INTERACTIONS: &[(&str, &str)] = &[
    ("subject", GONE),
    ("summary", "NULL"),
    ("custom_fields", "custom_without_personal('interactions', custom_fields)"),
];
/// Nobody talks with who was erased.
const WITH_INTERACTIONS: &[(&str, &str)] = &[("status", "CASE status WHEN 'planned' THEN 'cancelled' ELSE status END")];

/// The rows of files that were about a client, or about one of its orders.
const IMPORTED_ROWS: &str = "(target_id = $1 OR target_id IN (SELECT id FROM orders WHERE client_id = $1))";
const OF_IMPORTS: &str = "id IN (
    SELECT import_id FROM import_rows WHERE target_id = $1
    UNION SELECT import_id FROM import_rows WHERE target_id IN (SELECT id FROM orders WHERE client_id = $1))";

/// The interactions with a contact, also those that named another one later.
const INTERACTIONS_OF_CONTACT: &str = "id IN (
    SELECT id FROM interactions WHERE contact_id = $1
    UNION SELECT resource_id FROM audit_events
    WHERE client_id = (SELECT client_id FROM contacts WHERE id = $1) AND resource = 'interactions'
        AND $1::text IN (changes #>> '{contact_id,from}', changes #>> '{contact_id,to}'))";

/// The contracts in which one who signs has the contact's name.
const CONTRACTS_OF_CONTACT: &str = "client_id = (SELECT client_id FROM contacts WHERE id = $1) AND EXISTS (
    SELECT FROM jsonb_array_elements(signatories || coalesce(former_terms -> 'signatories', '[]')) one
    WHERE lower(one ->> 'name') = lower((SELECT name FROM contacts WHERE id = $1)))";

/// Those who sign, without the contact.
const OTHER_SIGNATORIES: &str = r#"coalesce((
    SELECT jsonb_agg(CASE WHEN lower(one ->> 'name') = lower((SELECT name FROM contacts WHERE id = $1))
        THEN one || '{"name": "[erased]", "position": null}' ELSE one END)
    FROM jsonb_array_elements(signatories) one), '[]')"#;

/// The terms that an amendment replaced, without the contact among those who signed.
const OTHER_FORMER_SIGNATORIES: &str = r#"jsonb_set(former_terms, '{signatories}', coalesce((
    SELECT jsonb_agg(CASE WHEN lower(one ->> 'name') = lower((SELECT name FROM contacts WHERE id = $1))
        THEN one || '{"name": "[erased]", "position": null}' ELSE one END)
    FROM jsonb_array_elements(former_terms -> 'signatories') one), '[]'))"#;

const AUDIT_OF_CLIENT: &str = "id IN (
    SELECT id FROM audit_events WHERE client_id = $1
        OR client_id IN (SELECT merged_id FROM client_merges WHERE survivor_id = $1 AND undone_at IS NULL)
    UNION SELECT id FROM audit_events WHERE resource = 'access_requests'
        AND resource_id IN (SELECT id FROM access_requests WHERE client_id = $1)
    UNION SELECT id FROM audit_events WHERE resource = 'client_duplicates'
        AND resource_id IN (SELECT id FROM client_duplicates WHERE client_id = $1 OR other_id = $1))";

const AUDIT_OF_CONTACT: &str = "id IN (
    SELECT id FROM audit_events WHERE resource = 'contacts' AND resource_id = $1
    UNION SELECT id FROM audit_events WHERE resource = 'interactions' AND resource_id IN (
        SELECT id FROM interactions WHERE contact_id = $1
        UNION SELECT resource_id FROM audit_events
        WHERE client_id = (SELECT client_id FROM contacts WHERE id = $1) AND resource = 'interactions'
            AND $1::text IN (changes #>> '{contact_id,from}', changes #>> '{contact_id,to}'))
    UNION SELECT id FROM audit_events
    WHERE client_id = (SELECT client_id FROM contacts WHERE id = $1) AND resource = 'contracts' AND EXISTS (
        SELECT FROM jsonb_path_query(personal, '$.signatories.*[*].name') one
        WHERE lower(one #>> '{}') = lower((SELECT name FROM contacts WHERE id = $1))))";

/// The tables that tell of a contact.
pub static OF_CONTACT: [Place; 3] = [
    Place {
        personal: &[("signatories", OTHER_SIGNATORIES), ("former_terms", OTHER_FORMER_SIGNATORIES)],
        is_resource: true,
        shown: &["id", "number", "title", "status", "signed_on", "signatories"],
        ..Place::of("contracts", SIGNED, CONTRACTS_OF_CONTACT)
    },
    Place {
        personal: OF_INTERACTIONS,
        besides: WITH_INTERACTIONS,
        is_resource: true,
        ..Place::of("interactions", INTERACTIONS, INTERACTIONS_OF_CONTACT)
    },
    Place {
        personal: OF_CONTACTS,
        besides: WITH_CONTACTS,
        is_resource: true,
        ..Place::of("contacts", PERSON, "id = $1")
    },
];

/// The tables that tell of a client. Persons at it are persons of their own: they are erased with it, and only their names and
/// positions are taken out with its data.
pub static OF_CLIENT: [Place; 14] = [
    Place {
        personal: &[("file_name", GONE), ("sample", "'[]'")],
        shown: &["id", "created_at"],
        ..Place::of("imports", IMPORTS, OF_IMPORTS)
    },
    Place {
        personal: &[("cells", "'[]'"), ("keys", "'[]'"), ("notes", "'[]'")],
        shown: &["line", "cells"],
        ..Place::of("import_rows", IMPORTED, IMPORTED_ROWS)
    },
    Place { personal: &[("reason", "NULL"), ("note", "NULL")], ..Place::of("client_owners", OWNERS, "client_id = $1") },
    Place {
        personal: &[("allowed_because", "NULL")],
        ..Place::of("client_duplicates", DUPLICATES, "(client_id = $1 OR other_id = $1)")
    },
    Place {
        personal: &[("reason", GONE), ("answer", "NULL")],
        ..Place::of("access_requests", ACCESS_REQUESTS, "client_id = $1")
    },
    Place {
        // A merge cannot be undone when nothing is kept of the client that was given up.
        personal: &[("merged_name", GONE), ("reason", "NULL"), ("kept", "'{}'"), ("changed", "'{}'")],
        shown: &["id", "created_at", "merged_name", "reason"],
        ..Place::of("client_merges", MERGES, "survivor_id = $1")
    },
    Place { personal: &[("reason", "NULL")], ..Place::of("contract_events", CONTRACT_EVENTS, "client_id = $1") },
    Place { personal: &[("reason", "NULL")], ..Place::of("order_events", ORDER_EVENTS, "client_id = $1") },
    Place::of("order_lines", ORDER_LINES, "order_id IN (SELECT id FROM orders WHERE client_id = $1)"),
    Place {
        personal: &[
            ("comment", "NULL"),
            ("return_reason", "NULL"),
            ("question", "NULL"),
            ("cancellation", "NULL"),
            ("custom_fields", "custom_without_personal('orders', custom_fields)"),
        ],
        is_resource: true,
        ..Place::of("orders", ORDERS, "client_id = $1")
    },
    Place {
        personal: &[
            ("title", GONE),
            ("payment_terms", "NULL"),
            ("signatories", "'[]'"),
            ("former_terms", "NULL"),
            ("return_reason", "NULL"),
            ("custom_fields", "custom_without_personal('contracts', custom_fields)"),
        ],
        is_resource: true,
        ..Place::of("contracts", CONTRACTS, "client_id = $1")
    },
    Place {
        personal: OF_INTERACTIONS,
        besides: WITH_INTERACTIONS,
        is_resource: true,
        ..Place::of("interactions", INTERACTIONS, "client_id = $1")
    },
    Place {
        personal: OF_CONTACTS,
        besides: WITH_CONTACTS,
        is_resource: true,
        shown: &["id", "name", "job_title"],
        ..Place::of("contacts", CONTACTS, "client_id = $1")
    },
    Place {
        personal: &[
            ("name", GONE),
            ("legal_name", "NULL"),
            ("tax_id", "NULL"),
            ("kpp", "NULL"),
            ("registration_number", "NULL"),
            ("foreign_ids", "'[]'"),
            ("bank_accounts", "'[]'"),
            ("source", "NULL"),
            ("email", "NULL"),
            ("other_emails", "'[]'"),
            ("phone", "NULL"),
            ("other_phones", "'[]'"),
            ("messengers", "'[]'"),
            ("address", "NULL"),
            ("website", "NULL"),
            ("tags", "'{}'"),
            ("external_ids", "'[]'"),
            ("confidential_note", "NULL"),
            ("custom_fields", "custom_without_personal('clients', custom_fields)"),
            ("confidential_custom_fields", "custom_without_personal('clients', confidential_custom_fields)"),
        ],
        besides: &[("archived_from", "coalesce(archived_from, status)"), ("status", "'archived'"), ("erased_at", "$2")],
        is_resource: true,
        ..Place::of("clients", CLIENTS, "id = $1")
    },
];
