//! A request with slots, as text for a trial request and as Lua code for wrk.

use std::fmt::Write;

use crate::operation::{Operation, Sample, WORD, id};

/// A slot: its name in the template and the Lua that fills it.
const SLOTS: &[(&str, &str)] = &[
    ("client", r#"id("003", n)"#),
    ("draft", r#"id("012", n)"#),
    ("etag", "etag"),
    ("word", "word()"),
    ("unique", "mine"),
    ("digits", "digits()"),
];

impl Operation {
    /// The request of `sample`, as it goes over the wire.
    pub fn request(&self, sample: &Sample, etag: &str, token: &str) -> String {
        let fill = |text: &str| {
            text.replace("{client}", &id("003", sample.client))
                .replace("{draft}", &id("012", sample.draft))
                .replace("{etag}", etag)
                .replace("{word}", WORD)
                .replace("{unique}", &sample.unique)
                .replace("{digits}", &sample.digits)
        };
        request(&fill(self.line), &fill(self.headers), token, &fill(self.body))
    }

    /// The function `request` of wrk's script.
    pub fn lua(&self, draw: &str) -> String {
        let mut lines = format!("function request()\n   {draw}\n");
        if format!("{}{}", self.headers, self.body).contains("{unique}") {
            lines.push_str("   local mine = unique()\n");
        }
        let head = format!("{} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ", self.line);
        let mut parts = format!("{} .. TOKENS[m] .. {}", filled(&head), filled(&format!("\r\n{}", self.headers)));
        if self.body.is_empty() {
            parts.push_str(r#" .. "\r\n""#);
        } else {
            let _ = writeln!(lines, "   local body = {}", filled(self.body));
            let head = quoted("Content-Type: application/json\r\nContent-Length: ");
            let _ = write!(parts, r#" .. {head} .. #body .. "\r\n\r\n" .. body"#);
        }
        let _ = writeln!(lines, "   return {parts}\nend");
        lines
    }
}

/// A request of any kind.
pub fn request(line: &str, headers: &str, token: &str, body: &str) -> String {
    let mut text = format!("{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}");
    if !token.is_empty() {
        let _ = writeln!(text, "Authorization: Bearer {token}\r");
    }
    if !body.is_empty() {
        let kind = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
        let _ = writeln!(text, "Content-Type: {kind}\r\nContent-Length: {}\r", body.len());
    }
    text + "\r\n" + body
}

/// Lua code that builds `text`.
fn filled(text: &str) -> String {
    let mut lua = quoted(text);
    for (slot, expression) in SLOTS {
        lua = lua.replace(&format!("{{{slot}}}"), &format!(r#"" .. {expression} .. ""#));
    }
    lua
}

fn quoted(text: &str) -> String {
    let text = text.replace('\\', r"\\").replace('"', r#"\""#).replace('\r', r"\r").replace('\n', r"\n");
    format!("\"{text}\"")
}
