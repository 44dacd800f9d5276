//! Answers that check themselves: each one is compared with the document before a test sees it.

use actix_web::{
    http::{Uri, header::HeaderMap},
    web::Bytes,
};
use serde_json::Value;

use super::{contract, trace};

/// An answer that conforms to the document.
#[must_use]
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// Whether the server has no rate limit for this kind of caller.
    pub(super) unlimited: bool,
    path: String,
}

impl Answer {
    #[track_caller]
    pub(super) fn new(method: &str, uri: &Uri, status: u16, headers: &HeaderMap, body: Bytes, unlimited: bool) -> Self {
        let text = |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let answer = Self { status, headers, body, unlimited, path: uri.path().to_owned() };
        trace::answer(&answer.body);
        contract::check(method, uri.path(), uri.query().unwrap_or_default(), &answer);
        answer
    }

    /// The address of the next page, from `Link`.
    pub fn next_page(&self) -> Option<String> {
        let next = self.header("link")?.split(", ").find(|link| link.ends_with("; rel=\"next\""))?;
        next.split(['<', '>']).nth(1).map(str::to_owned)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The whole answer except for the request's id, the number of requests left, and the texts in `hidden`: for
    /// comparing answers that must be equal.
    pub fn told(&self, hidden: &[&str]) -> (u16, Vec<(String, String)>, String) {
        let request = self.header("x-request-id").unwrap_or_default().to_owned();
        let hide = |text: &str| {
            let text = text.replace(&request, "{request}");
            hidden.iter().fold(text, |text, hidden| text.replace(hidden, "{hidden}"))
        };
        let told = self.headers.iter().filter(|(name, _)| name != "ratelimit");
        let mut headers: Vec<_> = told.map(|(name, value)| (name.clone(), hide(value))).collect();
        headers.sort();
        (self.status, headers, hide(&String::from_utf8_lossy(&self.body)))
    }

    /// The JSON body, whatever the status.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON: {error}: {:?}", self.body))
    }

    /// The JSON of a 200; a resource gets its `path` as a member, for the test's next requests.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{:?}", self.body);
        self.resource()
    }

    /// The JSON of a 201.
    #[track_caller]
    pub fn created(self) -> Value {
        assert_eq!(self.status, 201, "{:?}", self.body);
        self.resource()
    }

    #[track_caller]
    pub fn no_content(self) {
        assert_eq!(self.status, 204, "{:?}", self.body);
    }

    #[track_caller]
    fn resource(&self) -> Value {
        let mut resource = self.json();
        let resources = self.path.split('/').nth(2).unwrap_or_default();
        let path = match (self.header("location"), resource["id"].as_str()) {
            (Some(location), _) => location.to_owned(),
            (None, Some(id)) => format!("/v1/{resources}/{id}"),
            (None, None) => self.path.clone(),
        };
        if let Value::Object(members) = &mut resource {
            members.insert("path".to_owned(), Value::from(path));
        }
        resource
    }

    /// The problem of a failure with this status and code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{:?}", self.body);
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        problem
    }

    /// The pointers and codes of a 422 or 400 with field errors, in order.
    #[track_caller]
    pub fn field_errors(self) -> Vec<(String, String)> {
        assert!(matches!(self.status, 400 | 422), "{} {:?}", self.status, self.body);
        let problem = self.json();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
    }

    /// Asserts one field error.
    #[track_caller]
    pub fn field_error(self, pointer: &str, code: &str) {
        assert_eq!(self.field_errors(), [(pointer.to_owned(), code.to_owned())]);
    }
}
