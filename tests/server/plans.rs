//! How many rows Postgres looks at for each documented filter and order of clients and contacts, among many made-up ones. What
//! it does it tells itself, in its log (`auto_explain`).

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio_postgres::NoTls;

use crate::{
    process::{DataDir, Server},
    seed::{PASSWORD, seed},
};

/// How many clients there are. Postgres plans for them as for a large table.
const CLIENTS: i64 = 15_000;
/// How many rows a page of 50 may take. Who walks through the table for a rare value takes all.
const MOST: i64 = CLIENTS / 5;

const SUPERVISOR: &str = "supervisor@seed.example";

/// The tables that grow with the business.
const TABLES: [&str; 4] = ["clients", "contacts", "client_owners", "custom_values"];

/// Parameters that choose no rows.
const NO_FILTERS: [&str; 8] = ["cursor", "custom_sort", "fields", "include", "limit", "sort", "total", "view_id"];

/// Each statement tells its plan in the log, with the rows that it took.
const EXPLAIN: &str = "ALTER DATABASE liaison SET session_preload_libraries = 'auto_explain';
    ALTER DATABASE liaison SET auto_explain.log_min_duration = 0;
    ALTER DATABASE liaison SET auto_explain.log_analyze = on;
    ALTER DATABASE liaison SET auto_explain.log_timing = off;
    ALTER DATABASE liaison SET auto_explain.log_format = 'json'";

/// Some values are rare, so that only an index finds them.
const PREPARE: &str = "UPDATE clients SET industry = 'Rarest', source = 'Rarest', tags = '{rarest}', address = '{\"city\": \"Rarest\", \"country\": \"FJ\"}',
        other_phones = '[]', lost_reason_id = NULL WHERE id IN (SELECT id FROM clients ORDER BY created_at LIMIT 3);
    UPDATE clients SET custom_fields = jsonb_build_object('beds', (employees % 50)::text) WHERE employees IS NOT NULL;
    ANALYZE clients; ANALYZE custom_values";

fn run(folder: &Path, statements: &str) {
    let url = format!("postgres://liaison@/liaison?host={}", folder.join("socket").display());
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(statements).await.unwrap();
    });
}

/// The values of a filter, of which one is rare. Whoever adds a filter says here how it is tried.
fn values(parameter: &str, client: &Value) -> Vec<String> {
    let of_client = |member: &str| vec![client[member].as_str().unwrap().to_owned()];
    let fixed = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    match parameter {
        "status" => fixed(&["active", "archived", "lost"]),
        "kind" => fixed(&["organization", "person"]),
        "is_key" | "has_next_interaction" | "is_primary" | "is_retired" => fixed(&["true", "false"]),
        "decision_role" => fixed(&["decision_maker"]),
        "tag" => fixed(&["rarest"]),
        "industry" | "source" | "city" => fixed(&["Rarest"]),
        "country" => fixed(&["FJ", "RU"]),
        "external_source" | "external_id" => fixed(&["erp"]),
        "client_id" | "lost_reason_id" | "parent_id" => of_client("id"),
        "id" | "owner_id" | "team_id" => of_client(parameter),
        "tax_id" => fixed(&["7707083893"]),
        "phone" => fixed(&["+74951234567"]),
        "email" => fixed(&["nobody@rarest.example"]),
        "custom_field" => fixed(&["beds=7", "beds>=100", "beds<1"]),
        "q" => fixed(&["Rarest", "zzzzqqqq"]),
        moment if moment.ends_with("_from") || moment.ends_with("_since") => {
            fixed(&["2150-01-01T00:00:00Z", "1950-01-01T00:00:00Z"])
        }
        moment if moment.ends_with("_to") => fixed(&["1950-01-01T00:00:00Z", "2150-01-01T00:00:00Z"]),
        unknown => panic!("say how the filter {unknown} is tried"),
    }
}

/// The documented filters of a list, and its orders.
fn documented(document: &Value, list: &str) -> (Vec<String>, Vec<String>) {
    let resolved = |value: &Value| match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap().clone(),
        None => value.clone(),
    };
    let parameters: Vec<Value> =
        document["paths"][list]["get"]["parameters"].as_array().unwrap().iter().map(resolved).collect();
    let in_query = parameters.iter().filter(|parameter| parameter["in"] == "query");
    let names: Vec<String> = in_query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect();
    let sort = parameters.iter().find(|parameter| parameter["name"] == "sort").unwrap();
    let orders = resolved(&sort["schema"])["enum"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order.as_str().unwrap().to_owned())
        .collect();
    (names.into_iter().filter(|name| !NO_FILTERS.contains(&name.as_str())).collect(), orders)
}

/// The plans that were logged after the first `from` bytes.
fn plans(log: &Path, from: u64) -> Vec<Value> {
    let mut file = File::open(log).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    let mut log = String::new();
    file.read_to_string(&mut log).unwrap();
    let parts = log.split("plan:\n").skip(1);
    parts.filter_map(|part| serde_json::Deserializer::from_str(part).into_iter().next()?.ok()).collect()
}

/// How many rows of large tables a plan takes, and the tables that it goes through from one end to the other.
fn taken(node: &Value) -> (i64, Vec<String>) {
    let count = |name: &str| node[name].as_f64().unwrap_or_default();
    let (mut rows, mut whole) = (0, Vec::new());
    if let Some(table) = node["Relation Name"].as_str().filter(|table| TABLES.contains(table)) {
        let each = count("Actual Rows") + count("Rows Removed by Filter") + count("Rows Removed by Index Recheck");
        #[expect(clippy::cast_possible_truncation, reason = "counts of rows are small")]
        let all = (each * count("Actual Loops")) as i64;
        rows += all;
        if node["Node Type"] == "Seq Scan" {
            whole.push(table.to_owned());
        }
    }
    for part in node["Plans"].as_array().into_iter().flatten() {
        let (more, others) = taken(part);
        rows += more;
        whole.extend(others);
    }
    (rows, whole)
}

/// A base of made-up clients whose Postgres tells its plans.
fn prepared() -> DataDir {
    let folder = DataDir::new();
    let (well, printed, told) = seed(&folder, &["--clients", &CLIENTS.to_string()]);
    assert!(well, "{printed}{told}");
    let server = Server::start(&folder.0, &[]);
    let token = server.sign_in(SUPERVISOR, PASSWORD);
    for resource in ["clients", "contacts"] {
        let field = json!({"resource": resource, "name": "beds", "kind": "number", "label_en": "Beds", "label_ru": "Койки",
            "is_indexed": true});
        assert_eq!(server.post("/v1/custom-fields", &token, &field), 201);
    }
    run(&folder.0, PREPARE);
    run(&folder.0, EXPLAIN);
    server.stop();
    folder
}

/// The queries that `who` asks a list, each filter and each order by itself.
fn queries(document: &Value, list: &str, who: &str, client: &Value) -> Vec<String> {
    let (filters, orders) = documented(document, list);
    let filtered = |name: &String| {
        let values = values(name, client).into_iter();
        values.map(|value| format!("{name}={}", encoded(&value))).collect::<Vec<_>>()
    };
    let mut queries: Vec<String> = filters.iter().flat_map(filtered).collect();
    queries.extend(orders.iter().map(|order| format!("sort={order}")));
    // A reach of a few rows is sorted as a whole, or searched for in the order: which of it is the planner's choice.
    if who == SUPERVISOR {
        queries.extend(["custom_sort=beds".to_owned(), "custom_sort=-beds".to_owned()]);
    }
    queries
}

#[test]
fn each_filter_and_each_order_is_behind_an_index() {
    let folder = prepared();
    let log = folder.0.join("postgres.log");
    let server = Server::start(&folder.0, &["--requests-per-minute", "off"]);
    let document = server.get("/openapi.json", &server.sign_in(SUPERVISOR, PASSWORD));
    let mut wrong = Vec::new();
    for who in [SUPERVISOR, "user0@seed.example", "user7@seed.example"] {
        let token = server.sign_in(who, PASSWORD);
        let client = server.get("/v1/clients?limit=1&sort=created_at", &token)["data"][0].clone();
        for list in ["/v1/clients", "/v1/contacts"] {
            for query in queries(&document, list, who, &client) {
                let mut address = format!("{list}?{query}");
                // The first page, and the one behind it.
                for _ in 0..2 {
                    let before = fs::metadata(&log).unwrap().len();
                    let page = server.get(&address, &token);
                    for plan in plans(&log, before) {
                        let (rows, whole) = taken(&plan["Plan"]);
                        if rows > MOST || !whole.is_empty() {
                            wrong.push(format!("{who} {address}: {rows} rows, whole {whole:?}"));
                        }
                    }
                    let Some(next) = page["next_cursor"].as_str() else { break };
                    address = format!("{list}?{query}&cursor={next}");
                }
            }
        }
    }
    server.stop();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn encoded(value: &str) -> String {
    value.replace('%', "%25").replace('+', "%2B").replace(' ', "%20").replace('>', "%3E").replace('<', "%3C")
}
