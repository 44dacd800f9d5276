//! The log of the whole suite at trace level, and the secrets that passed through the suite: no secret may be in the
//! log.
//!
//! With `LIAISON_TRACE_DIR` set, all that the server and its libraries log goes into `trace.log` of that folder, and every
//! secret that the harness sends or gets into `canaries.jsonl`. `tests/security/canaries.py` compares the two.

use std::{
    collections::HashSet,
    fs::File,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write},
    path::Path,
    sync::{LazyLock, Mutex},
};

use actix_http::Request;
use actix_web::{
    http::header::{self, HeaderMap},
    web::Bytes,
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use futures_util::StreamExt;
use liaison::{logging, secrets};
use serde_json::{Value, json};

use super::database::MASTER;

/// The names of secret members of bodies, forms and answers, at any depth.
const SECRETS: [&str; 14] = [
    "access_token",
    "client_secret",
    "current_password",
    "device_token",
    "key",
    "link",
    "new_password",
    "otp",
    "otpauth_uri",
    "password",
    "recovery_codes",
    "refresh_token",
    "secret",
    "token",
];

static TRACE: LazyLock<Option<Mutex<Canaries>>> = LazyLock::new(|| {
    let folder = std::env::var_os("LIAISON_TRACE_DIR")?;
    Some(Mutex::new(start(Path::new(&folder)).unwrap()))
});

/// Writes each secret that was seen once.
struct Canaries {
    file: File,
    seen: HashSet<String>,
}

impl Canaries {
    fn note(&mut self, kind: &str, secret: &str) -> io::Result<()> {
        if self.seen.insert(secret.to_owned()) {
            writeln!(self.file, "{}", json!({"kind": kind, "secret": secret}))?;
        }
        Ok(())
    }
}

/// Writes each line once: a secret would still be in the log, and the log stays small enough to search.
struct EachOnce {
    file: File,
    seen: HashSet<u64>,
}

impl Write for EachOnce {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut hasher = DefaultHasher::new();
        line.hash(&mut hasher);
        if self.seen.insert(hasher.finish()) {
            self.file.write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Logs everything from now on. Also logs a secret on purpose, so that the search can be shown to work.
fn start(folder: &Path) -> io::Result<Canaries> {
    std::fs::create_dir_all(folder)?;
    let log = EachOnce { file: File::create(folder.join("trace.log"))?, seen: HashSet::new() };
    tracing_subscriber::fmt()
        .with_env_filter(logging::filter("trace").unwrap())
        .without_time()
        .with_ansi(false)
        .with_writer(Mutex::new(log))
        .init();
    let mut canaries = Canaries { file: File::create(folder.join("canaries.jsonl"))?, seen: HashSet::new() };
    for form in ["plain", "bytes"] {
        let planted = secrets::random_text::<32>().unwrap();
        canaries.note("planted", &planted)?;
        match form {
            "plain" => tracing::trace!(planted, "planted on purpose"),
            _ => tracing::trace!(planted = ?planted.as_bytes(), "planted on purpose"),
        }
    }
    canaries.note("master", &BASE64_URL_SAFE_NO_PAD.encode(MASTER))?;
    canaries.note("master", &MASTER.map(|byte| format!("{byte:02x}")).concat())?;
    canaries.note("master", &format!("{MASTER:?}"))?;
    Ok(canaries)
}

/// Starts logging if it is switched on.
pub fn begin() {
    LazyLock::force(&TRACE);
}

/// Notes a secret that the harness itself generated.
pub fn secret(kind: &str, secret: &str) {
    if let Some(canaries) = &*TRACE {
        canaries.lock().unwrap().note(kind, secret).unwrap();
    }
}

/// Notes the secrets in the headers and the body of a request, and leaves the request unchanged.
pub async fn request(request: &mut Request) {
    if TRACE.is_none() {
        return;
    }
    authorization(request.head().headers());
    let is_form =
        request.head().headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().ends_with(b"urlencoded"));
    let mut payload = request.take_payload();
    let mut body = Vec::new();
    while let Some(Ok(chunk)) = payload.next().await {
        body.extend_from_slice(&chunk);
    }
    match is_form {
        true => form(&body),
        false => answer(&body),
    }
    if !body.is_empty() {
        *request.payload() = Bytes::from(body).into();
    }
}

/// Notes the secrets in a JSON body.
pub fn answer(body: &[u8]) {
    if TRACE.is_none() {
        return;
    }
    if let Ok(body) = serde_json::from_slice(body) {
        members(&body);
    }
}

/// Notes the secrets in `Authorization`: a token, or a name and a password (RFC 7617).
fn authorization(headers: &HeaderMap) {
    let Some(value) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else { return };
    let Some((_, credentials)) = value.split_once(' ') else { return };
    secret("authorization", credentials);
    let decoded = BASE64_STANDARD.decode(credentials).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some((_, password)) = decoded.as_deref().and_then(|decoded| decoded.split_once(':')) {
        secret("authorization", password);
    }
}

fn form(body: &[u8]) {
    let fields: Vec<(String, String)> = serde_html_form::from_bytes(body).unwrap_or_default();
    for (name, value) in fields.iter().filter(|(name, _)| SECRETS.contains(&name.as_str())) {
        secret(name, value);
    }
}

fn members(value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(members),
        Value::Object(object) => {
            for (name, value) in object {
                match SECRETS.contains(&name.as_str()) {
                    true => texts(name, value),
                    false => members(value),
                }
            }
        }
        _ => {}
    }
}

/// Notes every text in the value of a secret member.
fn texts(kind: &str, value: &Value) {
    match value {
        // The keys of groups are no secrets; those of service accounts begin so.
        Value::String(text) if kind == "key" && !text.starts_with("lsn_") => {}
        Value::String(text) => secret(kind, text),
        Value::Array(items) => items.iter().for_each(|item| texts(kind, item)),
        Value::Object(object) => object.values().for_each(|value| texts(kind, value)),
        _ => {}
    }
}
