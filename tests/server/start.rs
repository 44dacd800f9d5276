//! What a start checks before it makes anything, and starts that come together.

use std::{
    net::TcpListener,
    process::{Command, Stdio},
    thread,
};

use crate::process::{DataDir, Server};

#[test]
fn a_taken_port_is_told_before_anything_is_made_or_printed() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (setting, other) in [("--listen", "--metrics-listen"), ("--metrics-listen", "--listen")] {
        let folder = DataDir::new();
        let output = Command::new(env!("CARGO_BIN_EXE_liaison"))
            .args([setting, &address, other, "127.0.0.1:0", "--data-dir"])
            .arg(&folder.0)
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let variable = setting.trim_start_matches("--").replace('-', "_").to_uppercase();
        assert!(!output.status.success(), "{setting}");
        assert!(told.contains(&format!("{setting} (LIAISON_{variable}) is `{address}`: ")), "{told}");
        assert!(told.contains("another port"), "{told}");
        assert!(output.stdout.is_empty() && !folder.0.exists(), "{setting}: {told}");
    }
}

#[test]
fn two_first_starts_with_the_demonstration_on_one_folder_both_serve() {
    let folder = DataDir::new();
    let starters: Vec<_> = (0..2)
        .map(|_| {
            let folder = folder.0.clone();
            thread::spawn(move || Server::start(&folder, &["--demo"]))
        })
        .collect();
    let servers: Vec<Server> = starters.into_iter().map(|starter| starter.join().unwrap()).collect();
    let printed = servers.iter().filter_map(|server| server.printed_password("northwind.example"));
    let passwords: Vec<String> = printed.collect();
    assert_eq!(passwords.len(), 1, "one of them loaded the company");
    for server in &servers {
        let token = server.sign_in("andrew.fuller@northwind.example", &passwords[0]);
        assert_eq!(server.get("/v1/clients?limit=1&total=true", &token)["total"], 91);
    }
    servers.into_iter().for_each(Server::stop);
}
