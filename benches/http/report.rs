//! The results as a table, as Markdown and as JSON.

use std::{fmt::Write, fs};

use liaison::clock::Clock;
use serde_json::{Value, json};

use crate::{
    Result,
    measure::{Bench, Figures, Row},
    operation::Operation,
    pages::Pages,
    pgbench::MOST_CLIENTS,
    plan::USUAL,
};

/// An operation at half of the highest rate that the server reaches.
pub struct HalfLoad {
    /// Which operation.
    pub operation: &'static Operation,
    /// The results.
    pub figures: Figures,
}

/// The results of a run.
pub struct Report {
    /// `full` or `short`.
    pub name: &'static str,
    /// How many clients there were.
    pub clients: u32,
    /// How often each operation was measured, and for how many seconds.
    pub rounds: (u32, u32),
    /// The operations at each number of connections.
    pub rows: Vec<Row>,
    /// The operations at half load.
    pub half_load: Vec<HalfLoad>,
    /// The first and the deep page.
    pub pages: Pages,
    /// The server's memory in MB before the first request and at its largest.
    pub memory: (Option<f64>, Option<f64>),
    /// How many allocations the server makes for one request, and of how many bytes.
    pub allocations: Vec<(&'static Operation, f64, f64)>,
    /// The day.
    pub day: String,
    /// The machine.
    pub machine: String,
    /// How many processors other programs on the machine used meanwhile, on average.
    pub others: f64,
    /// What went wrong.
    pub failures: Vec<String>,
}

impl Report {
    /// A report of what `bench` measured.
    pub fn new(
        bench: &Bench<'_>,
        rows: Vec<Row>,
        half_load: Vec<HalfLoad>,
        pages: Pages,
        memory: (Option<f64>, Option<f64>),
        allocations: Vec<(&'static Operation, f64, f64)>,
    ) -> Result<Self> {
        let others: Vec<f64> =
            rows.iter().flat_map(|row| [row.pgbench.used.others(), row.server.used.others()]).collect();
        let postgres = bench.database.value("SHOW server_version")?;
        Ok(Self {
            name: bench.plan.name,
            clients: bench.plan.clients,
            rounds: (bench.plan.rounds, bench.plan.seconds),
            others: others.iter().sum::<f64>() / f64::from(u32::try_from(others.len().max(1))?),
            rows,
            half_load,
            pages,
            memory,
            allocations,
            day: Clock::system().now().utc().format("%Y-%m-%d").to_string(),
            machine: format!("{}, PostgreSQL {postgres}", machine()),
            failures: bench.failures.clone(),
        })
    }

    /// pgbench's highest rate at any number of clients.
    pub fn best(&self, operation: &Operation) -> f64 {
        let own = self.rows.iter().filter(|row| row.operation.name == operation.name);
        own.map(|row| row.pgbench.rate).fold(0.0, f64::max)
    }

    /// The rows with the usual number of connections.
    pub fn usual(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.connections == USUAL)
    }

    /// The report for the terminal.
    pub fn text(&self) -> String {
        let mut text = format!("\n{}\n\n", self.heading());
        text.push_str(
            "                    pgbench            Liaison                   ratio to pgbench  processors used\n\
             operation   conns       /s    p50    p99       /s    p50    p99   same   best  server postgres  wrk others\n",
        );
        for row in &self.rows {
            let Row { operation, connections, pgbench, server } = row;
            let used = server.used;
            let _ = writeln!(
                text,
                "{:10} {connections:6} {:8.0} {:6.2} {:6.2} {:8.0} {:6.2} {:6.2} {:6.2} {:6.2}  {:6.2} {:8.2} {:4.2} {:6.2}",
                operation.name,
                pgbench.rate,
                pgbench.p50,
                pgbench.p99,
                server.rate,
                server.p50,
                server.p99,
                server.rate / pgbench.rate,
                server.rate / self.best(operation),
                used.server,
                used.postgres,
                used.load,
                used.others(),
            );
        }
        text + "\n" + &self.notes().join("\n")
    }

    fn heading(&self) -> String {
        let (rounds, seconds) = self.rounds;
        format!(
            "{}, {}; {} clients; the median of {rounds} rounds of {seconds} s",
            self.day,
            self.machine,
            thousands(f64::from(self.clients))
        )
    }

    /// The notes below the tables.
    fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self
            .half_load
            .iter()
            .map(|half| {
                format!(
                    "At half load ({}/s over {USUAL} connections), 99 of 100 requests to {} take at most {:.1} ms, and half of them {:.1} ms.",
                    thousands(half.figures.rate),
                    half.operation.title,
                    half.figures.p99,
                    half.figures.p50
                )
            })
            .collect();
        let Pages { deep, first, last } = &self.pages;
        notes.push(format!(
            "Page {} of all clients takes {:.2} times as long as page 1 ({}/s and {}/s).",
            thousands(f64::from(*deep)),
            first.rate / last.rate,
            thousands(last.rate),
            thousands(first.rate)
        ));
        if let (Some(idle), Some(most)) = self.memory {
            notes.push(format!(
                "The server's memory is {idle:.0} MB before the first request and {most:.0} MB at most."
            ));
        }
        let counts = self.allocations.iter().map(|(operation, count, bytes)| {
            format!("{} {} ({:.0} KB)", operation.name, thousands(*count), bytes / 1024.0)
        });
        notes.push(format!("Allocations for one request: {}.", counts.collect::<Vec<_>>().join(", ")));
        notes.push(format!("pgbench has {MOST_CLIENTS} clients at most."));
        notes.push(format!("Other programs used {:.2} processors on average meanwhile.", self.others));
        notes
    }

    /// The report for `docs/benchmarks.md`.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "{}.\n\n| {USUAL} connections | pgbench/s | Liaison/s | ratio | to its best | p50 ms | p99 ms | processors: server, Postgres, wrk |\n\
             |---|--:|--:|--:|--:|--:|--:|---|\n",
            self.heading()
        );
        for row in self.usual() {
            let (pgbench, server) = (row.pgbench, row.server);
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.2} | {:.2} | {:.1} | {:.1} | {:.2}, {:.2}, {:.2} |",
                row.operation.title,
                thousands(pgbench.rate),
                thousands(server.rate),
                server.rate / pgbench.rate,
                server.rate / self.best(row.operation),
                server.p50,
                server.p99,
                server.used.server,
                server.used.postgres,
                server.used.load
            );
        }
        let notes = self.notes().join("\n- ");
        format!("{text}\n{}\n- {notes}\n", self.by_connections())
    }

    /// Liaison and pgbench at each number of connections.
    fn by_connections(&self) -> String {
        let mut counts: Vec<u32> = self.rows.iter().map(|row| row.connections).collect();
        counts.sort_unstable();
        counts.dedup();
        let heads: Vec<String> = counts.iter().map(u32::to_string).collect();
        let (heads, lines) = (heads.join(" | "), "--:|".repeat(counts.len()));
        let mut text = format!("| Liaison/s · pgbench/s at connections | {heads} |\n|---|{lines}\n");
        for one in self.usual() {
            let own = self.rows.iter().filter(|row| row.operation.name == one.operation.name);
            let cells = own.map(|row| format!("{} · {}", thousands(row.server.rate), thousands(row.pgbench.rate)));
            let _ = writeln!(text, "| {} | {} |", one.operation.title, cells.collect::<Vec<_>>().join(" | "));
        }
        text
    }

    /// The report for programs.
    pub fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "operation": row.operation.name, "connections": row.connections, "pgbench": figures(row.pgbench),
                "server": figures(row.server), "ratio": row.server.rate / row.pgbench.rate,
                "ratio_to_best": row.server.rate / self.best(row.operation),
            })
        });
        let half = self
            .half_load
            .iter()
            .map(|half| json!({"operation": half.operation.name, "server": figures(half.figures)}));
        json!({
            "name": self.name, "day": self.day, "machine": self.machine, "clients": self.clients,
            "rounds": self.rounds.0, "seconds": self.rounds.1, "rows": rows.collect::<Vec<_>>(),
            "half_load": half.collect::<Vec<_>>(),
            "pages": {"deep": self.pages.deep, "first": figures(self.pages.first), "last": figures(self.pages.last)},
            "memory_idle_mb": self.memory.0, "memory_most_mb": self.memory.1, "others_processors": self.others,
            "allocations": self.allocations.iter().map(|(operation, count, bytes)| {
                json!({"operation": operation.name, "count": count, "bytes": bytes})
            }).collect::<Vec<_>>(),
            "failures": self.failures,
        })
    }
}

fn figures(figures: Figures) -> Value {
    let used = figures.used;
    json!({
        "rate": figures.rate, "p50_ms": figures.p50, "p99_ms": figures.p99, "failures": figures.failures,
        "processors": {"server": used.server, "postgres": used.postgres, "load": used.load, "others": used.others()},
    })
}

/// A whole number with commas.
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name =
        processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = memory.lines().next().and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    let gigabytes = kilobytes.unwrap_or_default() / 1024.0 / 1024.0;
    format!("{cores} cores of {}, {gigabytes:.0} GB", name.unwrap_or("an unknown processor"))
}
