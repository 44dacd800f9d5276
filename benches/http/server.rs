//! The real server, and the users who are signed in to it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::{
    Result,
    operation::SUPERVISOR,
    plan::{READERS, WRITERS},
    process,
    template::request,
};

/// The password of every user of the benchmark.
pub const PASSWORD: &str = "seven brown foxes, two lazy dogs";

/// A running server; stopped when it is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: String,
    /// Its memory before the first request, in MB.
    pub idle: Option<f64>,
}

impl Server {
    /// Starts the server on a free port with the database in `folder`, without rate limits.
    pub fn start(program: &Path, folder: &Path) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let mut command = Command::new(program);
        command.args(["--listen", &address, "--requests-per-minute", "off", "--anonymous-requests-per-minute", "off"]);
        command.arg("--data-dir").arg(folder).env_remove("DATABASE_URL").stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(File::create(folder.join("server.log"))?);
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or("a server without output")?;
        let mut server = Self { child, address, idle: None };
        let mut lines = BufReader::new(output).lines();
        if !lines.any(|line| line.is_ok_and(|line| line.contains("listens on"))) {
            return Err(format!("the server did not start; see {}", folder.join("server.log").display()).into());
        }
        std::thread::spawn(move || lines.for_each(drop));
        server.send(&request("GET /readyz", "", "", ""))?;
        server.idle = server.memory("VmRSS");
        Ok(server)
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// A line of the server's memory figures, in MB.
    pub fn memory(&self, name: &str) -> Option<f64> {
        process::memory(self.process(), name)
    }

    /// Pauses the server, so that its background work takes no processor time from others, or resumes it.
    pub fn pause(&self, paused: bool) -> Result<()> {
        Ok(kill(self.pid(), if paused { Signal::SIGSTOP } else { Signal::SIGCONT })?)
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.process().cast_signed())
    }

    /// Sends a whole request; returns the status and the rest of the answer, headers and body.
    pub fn send(&self, text: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        stream.write_all(text.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (status, rest) = answer.split_once('\n').unwrap_or_default();
        Ok((status.split(' ').nth(1).unwrap_or_default().parse()?, rest.to_owned()))
    }

    /// Signs in all users that the benchmark needs.
    pub fn sign_in_all(&self) -> Result<Tokens> {
        let everyone = (1..=READERS + WRITERS).chain([SUPERVISOR]);
        Ok(Tokens(everyone.map(|user| Ok((user, self.sign_in(user)?))).collect::<Result<_>>()?))
    }

    fn sign_in(&self, user: u32) -> Result<String> {
        let name = if user == SUPERVISOR { "supervisor".to_owned() } else { format!("manager{user}") };
        let form = [("grant_type", "password"), ("username", &format!("{name}@bench.example")), ("password", PASSWORD)];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let (status, answer) = self.send(&request("POST /v1/auth/token", "", "", &body))?;
        let token = json(&answer).ok().and_then(|json| Some(json.get("access_token")?.as_str()?.to_owned()));
        token.ok_or_else(|| format!("{name} could not sign in: {status} {answer}").into())
    }
}

/// The body of an answer.
pub fn json(answer: &str) -> Result<Value> {
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("an answer without a body")?;
    Ok(serde_json::from_str(body)?)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill(self.pid(), Signal::SIGCONT);
        let _ = kill(self.pid(), Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

/// The access tokens, by the users' numbers. They last for a quarter of an hour.
#[derive(Clone)]
pub struct Tokens(BTreeMap<u32, String>);

impl Tokens {
    /// The token of `user`.
    pub fn of(&self, user: u32) -> Result<&str> {
        self.0.get(&user).map(String::as_str).ok_or_else(|| format!("user {user} is not signed in").into())
    }

    /// All of them as a Lua table.
    pub fn lua(&self) -> String {
        let entries: Vec<String> = self.0.iter().map(|(user, token)| format!("[{user}]=\"{token}\"")).collect();
        format!("TOKENS = {{{}}}\n", entries.join(","))
    }
}
