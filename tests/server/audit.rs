//! `liaison audit verify`, as an operator runs it.

use std::{path::Path, process::Command, time::Duration};

use crate::process::{DataDir, Server};

const SUPERVISOR: &str = "supervisor@liaison.example";

/// Runs the verification. Returns whether it succeeded, and what it printed.
fn verify(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_liaison"))
        .args(["audit", "verify", "--log", "warn", "--data-dir"])
        .arg(folder)
        .args(arguments)
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

/// What the verification prints once everything is sealed.
fn sealed(folder: &Path) -> String {
    for _ in 0..100 {
        let (well, told) = verify(folder, &[]);
        assert!(well, "{told}");
        if told.contains(" 0 events wait for a seal.") {
            return told;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("something still waits for its seal");
}

#[test]
fn the_log_of_a_running_server_is_sealed_and_verified() {
    let folder = DataDir::new();
    let server = Server::start(&folder.0, &[]);
    let password = server.printed_password(SUPERVISOR).unwrap();
    server.sign_in(SUPERVISOR, &password);
    let told = sealed(&folder.0);
    let head = told.split("The head is ").nth(1).unwrap().trim().to_owned();
    assert!(!head.starts_with("0:"), "nothing was sealed: {told}");
    server.stop();

    assert!(verify(&folder.0, &["--head", &head]).0);
    let beyond = format!("1000000:{}", head.split(':').nth(1).unwrap());
    let (well, told) = verify(&folder.0, &["--head", &beyond]);
    assert!(!well && told.contains("tail_cut seal 1000000"), "{told}");
    // The server has noted the head itself: of a folder that has seen more, the log is found cut.
    let noted = std::fs::read_to_string(folder.0.join("audit-head")).unwrap();
    let chain = noted.split(' ').next().unwrap();
    std::fs::write(folder.0.join("audit-head"), format!("{chain} {beyond}\n")).unwrap();
    let (well, told) = verify(&folder.0, &[]);
    assert!(!well && told.contains("tail_cut seal 1000000"), "{told}");
    std::fs::write(folder.0.join("audit-head"), noted).unwrap();
    let (well, told) = verify(&folder.0, &["--head", "nonsense"]);
    assert!(!well && told.contains("--head"), "{told}");
    assert!(!folder.has_running_postgres());
}
