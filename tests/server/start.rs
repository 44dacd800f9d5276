//! What a start checks before it makes anything, and what is left of one that is broken off.

use std::{
    fs,
    net::TcpListener,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::process::{DataDir, Server, Start};

/// The most time until the processes of a start that was broken off are gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// The command lines of the processes that name `folder`.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let lines = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    lines.filter(|line| line.contains(folder)).collect()
}

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

/// Starts a server and asks it to end `after` that.
fn break_off(folder: &DataDir, after: Duration) {
    let start = Start { data_dir: &folder.0, database_url: None, log: "warn", arguments: &["--demo"] };
    let mut child = start.command().stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    thread::sleep(after);
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    let status = child.wait().unwrap();
    assert!(status.success() || status.signal() == Some(Signal::SIGTERM as i32), "after {after:?}: {status}");
    let ended = Instant::now();
    while !processes_of(&folder.0).is_empty() {
        assert!(ended.elapsed() < PATIENCE, "after {after:?}: {:?}", processes_of(&folder.0));
        thread::sleep(Duration::from_millis(10));
    }
    assert!(!folder.has_running_postgres(), "after {after:?}");
    let unfinished = fs::read_dir(&folder.0)
        .into_iter()
        .flatten()
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with("postgres-unfinished"));
    assert!(unfinished.is_none(), "after {after:?}: {unfinished:?}");
}

#[test]
fn a_signal_during_a_first_start_leaves_no_postgres() {
    for tenths in [2, 4, 6, 8, 10, 13, 16, 20] {
        break_off(&DataDir::new(), Duration::from_millis(100 * tenths));
    }
}

#[test]
fn a_signal_during_a_later_start_leaves_no_postgres_and_the_next_start_serves() {
    let folder = DataDir::new();
    Server::start(&folder.0, &[]).stop();
    for hundredths in [3, 6, 10, 15, 20, 30] {
        break_off(&folder, Duration::from_millis(10 * hundredths));
    }
    Server::start(&folder.0, &[]).stop();
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
