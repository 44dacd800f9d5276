//! pgbench with the server's own statements.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use uuid::Uuid;

use crate::{
    Result,
    measure::{Figures, Load},
    process::{found, percentile},
};

/// The most clients that pgbench gets; the server needs the rest of Postgres' connections.
pub const MOST_CLIENTS: u32 = 72;
/// The settings of the server's own connections.
const SETTINGS: &str = "-c role=liaison_app -c statement_timeout=10000 -c lock_timeout=10000 \
    -c idle_in_transaction_session_timeout=10000";
/// The share of transactions whose time is logged.
const SAMPLED: &str = "0.2";

/// The script that pgbench repeats.
pub struct Script {
    /// Its text.
    pub text: String,
    constants: Vec<(String, String)>,
}

impl Script {
    /// The statements `sql`, preceded by those lines of `draw` that they need.
    pub fn new(draw: &[(&str, String)], sql: &str, constants: Vec<(String, String)>) -> Self {
        let mut lines: Vec<(String, String)> =
            draw.iter().map(|(variable, expression)| ((*variable).to_owned(), expression.clone())).collect();
        // Numbers that no other transaction of the run has.
        lines.push(("c".into(), ":c + 1".into()));
        lines.push(("unique".into(), "100000000000 + :client_id * 1000000000 + :c * 10".into()));
        lines.extend((0..10).map(|index| (format!("u{index}"), format!(":unique + {index}"))));
        let mut text = sql.to_owned();
        for (variable, expression) in lines.iter().rev() {
            if uses(&text, variable) {
                text = format!("\\set {variable} {expression}\n{text}");
            }
        }
        Self { text, constants }
    }

    /// Runs the script.
    pub fn run(&self, url: &str, folder: &Path, load: Load) -> Result<Figures> {
        let script = folder.join("pgbench.sql");
        fs::write(&script, &self.text)?;
        let log = folder.join("pgbench");
        let clients = load.connections.min(MOST_CLIENTS);
        let mut command = Command::new(program()?);
        command.args(["-n", "-M", "prepared", "-l", "--sampling-rate", SAMPLED, "-D", "c=0", "-D"]);
        command.arg(format!("run={}", run())).arg("-D").arg(format!("seed={}", load.seed)).args([
            "-c",
            &clients.to_string(),
            "-j",
            &clients.min(2).to_string(),
        ]);
        command.args(["-T", &load.seconds.to_string(), "--log-prefix"]).arg(&log).arg("-f").arg(&script);
        for (name, value) in &self.constants {
            command.arg("-D").arg(format!("{name}={value}"));
        }
        let output = command.arg(url).env("PGOPTIONS", SETTINGS).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let latencies = latencies(folder)?;
        if !output.status.success() || !text.contains("failed transactions: 0 ") {
            return Err(format!("pgbench failed: {text}{}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        Ok(Figures {
            rate: rate.ok_or_else(|| format!("pgbench tells no rate: {text}"))?,
            p50: percentile(&latencies, 0.50),
            p99: percentile(&latencies, 0.99),
            ..Figures::default()
        })
    }
}

/// Where pgbench is: Debian may install it outside the search path.
pub fn program() -> Result<PathBuf> {
    found("pgbench", "/usr/lib/postgresql", "bin/pgbench").ok_or_else(|| "pgbench is not installed".into())
}

/// The beginning of the ids that this run makes, which contains the time like the server's ids.
fn run() -> String {
    let now = Uuid::now_v7().to_string();
    format!("{}-7000-8000-", now.get(..13).unwrap_or_default())
}

/// Whether `text` uses the variable.
fn uses(text: &str, variable: &str) -> bool {
    text.split(&format!(":{variable}")).skip(1).any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The sorted milliseconds of the transactions in pgbench's logs. Removes the logs.
fn latencies(folder: &Path) -> Result<Vec<f64>> {
    let mut latencies = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        if !file.file_name().to_string_lossy().starts_with("pgbench.")
            || file.path().extension().is_some_and(|e| e == "sql")
        {
            continue;
        }
        let text = fs::read_to_string(file.path())?;
        let micros = text.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<f64>().ok());
        latencies.extend(micros.map(|micros| micros / 1000.0));
        fs::remove_file(file.path())?;
    }
    latencies.sort_by(f64::total_cmp);
    Ok(latencies)
}
