//! `liaison seed --clients`, as an operator runs it.

use std::{collections::BTreeSet, process::Command};

use crate::process::{DataDir, Server};

pub const PASSWORD: &str = "seven plums in a paper bag";

pub fn seed(folder: &DataDir, arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_liaison"));
    command.args(["seed", "--log", "warn", "--data-dir"]).arg(&folder.0).args(arguments);
    let output = command.env_remove("DATABASE_URL").env("LIAISON_DEMO_PASSWORD", PASSWORD).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn made_up_clients_are_loaded_and_found() {
    let folder = DataDir::new();
    let truth = folder.0.with_extension("csv");
    let arguments = ["--clients", "2000", "--duplicates", "5%", "--truth", truth.to_str().unwrap()];
    let (well, printed, told) = seed(&folder, &arguments);
    assert!(well && printed.contains("2000 clients with"), "{printed}{told}");
    let (well, _, told) = seed(&folder, &arguments);
    assert!(!well && told.contains("--more"), "{told}");
    let (well, printed, told) = seed(&folder, &["--clients", "100", "--seed", "2", "--more"]);
    assert!(well, "{printed}{told}");

    let mut file = csv::Reader::from_path(&truth).unwrap();
    let pairs: Vec<csv::StringRecord> = file.records().map(Result::unwrap).collect();
    std::fs::remove_file(&truth).unwrap();
    assert!((60..140).contains(&pairs.len()), "{}", pairs.len());
    let kinds: BTreeSet<&str> = pairs.iter().map(|pair| &pair[2]).collect();
    assert_eq!(kinds, BTreeSet::from(["email", "name", "phone", "tax_id"]));

    let server = Server::start(&folder.0, &[]);
    let token = server.sign_in("user0@seed.example", PASSWORD);
    let own = server.get("/v1/clients?limit=200&total=true&include=primary_contact", &token);
    assert!(own["total"].as_u64().unwrap() > 100, "{}", own["total"]);
    let first = &own["data"][0];
    let name = first["name"].as_str().unwrap();
    let found = server.get(&format!("/v1/clients?tax_id={}", tax_id(&own)), &token);
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    assert!(!name.is_empty());
    server.stop();
}

/// The taxpayer number of a client that has one: it is taken as right.
fn tax_id(clients: &serde_json::Value) -> &str {
    clients["data"].as_array().unwrap().iter().find_map(|client| client["tax_id"].as_str()).unwrap()
}
