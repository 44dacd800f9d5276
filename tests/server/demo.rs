//! The demonstration company, and the README's tour of it, exactly as printed.

use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::process::{DataDir, Server};

#[test]
fn the_tour_of_the_readme_works_as_printed() {
    let folder = DataDir::new();
    let server = Server::start(&folder.0, &["--demo"]);
    let password = server.printed_password("northwind.example").unwrap();
    sums_come_out_as_in_the_source(&server, &password);

    let printed = run(&tour(&server.address), &password);
    let (_, answers) = printed.split_once(": ").unwrap();
    let answers: Vec<Value> = serde_json::Deserializer::from_str(answers).into_iter().map(Result::unwrap).collect();
    let [call, handed_over] = answers.as_slice() else { panic!("not two answers: {printed}") };
    assert_eq!(call["status"], "done", "{call}");
    assert_eq!(call["next"]["status"], "planned", "{call}");
    assert_eq!(handed_over["status"], "handed_over", "{handed_over}");

    let token = server.sign_in("nancy.davolio@northwind.example", &password);
    let client = call["client_id"].as_str().unwrap();
    let timeline = server.get(&format!("/v1/clients/{client}/timeline?limit=10"), &token);
    let happened: Vec<(&str, &str)> = timeline["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["resource"].as_str().unwrap(), entry["action"].as_str().unwrap()))
        .collect();
    for expected in [("interactions", "done"), ("orders", "handed_over")] {
        assert!(happened.contains(&expected), "{expected:?} is not in {happened:?}");
    }
    server.stop();
}

fn sums_come_out_as_in_the_source(server: &Server, password: &str) {
    let token = server.sign_in("andrew.fuller@northwind.example", password);
    for (resource, count) in [("clients", 91), ("contacts", 89), ("products", 77), ("orders", 848), ("users", 10)] {
        let page = server.get(&format!("/v1/{resource}?limit=1&total=true"), &token);
        assert_eq!(page["total"], count, "{resource}");
    }
    let all = server.get("/v1/orders/summary?ordered_on_to=2000-01-01", &token);
    assert_eq!(net_total(&all), "1265793.04");
    for (external_id, expected) in [("QUICK", "110277.31"), ("ERNSH", "104874.98"), ("SAVEA", "104361.95")] {
        let found = server.get(&format!("/v1/clients?external_source=northwind&external_id={external_id}"), &token);
        let id = found["data"][0]["id"].as_str().unwrap();
        let summary = server.get(&format!("/v1/orders/summary?client_id={id}"), &token);
        assert_eq!(net_total(&summary), expected, "{external_id}");
    }
    let roles = server.get("/v1/users?limit=50", &token);
    let mut by_role: BTreeMap<&str, usize> = BTreeMap::new();
    for user in roles["data"].as_array().unwrap() {
        *by_role.entry(user["role"].as_str().unwrap()).or_default() += 1;
    }
    assert!(by_role.values().all(|count| *count > 0) && by_role.len() == 3, "{by_role:?}");
}

fn net_total(summary: &Value) -> &str {
    summary["currencies"][0]["net_total"].as_str().unwrap_or_else(|| panic!("no sum: {summary}"))
}

/// The shell commands after the README's mark `tour`, for another address.
fn tour(address: &str) -> String {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, rest) = readme.split_once("<!-- tour -->\n```sh\n").unwrap();
    let (tour, _) = rest.split_once("\n```").unwrap();
    assert_eq!(tour.matches("\n# ").count(), 5, "five steps");
    tour.replace("127.0.0.1:8080", address)
}

fn run(script: &str, password: &str) -> String {
    let mut shell =
        Command::new("sh").args(["-eu", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(shell.stdin.take().unwrap(), "{password}").unwrap();
    let output = shell.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
