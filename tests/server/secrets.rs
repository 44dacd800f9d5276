//! Replacing the master secret, as an operator does it.

use std::{fs, path::Path, process::Command};

use crate::process::{DataDir, Server};

const SUPERVISOR: &str = "supervisor@liaison.example";

/// Runs a command. Returns whether it succeeded, and what it printed.
fn liaison(arguments: &[&str], folder: &Path) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_liaison"))
        .args(arguments)
        .args(["--log", "warn", "--data-dir"])
        .arg(folder)
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

/// ASVS 11.2.2: replacing the secret of the data folder, as SECURITY.md describes it.
#[test]
fn the_secret_of_a_data_folder_is_replaced() {
    let folder = DataDir::new();
    let (current, former) = (folder.0.join("secret.key"), folder.0.join("former-secret.key"));
    let first = Server::start(&folder.0, &[]);
    let password = first.printed_password(SUPERVISOR).unwrap();
    let token = first.sign_in(SUPERVISOR, &password);
    first.stop();

    fs::rename(&current, &former).unwrap();
    let second = Server::start(&folder.0, &[]);
    assert_eq!(second.get("/v1/me", &token)["email"], SUPERVISOR, "nobody is signed out");
    // The server is still running.
    let (well, told) = liaison(&["secrets", "reseal"], &folder.0);
    assert!(well && told.contains("signing keys: 1 sealed anew") && told.contains("no other is needed"), "{told}");
    assert_eq!(second.get("/v1/me", &token)["email"], SUPERVISOR);
    let kept = fs::read(&former).unwrap();
    fs::remove_file(&former).unwrap();
    second.stop();

    let third = Server::start(&folder.0, &[]);
    assert_eq!(third.get("/v1/me", &token)["email"], SUPERVISOR);
    third.sign_in(SUPERVISOR, &password);
    let (well, told) = liaison(&["audit", "verify"], &folder.0);
    assert!(well, "{told}");
    third.stop();

    fs::write(&current, &kept).unwrap();
    let (well, told) = liaison(&["serve", "--listen", "127.0.0.1:0"], &folder.0);
    assert!(!well && told.contains("another master secret"), "{told}");
    assert!(!folder.has_running_postgres());
}
