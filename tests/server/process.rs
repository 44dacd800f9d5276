//! A running `liaison`, in a folder of its own.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Longer than a server may take to shut down gracefully.
const PATIENCE: Duration = Duration::from_mins(1);

const SUPERVISOR: &str = "supervisor@liaison.example";
const PASSWORD: &str = "seven plums in a paper bag";

/// A data folder that is removed at the test's end, even if the test fails.
pub struct DataDir(pub PathBuf);

impl DataDir {
    pub fn new() -> Self {
        let name = format!("liaison-server-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    pub fn has_running_postgres(&self) -> bool {
        self.0.join("postgres/postmaster.pid").exists()
    }

    /// The process id of its Postgres, if that runs.
    pub fn postmaster(&self) -> Option<Pid> {
        let text = std::fs::read_to_string(self.0.join("postgres/postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok().map(Pid::from_raw)
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A server, stopped with its Postgres at the test's end, even if the test fails.
pub struct Server {
    child: Child,
    pub address: String,
    /// What it printed until it listened.
    pub printed: Vec<String>,
}

/// How to start a server.
pub struct Start<'a> {
    /// The folder of its secret and, without another database, of its Postgres.
    pub data_dir: &'a Path,
    /// The database to use instead of its own.
    pub database_url: Option<&'a str>,
    /// The log filter.
    pub log: &'a str,
    /// Its other settings.
    pub arguments: &'a [&'a str],
}

impl Start<'_> {
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_liaison"));
        command.args(self.arguments).args(["--listen", "127.0.0.1:0", "--log", self.log, "--data-dir"]);
        command.arg(self.data_dir).env_remove("DATABASE_URL");
        command.envs(self.database_url.map(|url| ("DATABASE_URL", url)));
        command
    }
}

impl Server {
    /// Starts a server with its own Postgres and waits until it listens.
    pub fn start(data_dir: &Path, arguments: &[&str]) -> Self {
        Self::run(&Start { data_dir, database_url: None, log: "warn", arguments })
    }

    /// Starts a server and waits until it listens.
    pub fn run(start: &Start<'_>) -> Self {
        Self::of(start.command())
    }

    /// Waits until the server that `command` starts listens.
    pub fn of(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut printed = Vec::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {printed:?}")).unwrap();
            let address = line.split("listens on http://").nth(1).and_then(|rest| rest.split(' ').next());
            let address = address.map(str::to_owned);
            printed.push(line);
            if let Some(address) = address {
                break address;
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, printed }
    }

    /// The password in the printed line that mentions `whom`.
    pub fn printed_password(&self, whom: &str) -> Option<String> {
        let line = self.printed.iter().find(|line| line.contains(whom))?;
        line.rsplit("password ").next().map(str::to_owned)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn status(&self, path: &str) -> u16 {
        let agent = agent();
        agent.get(self.url(path)).call().map_or(0, |answer| answer.status().as_u16())
    }

    pub fn sign_in(&self, email: &str, password: &str) -> String {
        let form = [("grant_type", "password"), ("username", email), ("password", password)];
        let mut answer = agent().post(self.url("/v1/auth/token")).send_form(form).unwrap();
        assert_eq!(answer.status(), 200);
        let token: Value = answer.body_mut().read_json().unwrap();
        token["access_token"].as_str().unwrap().to_owned()
    }

    pub fn get(&self, path: &str, token: &str) -> Value {
        let bearer = format!("Bearer {token}");
        let mut answer = agent().get(self.url(path)).header("Authorization", bearer).call().unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.body_mut().read_json().unwrap()
    }

    /// The status of the answer to a GET with `token`.
    pub fn status_for(&self, path: &str, token: &str) -> u16 {
        let bearer = format!("Bearer {token}");
        agent().get(self.url(path)).header("Authorization", bearer).call().unwrap().status().as_u16()
    }

    pub fn put(&self, path: &str, token: &str, body: &Value) -> u16 {
        let bearer = format!("Bearer {token}");
        agent().put(self.url(path)).header("Authorization", bearer).send_json(body).unwrap().status().as_u16()
    }

    pub fn post(&self, path: &str, token: &str, body: &Value) -> u16 {
        let bearer = format!("Bearer {token}");
        agent().post(self.url(path)).header("Authorization", bearer).send_json(body).unwrap().status().as_u16()
    }

    /// The status and the body of the answer to any request; `If-Match` accepts every version. By another system's id
    /// a resource may also be made, which that header would refuse.
    pub fn send(&self, method: &str, path: &str, token: &str, body: Option<&Value>) -> (u16, String) {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(self.url(path))
            .header("Authorization", format!("Bearer {token}"));
        if !path.contains("/external/") {
            request = request.header("If-Match", "*");
        }
        let mut answer = match body {
            Some(body) => {
                agent().run(request.header("Content-Type", "application/json").body(body.to_string()).unwrap())
            }
            None => agent().run(request.body(()).unwrap()),
        }
        .unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// The token of the first supervisor, who has changed the printed password.
    pub fn supervisor(&self) -> String {
        let printed = self.printed_password(SUPERVISOR).unwrap();
        let change = json!({"current_password": printed, "new_password": PASSWORD});
        assert_eq!(self.put("/v1/me/password", &self.sign_in(SUPERVISOR, &printed), &change), 204);
        self.sign_in(SUPERVISOR, PASSWORD)
    }

    /// The status of the answer to a POST with this idempotency key, and whether it was given before.
    pub fn post_with_key(&self, path: &str, token: &str, key: &str, body: &Value) -> (u16, bool) {
        let request = agent().post(self.url(path)).header("Authorization", format!("Bearer {token}"));
        let answer = request.header("Idempotency-Key", key).send_json(body).unwrap();
        (answer.status().as_u16(), answer.headers().contains_key("idempotency-replayed"))
    }

    /// The status of the answer to a GET, and whether it says when to try again.
    pub fn refusal_of_get(&self, path: &str, token: &str) -> (u16, bool) {
        let bearer = format!("Bearer {token}");
        let answer = agent().get(self.url(path)).header("Authorization", bearer).call().unwrap();
        (answer.status().as_u16(), answer.headers().contains_key("retry-after"))
    }

    /// The status of the answer to a POST, and whether it says when to try again.
    pub fn refusal_of_post(&self, path: &str, token: &str, body: &Value) -> (u16, bool) {
        let bearer = format!("Bearer {token}");
        let answer = agent().post(self.url(path)).header("Authorization", bearer).send_json(body).unwrap();
        (answer.status().as_u16(), answer.headers().contains_key("retry-after"))
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Waits until the process has ended; returns whether it succeeded.
    pub fn wait(mut self) -> bool {
        self.child.wait().unwrap().success()
    }

    /// Shuts the server down gracefully.
    pub fn stop(self) {
        self.signal(Signal::SIGTERM);
        assert!(self.wait(), "it did not end well");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `wait` there is nothing left to signal.
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        self.signal(Signal::SIGTERM);
        let began = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if began.elapsed() > PATIENCE {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .into()
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
