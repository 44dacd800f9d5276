//! What others on the machine can do to a server and its files, and what the server itself could do to the machine.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    process::Command,
};

use nix::unistd::{Pid, User, geteuid};

use crate::process::{DataDir, Server, Start};

/// The capabilities that a server of root's keeps, by their numbers: `CHOWN`, `DAC_OVERRIDE`, `FOWNER`, `KILL`, `SETGID`,
/// `SETUID`, `NET_BIND_SERVICE`, `SYS_PTRACE`.
const KEPT: u64 = 1 | 1 << 1 | 1 << 3 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 10 | 1 << 19;

/// The value of a line of the process's status.
fn status(pid: Pid, line: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let found = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':'));
    found.unwrap().trim().to_owned()
}

fn mask(pid: Pid, line: &str) -> u64 {
    u64::from_str_radix(&status(pid, line), 16).unwrap()
}

#[test]
fn others_cannot_enter_the_data_folder_whatever_the_umask() {
    let folder = DataDir::new();
    let nested = folder.0.join("nested/data");
    let start = Start { data_dir: &nested, database_url: None, log: "warn", arguments: &[] };
    let plain = start.command();
    let mut careless = Command::new("/bin/sh");
    careless.args(["-c", r#"umask 0; exec "$0" "$@""#]).arg(plain.get_program()).args(plain.get_args());
    careless.env_remove("DATABASE_URL");
    let server = Server::of(careless);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    // Root lets the group of the user who runs Postgres pass, and nobody else.
    let expected = if geteuid().is_root() { 0o710 } else { 0o700 };
    assert_eq!(format!("{:o}", mode(&nested)), format!("{expected:o}"));
    assert_eq!(mode(nested.parent().unwrap()) & 0o022, 0, "nobody puts another folder in its place");
    for entry in fs::read_dir(&nested).unwrap().map(|entry| entry.unwrap().path()) {
        assert_eq!(mode(&entry) & 0o077, 0, "{}", entry.display());
    }
    server.stop();
}

#[test]
fn a_server_and_its_postgres_have_no_rights_that_they_do_not_need() {
    let folder = DataDir::new();
    let server = Server::start(&folder.0, &[]);
    let postmaster = folder.postmaster().unwrap();
    for pid in [server.pid(), postmaster] {
        assert_eq!(status(pid, "NoNewPrivs"), "1");
        assert_eq!((mask(pid, "CapAmb"), mask(pid, "CapInh")), (0, 0));
    }
    if geteuid().is_root() {
        for line in ["CapEff", "CapPrm", "CapBnd"] {
            assert_eq!(mask(server.pid(), line) & !KEPT, 0, "{line}");
        }
        assert_eq!(status(server.pid(), "Groups"), "");
        assert_eq!((mask(postmaster, "CapEff"), mask(postmaster, "CapPrm")), (0, 0));
        assert_ne!(fs::metadata(folder.0.join("postgres")).unwrap().uid(), 0);
    }
    server.stop();
}

/// Its other tests run as root, too; an ordinary user cannot do this.
#[test]
fn a_server_that_root_starts_becomes_the_user_of_the_settings() {
    let folder = DataDir::new();
    let Some(user) = ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).unwrap()) else { return };
    if !geteuid().is_root() {
        return;
    }
    let arguments = ["--user", &user.name];
    let server = Server::start(&folder.0, &arguments);
    for pid in [server.pid(), folder.postmaster().unwrap()] {
        let ids = [user.uid.to_string(), user.gid.to_string()];
        for (line, id) in ["Uid", "Gid"].into_iter().zip(ids) {
            assert!(status(pid, line).split_whitespace().all(|one| one == id), "{line}: {}", status(pid, line));
        }
        assert_eq!((status(pid, "Groups").as_str(), mask(pid, "CapBnd") & !(1 << 10)), ("", 0));
        assert_eq!((mask(pid, "CapEff") | mask(pid, "CapPrm")) & !(1 << 10), 0);
    }
    let meta = fs::metadata(&folder.0).unwrap();
    assert_eq!((meta.uid(), meta.mode() & 0o777), (user.uid.as_raw(), 0o700));
    let token = server.supervisor();
    server.stop();
    assert!(!folder.has_running_postgres());

    let again = Server::start(&folder.0, &arguments);
    assert_eq!(again.status_for("/v1/me", &token), 200);
    again.stop();
    chown(&folder.0, Some(0), Some(0)).unwrap();
    let start = Start { data_dir: &folder.0, database_url: None, log: "warn", arguments: &arguments };
    let refused = start.command().output().unwrap();
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && told.contains("chown -R"), "{told}");
}
