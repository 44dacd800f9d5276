//! Starting, stopping and being killed.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::process::{DataDir, Server};

const SUPERVISOR: &str = "supervisor@liaison.example";

#[test]
fn the_first_start_prints_a_password_once_and_data_outlives_a_restart() {
    let folder = DataDir::new();
    let first = Server::start(&folder.0, &[]);
    let password = first.printed_password(SUPERVISOR).unwrap();
    let me = first.get("/v1/me", &first.sign_in(SUPERVISOR, &password));
    assert_eq!(me["role"], "supervisor");
    let token = first.sign_in(SUPERVISOR, &password);
    first.stop();
    assert!(!folder.has_running_postgres());

    let second = Server::start(&folder.0, &[]);
    assert_eq!(second.printed_password(SUPERVISOR), None);
    assert_eq!(second.get("/v1/me", &token)["email"], SUPERVISOR, "a token outlives the restart");
    second.stop();
    assert!(!folder.has_running_postgres());
}

/// ASVS 6.4.1
#[test]
fn the_printed_password_is_changed_before_anything_else() {
    let folder = DataDir::new();
    let server = Server::start(&folder.0, &[]);
    let password = server.printed_password(SUPERVISOR).unwrap();
    let token = server.sign_in(SUPERVISOR, &password);
    assert_eq!(server.status_for("/v1/clients", &token), 403);
    let own = "seven plums in a paper bag";
    let change = |new: &str| json!({"current_password": password, "new_password": new});
    assert_eq!(server.put("/v1/me/password", &token, &change(&password)), 422, "it is not to stay");
    assert_eq!(server.put("/v1/me/password", &token, &change(own)), 204);
    assert_eq!(server.status_for("/v1/clients", &token), 200);
    server.sign_in(SUPERVISOR, own);
    server.stop();
}

#[test]
fn every_signal_stops_what_was_started() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let folder = DataDir::new();
        let server = Server::start(&folder.0, &[]);
        assert_eq!(server.status("/readyz"), 200);
        server.signal(signal);
        assert!(server.wait(), "{signal}");
        assert!(!folder.has_running_postgres(), "{signal}");
    }
}

#[test]
fn a_killed_server_starts_again() {
    let folder = DataDir::new();
    let first = Server::start(&folder.0, &[]);
    let password = first.printed_password(SUPERVISOR).unwrap();
    first.signal(Signal::SIGKILL);
    assert!(!first.wait());

    let second = Server::start(&folder.0, &[]);
    second.sign_in(SUPERVISOR, &password);
    second.stop();
    assert!(!folder.has_running_postgres());
}

#[test]
fn five_servers_start_together_on_an_empty_database() {
    let folder = DataDir::new();
    let starters: Vec<_> = (0..5)
        .map(|_| {
            let folder = folder.0.clone();
            std::thread::spawn(move || Server::start(&folder, &[]))
        })
        .collect();
    let servers: Vec<Server> = starters.into_iter().map(|starter| starter.join().unwrap()).collect();
    let passwords: Vec<String> = servers.iter().filter_map(|server| server.printed_password(SUPERVISOR)).collect();
    assert_eq!(passwords.len(), 1, "one of them made the supervisor");
    for server in &servers {
        server.sign_in(SUPERVISOR, &passwords[0]);
    }
    servers.into_iter().for_each(Server::stop);
    assert!(!folder.has_running_postgres());
}
