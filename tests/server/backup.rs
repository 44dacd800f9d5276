//! `liaison backup` and `liaison restore`, as an operator runs them.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use serde_json::{Value, json};

use crate::process::{DataDir, Server};

const SUPERVISOR: &str = "supervisor@liaison.example";
const OWN_PASSWORD: &str = "seven plums in a paper bag";

/// Runs a command. Returns whether it succeeded, and what it printed.
fn liaison(command: &str, file: &Path, folder: &Path) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_liaison"))
        .arg(command)
        .arg(file)
        .args(["--log", "warn", "--data-dir"])
        .arg(folder)
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

fn clients(server: &Server, token: &str) -> Value {
    server.get("/v1/clients?total=true&limit=1", token)["total"].clone()
}

/// Signs in as the supervisor, who chooses another password than the printed one.
fn first_sign_in(server: &Server) -> String {
    let printed = server.printed_password(SUPERVISOR).unwrap();
    let change = json!({"current_password": printed, "new_password": OWN_PASSWORD});
    assert_eq!(server.put("/v1/me/password", &server.sign_in(SUPERVISOR, &printed), &change), 204);
    server.sign_in(SUPERVISOR, OWN_PASSWORD)
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_backup_of_a_server_at_work_is_restored_into_an_empty_folder() {
    let (folder, away) = (DataDir::new(), DataDir::new());
    fs::create_dir_all(&away.0).unwrap();
    let file = away.0.join("liaison.backup");
    let server = Server::start(&folder.0, &["--requests-per-minute=off"]);
    let token = first_sign_in(&server);
    let create = |name: &str| server.post("/v1/clients", &token, &json!({"kind": "organization", "name": name}));
    for number in 0..20 {
        assert_eq!(create(&format!("Before {number}")), 201);
    }

    // The backup is made while clients are created.
    let done = AtomicBool::new(false);
    let made_meanwhile = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut made = 0;
            while !done.load(Ordering::Relaxed) {
                assert_eq!(create(&format!("Meanwhile {made}")), 201);
                made += 1;
            }
            made
        });
        let (well, told) = liaison("backup", &file, &folder.0);
        done.store(true, Ordering::Relaxed);
        assert!(well && told.contains("keep it as a secret"), "{told}");
        writer.join().unwrap()
    });
    assert!(made_meanwhile > 0);
    assert_eq!(mode(&file), 0o600);
    assert_eq!(fs::read_dir(&away.0).unwrap().count(), 1, "no draft is left");
    let before = fs::read(&file).unwrap();
    let (well, told) = liaison("backup", &file, &folder.0);
    assert!(!well && told.contains("exists already"), "{told}");
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(create("After"), 201);
    let all = clients(&server, &token).as_i64().unwrap();
    server.stop();

    let (well, told) = liaison("restore", &file, &folder.0);
    assert!(!well && told.contains("is not empty"), "{told}");
    let elsewhere = away.0.join("data");
    let (well, told) = liaison("restore", &file, &elsewhere);
    assert!(well && told.contains("events verified") && told.contains("is restored"), "{told}");
    assert_eq!(mode(&elsewhere.join("secret.key")), 0o600);

    let restored = Server::start(&elsewhere, &[]);
    assert_eq!(restored.printed_password(SUPERVISOR), None);
    assert_eq!(restored.get("/v1/me", &token)["email"], SUPERVISOR, "nobody is signed out");
    let token = restored.sign_in(SUPERVISOR, OWN_PASSWORD);
    let there = clients(&restored, &token).as_i64().unwrap();
    assert!((20..all).contains(&there), "{there} of {all}");
    assert_eq!(restored.post("/v1/clients", &token, &json!({"kind": "organization", "name": "New"})), 201);
    restored.stop();
    let (well, told) = liaison("restore", &file, &elsewhere);
    assert!(!well && told.contains("is not empty"), "{told}");
}

#[test]
fn what_is_no_backup_is_refused_and_leaves_nothing() {
    let away = DataDir::new();
    fs::create_dir_all(&away.0).unwrap();
    let (file, data) = (away.0.join("other"), away.0.join("data"));
    fs::write(&file, "something else").unwrap();
    let (well, told) = liaison("restore", &file, &data);
    assert!(!well && told.contains("the backup ") && told.contains("other"), "{told}");
    let (well, told) = liaison("restore", &away.0.join("missing"), &data);
    assert!(!well && told.contains("missing") && told.contains("No such file"), "{told}");
    assert!(!data.exists());
    let (well, told) = liaison("backup", &away.0.join("new"), &data);
    assert!(!well && told.contains("has no master secret"), "{told}");
    assert!(!data.exists() && !away.0.join("new").exists());
}
