//! A caller of the server, which measures how long each answer took.

use std::{
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};

use serde_json::{Map, Value};
use ureq::http;

/// The server's address, which changes with each start.
#[derive(Clone, Default)]
pub struct Address(Arc<RwLock<String>>);

impl Address {
    pub fn set(&self, address: &str) {
        address.clone_into(&mut self.0.write().unwrap());
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0.read().unwrap())
    }
}

/// A request, which can be sent again as it is.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub key: Option<String>,
    pub if_match: Option<String>,
    pub body: Option<Value>,
    /// A file, in place of a body.
    pub csv: Option<String>,
}

impl Request {
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), ..Self::default() }
    }

    pub fn post(path: impl Into<String>, key: impl Into<String>, body: Value) -> Self {
        Self { method: "POST", path: path.into(), key: Some(key.into()), body: Some(body), ..Self::default() }
    }

    /// A step of a resource whose version is `if_match`.
    pub fn step(path: impl Into<String>, if_match: impl Into<String>) -> Self {
        let if_match = Some(if_match.into());
        Self { method: "POST", path: path.into(), if_match, body: Some(Value::Object(Map::new())), ..Self::default() }
    }

    /// Sends a file of values between commas.
    pub fn csv(path: impl Into<String>, file: String) -> Self {
        Self { method: "POST", path: path.into(), csv: Some(file), ..Self::default() }
    }

    pub fn patch(path: impl Into<String>, if_match: impl Into<String>, body: Value) -> Self {
        let if_match = Some(if_match.into());
        Self { method: "PATCH", path: path.into(), if_match, body: Some(body), ..Self::default() }
    }
}

/// An answer of the server.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Value,
    pub took: Duration,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The code of the problem; `None` if the answer is not a problem document.
    pub fn code(&self) -> Option<&str> {
        let is_problem = self.header("content-type") == Some("application/problem+json");
        self.body["code"].as_str().filter(|_| is_problem)
    }

    /// The text member `name` of the body.
    pub fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    pub fn etag(&self) -> &str {
        self.header("etag").unwrap_or_else(|| panic!("no version: {self:?}"))
    }
}

/// No answer came, or only a part of it.
#[derive(Debug)]
pub struct Lost {
    pub took: Duration,
}

/// A caller with its own connections.
pub struct Caller {
    agent: ureq::Agent,
    address: Address,
    /// The access token, if the caller is signed in.
    token: Option<String>,
}

impl Caller {
    /// A caller with `token`, if there is one. It waits for an answer for `patience` at most.
    pub fn new(address: &Address, token: Option<&str>, patience: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(patience));
        Self { agent: config.build().into(), address: address.clone(), token: token.map(str::to_owned) }
    }

    pub fn send(&self, request: &Request) -> Result<Answer, Lost> {
        let began = Instant::now();
        self.try_send(request, began).map_err(|_lost| Lost { took: began.elapsed() })
    }

    fn try_send(&self, request: &Request, began: Instant) -> Result<Answer, ureq::Error> {
        let mut head = http::Request::builder().method(request.method).uri(self.address.url(&request.path));
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let headers = [("Authorization", &bearer), ("Idempotency-Key", &request.key), ("If-Match", &request.if_match)];
        for (name, value) in headers {
            if let Some(value) = value {
                head = head.header(name, value);
            }
        }
        let mut answer = match (&request.body, &request.csv) {
            (_, Some(file)) => self.agent.run(head.header("Content-Type", "text/csv").body(file.clone())?)?,
            (None, None) => self.agent.run(head.body(())?)?,
            (Some(body), None) => {
                self.agent.run(head.header("Content-Type", "application/json").body(body.to_string())?)?
            }
        };
        let text = answer.body_mut().read_to_string()?;
        Ok(Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: serde_json::from_str(&text).unwrap_or_default(),
            took: began.elapsed(),
        })
    }
}
