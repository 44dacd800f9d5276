//! The setting of a drill: a server with a durable Postgres, and a supervisor who is signed in.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::{
    caller::{Address, Caller, Request},
    postgres::Postgres,
    process::{Server, Start},
};

const SUPERVISOR: &str = "supervisor@liaison.example";
const PASSWORD: &str = "seven plums in a paper bag";
/// Drills send more requests than a user does.
const UNLIMITED: [&str; 2] = ["--requests-per-minute=off", "--anonymous-requests-per-minute=off"];
/// Drills cause failures all the time, so the server's log would be full of them.
const LOG: &str = "off";
/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server and its Postgres.
pub struct Stage {
    // Dropped first, since a server ends more cleanly while its Postgres is running.
    server: Option<Server>,
    pub postgres: Postgres,
    pub address: Address,
    database_url: String,
    arguments: Vec<String>,
    token: String,
}

impl Stage {
    /// A stage whose server reaches Postgres directly.
    pub fn new(arguments: &[&str]) -> Self {
        let postgres = Postgres::start();
        let url = postgres.url().to_owned();
        Self::over(postgres, url, arguments)
    }

    /// A stage whose server reaches `postgres` at `database_url`.
    pub fn over(postgres: Postgres, database_url: String, arguments: &[&str]) -> Self {
        let arguments = UNLIMITED.iter().chain(arguments).map(|argument| (*argument).to_owned()).collect();
        let (address, token) = (Address::default(), String::new());
        let mut stage = Self { server: None, postgres, address, database_url, arguments, token };
        stage.start_server();
        let server = stage.server.as_ref().unwrap();
        let printed = server.printed_password(SUPERVISOR).unwrap();
        let first = server.sign_in(SUPERVISOR, &printed);
        let change = json!({"current_password": printed, "new_password": PASSWORD});
        assert_eq!(server.put("/v1/me/password", &first, &change), 204);
        stage.token = server.sign_in(SUPERVISOR, PASSWORD);
        stage
    }

    pub fn start_server(&mut self) {
        let server = self.another_server();
        self.address.set(&server.address);
        self.server = Some(server);
    }

    /// A server beside the one of the stage.
    pub fn another_server(&self) -> Server {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        Server::run(&Start {
            data_dir: &self.postgres.folder.0,
            database_url: Some(&self.database_url),
            log: LOG,
            arguments: &arguments,
        })
    }

    /// Ends the server like a crash does.
    pub fn kill_server(&mut self) {
        let server = self.server.take().unwrap();
        server.signal(Signal::SIGKILL);
        assert!(!server.wait(), "it was killed");
    }

    /// A caller that is the supervisor.
    pub fn caller(&self) -> Caller {
        Caller::new(&self.address, Some(&self.token), PATIENCE)
    }

    /// A load balancer, which is not signed in.
    pub fn balancer(&self) -> Caller {
        Caller::new(&self.address, None, PATIENCE)
    }

    /// Whether the server reports that it is ready.
    pub fn is_ready(&self) -> bool {
        let answer = self.balancer().send(&Request::get("/readyz")).unwrap();
        assert!(answer.status == 200 || answer.code() == Some("not_ready"), "{answer:?}");
        answer.status == 200
    }

    /// Creates a product that costs 100 a box, and returns its id.
    pub fn product(&self) -> String {
        let body = json!({"sku": "PAPER", "name": "Paper", "kind": "good", "unit": "box", "base_price": "100",
            "currency": "RUB", "tax_rate": "20"});
        self.made(&Request::post("/v1/products", "the product", body))
    }

    /// Creates a client called `name` and returns its id.
    pub fn client(&self, name: &str) -> String {
        let body = json!({"kind": "organization", "name": name});
        self.made(&Request::post("/v1/clients", format!("the client {name}"), body))
    }

    fn made(&self, request: &Request) -> String {
        let answer = self.caller().send(request).unwrap();
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.text("id").to_owned()
    }
}
