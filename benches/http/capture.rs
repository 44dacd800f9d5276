//! The statements that the server sends for one request, read from Postgres' own log, as a script for pgbench.

use std::{fs, path::PathBuf, thread, time::Duration};

use liaison::clock::Clock;

use crate::{
    Result,
    database::Database,
    operation::{Operation, Sample},
    pgbench::Script,
    plan::Plan,
    server::{Server, Tokens},
};

/// How often a request is tried until two in a row send the same statements: the first requests may look up the caller,
/// and statements of the server's background jobs may come in between.
const TRIES: u32 = 12;

/// A statement with its values.
#[derive(Debug, PartialEq)]
struct Statement {
    sql: String,
    values: Vec<Option<String>>,
}

/// Switches on or off that Postgres logs every statement of the server's login, for connections made from now on.
pub fn log_statements(database: &Database, on: bool) -> Result<()> {
    let change = if on { "SET log_statement = 'all'" } else { "RESET log_statement" };
    database.run(&format!("ALTER ROLE liaison_server {change}"))
}

/// What the server does for `operation`, as a script that pgbench can repeat.
pub fn capture(
    database: &Database,
    server: &Server,
    tokens: &Tokens,
    operation: &Operation,
    plan: &Plan,
) -> Result<Script> {
    let log = Log(database.log());
    let mut before: Vec<Statement> = Vec::new();
    for attempt in 0..TRIES {
        let sample = operation.draw.sample(plan, attempt);
        let etag = etag(database, operation, &sample)?;
        let from = log.len()?;
        let (status, body) = server.send(&operation.request(&sample, &etag, tokens.of(sample.manager)?))?;
        if !(200..300).contains(&status) {
            return Err(format!("{}: {status} {body}", operation.title).into());
        }
        thread::sleep(Duration::from_millis(30));
        let statements = statements(&log.since(from)?);
        let same = before.iter().map(|one| &one.sql).eq(statements.iter().map(|one| &one.sql));
        if same && !statements.is_empty() {
            return Ok(script(operation, plan, &sample, &statements));
        }
        before = statements;
    }
    Err(format!("{}: no two requests sent the same statements", operation.title).into())
}

/// The current version of the row that the operation changes.
fn etag(database: &Database, operation: &Operation, sample: &Sample) -> Result<String> {
    let (table, id) = match operation.body.is_empty() || !operation.headers.contains("{etag}") {
        true => return Ok(String::new()),
        false if operation.line.contains("{draft}") => ("orders", crate::operation::id("012", sample.draft)),
        false => ("clients", crate::operation::id("003", sample.client)),
    };
    let version = database.value(&format!("SELECT version FROM {table} WHERE id = '{id}'"))?;
    Ok(format!("\"{version}\""))
}

struct Log(PathBuf);

impl Log {
    fn len(&self) -> Result<usize> {
        Ok(usize::try_from(fs::metadata(&self.0)?.len())?)
    }

    fn since(&self, from: usize) -> Result<String> {
        let bytes = fs::read(&self.0)?;
        Ok(String::from_utf8_lossy(bytes.get(from..).unwrap_or_default()).into_owned())
    }
}

/// The statements in a part of the log.
fn statements(log: &str) -> Vec<Statement> {
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.strip_prefix('\t'), entries.last_mut()) {
            (Some(more), Some(entry)) => {
                entry.push('\n');
                entry.push_str(more);
            }
            _ => entries.push(line.to_owned()),
        }
    }
    let mut statements: Vec<Statement> = Vec::new();
    for entry in &entries {
        if let Some((_, text)) = entry.split_once("LOG:  ") {
            let sql = match text.strip_prefix("statement: ") {
                Some(sql) => Some(sql),
                None => text.strip_prefix("execute ").and_then(|text| text.split_once(": ")).map(|(_, sql)| sql),
            };
            statements
                .extend(sql.map(|sql| Statement { sql: sql.trim().trim_end_matches(';').into(), values: vec![] }));
        } else if let (Some((_, text)), Some(last)) = (entry.split_once("DETAIL:  parameters: "), statements.last_mut())
        {
            last.values = values(text);
        }
    }
    statements
}

/// Reads `$1 = 'it''s', $2 = NULL`.
fn values(text: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(" = ") {
        let Some(quoted) = after.strip_prefix('\'') else {
            values.push(None);
            rest = after;
            continue;
        };
        let mut value = String::new();
        let mut characters = quoted.char_indices().peekable();
        rest = "";
        while let Some((at, character)) = characters.next() {
            if character != '\'' {
                value.push(character);
            } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
                value.push('\'');
            } else {
                rest = quoted.get(at + 1..).unwrap_or_default();
                break;
            }
        }
        values.push(Some(value));
    }
    values
}

/// What pgbench sends: the same statements. Values that differ from request to request are drawn; the others stay as
/// they were. All values are sent as parameters, as the server does.
fn script(operation: &Operation, plan: &Plan, sample: &Sample, statements: &[Statement]) -> Script {
    let mut values = Values { exact: sample.exact(), parts: sample.parts(), fresh: Vec::new(), constants: Vec::new() };
    let sql: Vec<String> = statements.iter().map(|statement| values.put_into(statement) + ";\n").collect();
    Script::new(&operation.draw.pgbench(plan), &sql.concat(), values.constants)
}

struct Values {
    exact: Vec<(String, String)>,
    parts: Vec<(String, String)>,
    fresh: Vec<String>,
    constants: Vec<(String, String)>,
}

impl Values {
    fn put_into(&mut self, statement: &Statement) -> String {
        let mut sql = statement.sql.clone();
        // Starts with the last, so that $1 is not found in $12.
        for (index, value) in statement.values.iter().enumerate().rev() {
            let expression = match value {
                None => "NULL".to_owned(),
                Some(many) if sql.contains("advisory") && many.starts_with('{') => "ARRAY[:u0]".to_owned(),
                Some(_) if sql.contains("advisory") => ":u0".to_owned(),
                Some(value) => self.expression(value),
            };
            sql = sql.replace(&format!("${}", index + 1), &expression);
        }
        sql
    }

    fn expression(&mut self, value: &str) -> String {
        for (exact, expression) in &self.exact {
            if value == exact {
                return expression.clone();
            }
            if value.strip_prefix('{').and_then(|value| value.strip_suffix('}')) == Some(exact) {
                return format!("ARRAY[{expression}]");
            }
        }
        if is_fresh_id(value) {
            return self.fresh(value);
        }
        if is_now(value) {
            return "now()".to_owned();
        }
        let is_plain = !value.starts_with(['{', '[', '\\']);
        let part = self.parts.iter().find(|(part, _)| is_plain && value.contains(part.as_str()));
        match part.and_then(|(part, expression)| Some((value.split_once(part.as_str())?, expression))) {
            Some(((before, after), expression)) => {
                let quoted = |text: &str| (!text.is_empty()).then(|| format!("'{}'", text.replace('\'', "''")));
                let pieces = [quoted(before), Some(expression.clone()), quoted(after)];
                format!("({})", pieces.into_iter().flatten().collect::<Vec<_>>().join(" || "))
            }
            None => self.constant(value),
        }
    }

    /// An id that the server has made for this request: a new one each time, ordered by time like the server's ids.
    fn fresh(&mut self, value: &str) -> String {
        let known = self.fresh.iter().position(|fresh| fresh == value);
        let index = known.unwrap_or_else(|| {
            self.fresh.push(value.to_owned());
            self.fresh.len() - 1
        });
        format!("(:run || :u{index})::uuid")
    }

    fn constant(&mut self, value: &str) -> String {
        let known = self.constants.iter().find(|(_, constant)| constant == value).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| {
            let name = format!("p{}", self.constants.len());
            self.constants.push((name.clone(), value.to_owned()));
            name
        });
        format!(":{name}")
    }
}

/// Whether `value` is an id that was not loaded with the data.
fn is_fresh_id(value: &str) -> bool {
    uuid::Uuid::try_parse(value).is_ok() && value.len() == 36 && !value.starts_with("01900000-")
}

fn is_now(value: &str) -> bool {
    let moment = chrono::DateTime::parse_from_str(value, "%Y-%m-%d %H:%M:%S%.f%#z");
    moment.is_ok_and(|moment| (Clock::system().now().utc() - moment.to_utc()).num_seconds().abs() < 10)
}
