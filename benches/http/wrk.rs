//! wrk, which generates the load on the server. It uses little processor time, since it shares the processors with the
//! programs that it measures.

use std::{fmt::Write, fs, path::Path, process::Command};

use serde_json::Value;

use crate::{
    Result, allocations,
    database::Database,
    measure::{Figures, Load},
    operation::{Draw, Operation},
    plan::{Plan, READERS, SYLLABLES},
    process::found,
    server::Tokens,
};

const SCRIPT: &str = include_str!("load.lua");

/// Where requests go, and what they contain.
pub struct Wrk<'a> {
    /// The data.
    pub plan: &'a Plan,
    /// The database, to choose the rows that are changed.
    pub database: &'a Database,
    /// Where the server listens.
    pub address: &'a str,
    /// The tokens of the users who send them.
    pub tokens: Tokens,
    /// The folder for scripts.
    pub folder: &'a Path,
}

impl Wrk<'_> {
    /// Repeats `operation`.
    pub fn run(&self, operation: &Operation, load: Load) -> Result<Figures> {
        let mut script = String::new();
        if let Some(items) = operation.draw.items(self.plan) {
            self.database.restore_drafts()?;
            let rows = self.database.rows(&items)?;
            let path = self.folder.join("items.txt");
            fs::write(&path, rows.iter().map(|row| row.join(" ") + "\n").collect::<String>())?;
            let _ = writeln!(script, "ITEMS = \"{}\"", path.display());
        }
        script.push_str(SCRIPT);
        if operation.draw == Draw::Changed {
            script.push_str("response = put_back\n");
        }
        script.push_str(&operation.lua(&operation.draw.lua(self.plan)));
        self.load(&script, load)
    }

    /// Repeats `GET <path>` as `user`.
    pub fn get(&self, user: u32, path: &str, load: Load) -> Result<Figures> {
        let lua = format!(
            "function request()\n   return \"GET {path} HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nAuthorization: Bearer \" .. \
             TOKENS[{user}] .. \"\\r\\n\\r\\n\"\nend\n"
        );
        self.load(&format!("{SCRIPT}{lua}"), load)
    }

    fn load(&self, script: &str, load: Load) -> Result<Figures> {
        let threads = load.connections.min(2);
        let (seed, managers, first_manager) = (load.seed, self.plan.managers, READERS + 1);
        let mut text = format!(
            "THREADS, SEED, MANAGERS, FIRST_MANAGER = {threads}, {seed}, {managers}, {first_manager}\n\
             SYLLABLES = \"{SYLLABLES}\"\n{}{script}",
            self.tokens.lua()
        );
        if let Some(milliseconds) = load.think {
            // Like people, who act independently of each other.
            let _ = writeln!(text, "function delay() return 0.5 - math.log(1 - math.random()) * {milliseconds} end");
        }
        let path = self.folder.join("load.lua");
        fs::write(&path, text)?;
        let mut command = Command::new(found("wrk", "", "").ok_or("wrk is not installed (Debian has it as wrk)")?);
        command.args([
            "-t",
            &threads.to_string(),
            "-c",
            &load.connections.to_string(),
            "-d",
            &format!("{}s", load.seconds),
        ]);
        let before = allocations::so_far();
        let output =
            command.args(["--timeout", "30s", "-s"]).arg(&path).arg(format!("http://{}/", self.address)).output()?;
        let after = allocations::so_far();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let result = printed.lines().find_map(|line| line.strip_prefix("RESULT "));
        let result =
            result.ok_or_else(|| format!("wrk failed: {printed}{}", String::from_utf8_lossy(&output.stderr)))?;
        let figures = figures(&serde_json::from_str(result)?)?;
        let each = |after: u64, before: u64| {
            Ok::<_, std::num::TryFromIntError>(f64::from(u32::try_from(after - before)?) / figures.requests.max(1.0))
        };
        Ok(Figures {
            allocations: each(after.0, before.0)?,
            bytes: each(after.1 / 1024, before.1 / 1024)? * 1024.0,
            ..figures
        })
    }
}

fn figures(result: &Value) -> Result<Figures> {
    let number = |name: &str| result.get(name).and_then(Value::as_f64).ok_or_else(|| format!("wrk told no {name}"));
    let requests = number("requests")?;
    Ok(Figures {
        rate: requests * 1e6 / number("microseconds")?,
        p50: number("p50")? / 1000.0,
        p99: number("p99")? / 1000.0,
        requests,
        failures: number("refused")? + number("broken")?,
        ..Figures::default()
    })
}
