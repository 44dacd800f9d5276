//! What is measured: each operation as one request with slots, which wrk, pgbench and single trial requests all fill.

use crate::plan::{DRAFTS, PGBENCH_DRAFTS, Plan, READERS, SYLLABLES, WRITERS};

/// The first number of rows, so that all have twelve digits.
const FIRST: u64 = 100_000_000_000;
/// The supervisor's number among the users.
pub const SUPERVISOR: u32 = 900_000;

/// An operation that a caller does.
#[derive(Debug)]
pub struct Operation {
    /// Its short name, for `--only`.
    pub name: &'static str,
    /// Its name in the tables.
    pub title: &'static str,
    /// What is drawn for each request.
    pub draw: Draw,
    /// Method and path, with slots in braces.
    pub line: &'static str,
    /// Further headers.
    pub headers: &'static str,
    /// The JSON body.
    pub body: &'static str,
    /// A query that counts the rows that the operation has written so far.
    pub written: Option<&'static str>,
}

/// What is drawn for each request: which user, and which row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// Any client of a reader.
    Own,
    /// A client of a reader with many interactions.
    Busy,
    /// A writer.
    Writer,
    /// A client of a writer; no two requests at a time use the same one.
    Changed,
    /// A draft of a writer; each is used once.
    Draft,
}

/// Everything that is measured, in the order of the tables.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "get",
        title: "get a client by id",
        draw: Draw::Own,
        line: "GET /v1/clients/{client}",
        headers: "",
        body: "",
        written: None,
    },
    Operation {
        name: "list",
        title: "list 50 own clients, newest change first",
        draw: Draw::Own,
        line: "GET /v1/clients?limit=50",
        headers: "",
        body: "",
        written: None,
    },
    Operation {
        name: "filter",
        title: "list 50 active organisations by name",
        draw: Draw::Own,
        line: "GET /v1/clients?limit=50&status=active&kind=organization&sort=name",
        headers: "",
        body: "",
        written: None,
    },
    Operation {
        name: "search",
        title: "search clients by a fragment, 20 best",
        draw: Draw::Own,
        line: "GET /v1/clients?limit=20&q={word}",
        headers: "",
        body: "",
        written: None,
    },
    Operation {
        name: "everywhere",
        title: "search clients, contacts, products, contracts, orders and interactions at once",
        draw: Draw::Own,
        line: "GET /v1/search?q={word}",
        headers: "",
        body: "",
        written: None,
    },
    Operation {
        name: "screen",
        title: "a client with all that its page shows",
        draw: Draw::Busy,
        line: "GET /v1/clients/{client}?include=owner,contacts,account_team,open_interactions,last_interactions,contracts,orders,totals",
        headers: "",
        body: "",
        written: None,
    },
    Operation {
        name: "due",
        title: "list 50 own clients, next interaction first",
        draw: Draw::Own,
        line: "GET /v1/clients?limit=50&has_next_interaction=true&sort=next_interaction_at",
        headers: "",
        body: "",
        written: None,
    },
    Operation {
        name: "summary",
        title: "count own clients by city",
        draw: Draw::Own,
        line: "GET /v1/clients/summary?by=city",
        headers: "",
        body: "",
        written: None,
    },
    Operation {
        name: "timeline",
        title: "a client's timeline, 50 entries",
        draw: Draw::Busy,
        line: "GET /v1/clients/{client}/timeline?limit=50",
        headers: "",
        body: "",
        written: None,
    },
    Operation {
        name: "create",
        title: "create a client (audit, event, idempotency key)",
        draw: Draw::Writer,
        line: "POST /v1/clients",
        headers: "Idempotency-Key: bench-{unique}\r\n",
        body: r#"{"kind":"organization","name":"Bench {unique}","legal_name":"OOO Bench","kpp":"773601001","website":"https://bench-{unique}.example/","email":"office@bench-{unique}.example","address":{"street":"Lenina 1","city":"Moscow","postal_code":"101000","country":"RU"},"employees":120,"language":"ru","timezone":"Europe/Moscow","tags":["wholesale"]}"#,
        written: Some("SELECT count(*) FROM clients WHERE id > '01910000-0000-7000-8000-000000000000'"),
    },
    Operation {
        name: "patch",
        title: "change a client (If-Match, audit, event)",
        draw: Draw::Changed,
        line: "PATCH /v1/clients/{client}",
        headers: "If-Match: {etag}\r\n",
        body: r#"{"phone":"+7499{digits}"}"#,
        written: Some(
            "SELECT coalesce(sum(version - 1), 0) FROM clients WHERE id < '01910000-0000-7000-8000-000000000000'",
        ),
    },
    Operation {
        name: "submit",
        title: "submit an order of ten lines",
        draw: Draw::Draft,
        line: "POST /v1/orders/{draft}/submit",
        headers: "If-Match: {etag}\r\n",
        body: "{}",
        written: Some(
            "SELECT count(*) FROM order_events WHERE id > '01910000-0000-7000-8000-000000000000' AND action = 'submitted'",
        ),
    },
];

/// The id of row `number` of a kind, as `data.sql` assigns it.
pub fn id(kind: &str, number: u32) -> String {
    format!("01900000-0000-7{kind}-8000-{}", FIRST + u64::from(number))
}

/// The values for the slots of one request.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The manager who sends the request.
    pub manager: u32,
    /// The client.
    pub client: u32,
    /// The draft.
    pub draft: u32,
    /// A text that no other request has.
    pub unique: String,
    /// Seven digits of a telephone number, different each time: an unchanged number would be no change.
    pub digits: String,
}

/// The word that the sample searches for: two syllables.
pub const WORD: &str = "karzen";

impl Draw {
    /// The values for the trial request `attempt`: its rows disturb neither wrk nor pgbench.
    pub fn sample(self, plan: &Plan, attempt: u32) -> Sample {
        let manager = match self {
            Self::Own | Self::Busy => 1,
            Self::Writer | Self::Changed => READERS + 1,
            Self::Draft => READERS + (DRAFTS - 1) % WRITERS + 1,
        };
        // All drafts are of the same manager, whom the server knows from the second trial on.
        let draft = DRAFTS - attempt * WRITERS;
        let client = match self {
            Self::Draft => manager + (draft - 1) / WRITERS % plan.each() * plan.managers,
            _ => manager + 25 * plan.managers,
        };
        let digits = (1_000_000 + (std::process::id() * 100 + attempt) % 9_000_000).to_string();
        Sample { manager, client, draft, unique: format!("77{digits}{attempt}"), digits }
    }

    /// Lua code that draws the values: it sets `m` (the manager), `n` (the row) and `etag`.
    pub fn lua(self, plan: &Plan) -> String {
        let (each, managers) = (plan.each(), plan.managers);
        let own = |factor: u32| {
            let most = each / factor - 1;
            format!("m = math.random(1, {READERS}); n = m + math.random(0, {most}) * {}", factor * managers)
        };
        match self {
            Self::Own => own(1),
            Self::Busy => own(25),
            Self::Writer => format!("m = math.random({}, {})", READERS + 1, READERS + WRITERS),
            Self::Changed | Self::Draft => "local item = take(); m, n, etag = item.m, item.n, item.etag".to_owned(),
        }
    }

    /// The variables and expressions of pgbench's `\set` lines. No two of pgbench's clients change the same row at
    /// once.
    pub fn pgbench(self, plan: &Plan) -> Vec<(&'static str, String)> {
        let (each, managers) = (plan.each(), plan.managers);
        let mut lines = vec![];
        let reader = format!("random(1, {READERS})");
        match self {
            Self::Own => {
                lines.push(("m", reader));
                lines.push(("n", format!(":m + random(0, {}) * {managers}", each - 1)));
            }
            Self::Busy => {
                lines.push(("m", reader));
                lines.push(("n", format!(":m + random(0, {}) * {}", each / 25 - 1, 25 * managers)));
            }
            Self::Writer => lines.push(("m", format!("random({}, {})", READERS + 1, READERS + WRITERS))),
            Self::Changed => {
                // pgbench uses the upper half of each writer's clients, because it writes one client's values into all
                // of them. wrk uses the lower half.
                let share = each / 2 / 8;
                lines.push(("m", format!("{} + :client_id % {WRITERS}", READERS + 1)));
                lines.push((
                    "n",
                    format!(
                        ":m + ({} + :client_id / {WRITERS} * {share} + random(0, {})) * {managers}",
                        each / 2,
                        share - 1
                    ),
                ));
            }
            Self::Draft => {
                let (first, share) = (DRAFTS - PGBENCH_DRAFTS + 1, PGBENCH_DRAFTS / 256);
                lines.push(("d", format!("{first} + :client_id * {share} + random(0, {})", share - 1)));
                lines.push(("m", format!("{READERS} + (:d - 1) % {WRITERS} + 1")));
                lines.push(("n", format!(":m + (:d - 1) / {WRITERS} % {each} * {managers}")));
                lines.push(("draft", format!("{FIRST} + :d")));
            }
        }
        lines.push(("manager", format!("{FIRST} + :m")));
        lines.push(("team", format!("{FIRST} + (:m - 1) / 10 + 1")));
        lines.push(("client", format!("{FIRST} + :n")));
        lines.push(("a", "random(0, 39)".to_owned()));
        lines.push(("b", "random(0, 39)".to_owned()));
        lines.push(("digits", "random(1000000, 9999999)".to_owned()));
        lines
    }

    /// The rows that wrk may use in only one request at a time: manager, number and version.
    pub fn items(self, plan: &Plan) -> Option<String> {
        match self {
            Self::Own | Self::Busy | Self::Writer => None,
            Self::Changed => Some(format!(
                "SELECT {READERS} + m, {READERS} + m + k * {managers}, version \
                 FROM generate_series(1, {WRITERS}) m CROSS JOIN generate_series(0, {half} - 1) k \
                 JOIN clients ON id = ('{prefix}' || ({FIRST} + {READERS} + m + k * {managers}))::uuid ORDER BY random()",
                managers = plan.managers,
                half = plan.each() / 2,
                prefix = prefix("003"),
            )),
            Self::Draft => Some(format!(
                "SELECT {READERS} + (d - 1) % {WRITERS} + 1, d, version \
                 FROM generate_series(1, {last}) d \
                 JOIN orders ON id = ('{prefix}' || ({FIRST} + d))::uuid WHERE status = 'draft' ORDER BY d",
                last = DRAFTS - PGBENCH_DRAFTS,
                prefix = prefix("012"),
            )),
        }
    }
}

impl Sample {
    /// For each value of the sample that is an identifier: the SQL expression that replaces it in pgbench's script.
    pub fn exact(&self) -> Vec<(String, String)> {
        let of = |kind: &str, number: u32, variable: &str| {
            (id(kind, number), format!("('{}' || :{variable})::uuid", prefix(kind)))
        };
        vec![
            of("003", self.client, "client"),
            of("002", self.manager, "manager"),
            of("001", (self.manager - 1) / 10 + 1, "team"),
            of("012", self.draft, "draft"),
        ]
    }

    /// The same for values of the sample that are parts of texts.
    pub fn parts(&self) -> Vec<(String, String)> {
        let syllable = |variable: &str| format!("substr('{SYLLABLES}', :{variable} * 3 + 1, 3)");
        vec![
            (format!("D-{}", FIRST + u64::from(self.draft)), "'D-' || :draft".to_owned()),
            (self.unique.clone(), ":seed || :unique".to_owned()),
            (WORD.to_owned(), format!("{} || {}", syllable("a"), syllable("b"))),
            (self.digits.clone(), ":digits".to_owned()),
        ]
    }
}

fn prefix(kind: &str) -> String {
    format!("01900000-0000-7{kind}-8000-")
}
