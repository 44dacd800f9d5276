//! Measures pgbench and the server in turn, round after round.

use std::{path::Path, time::Instant};

use crate::{
    Result,
    database::Database,
    operation::{OPERATIONS, Operation},
    pgbench::Script,
    plan::Plan,
    process::Used,
    server::Server,
    wrk::Wrk,
};

/// The load to apply.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// The number of connections.
    pub connections: u32,
    /// The time in seconds.
    pub seconds: u32,
    /// A different seed for each run.
    pub seed: u32,
    /// The average time between an answer and the next request in milliseconds; `None` means no pause.
    pub think: Option<f64>,
}

/// The result of a load.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Requests or transactions a second.
    pub rate: f64,
    /// The median time of a request in milliseconds.
    pub p50: f64,
    /// The 99th percentile of a request's time in milliseconds.
    pub p99: f64,
    /// The number of requests.
    pub requests: f64,
    /// How many of them failed.
    pub failures: f64,
    /// Processors used.
    pub used: Used,
    /// How many allocations the benchmark's own process made for a request. This is meaningful only for a server in
    /// this process.
    pub allocations: f64,
    /// How many bytes it allocated for a request.
    pub bytes: f64,
}

/// One operation at one number of connections.
pub struct Row {
    /// Which operation.
    pub operation: &'static Operation,
    /// The number of connections.
    pub connections: u32,
    /// pgbench with as many connections, or the most that it can have; the median round.
    pub pgbench: Figures,
    /// The server; the median round.
    pub server: Figures,
}

/// Everything that takes part in the benchmark.
pub struct Bench<'a> {
    /// What to measure.
    pub plan: &'a Plan,
    /// Postgres.
    pub database: &'a Database,
    /// The server.
    pub server: &'a Server,
    /// The load on the server.
    pub wrk: Wrk<'a>,
    /// For scripts and logs.
    pub folder: &'a Path,
    /// What went wrong so far.
    pub failures: Vec<String>,
    /// The number of runs so far.
    pub runs: u32,
}

impl Bench<'_> {
    /// Measures `operations`, each with its script for pgbench.
    pub fn operations(&mut self, operations: &[(&'static Operation, Script)]) -> Result<Vec<Row>> {
        let plan = self.plan;
        let mut rounds: Vec<Vec<(Figures, Figures)>> = Vec::new();
        for round in 1..=plan.rounds {
            let mut index = 0;
            self.wrk.tokens = self.server.sign_in_all()?;
            for (operation, script) in operations {
                for connections in plan.connections {
                    let (pgbench, server) = (self.load(*connections), self.load(*connections));
                    let pair = (self.pgbench(script, pgbench)?, self.operation(operation, server)?);
                    println!(
                        "  round {round}: {:8} {connections:3} connections: pgbench {:7.0}/s, server {:7.0}/s",
                        operation.name, pair.0.rate, pair.1.rate
                    );
                    if rounds.len() <= index {
                        rounds.push(Vec::new());
                    }
                    rounds.get_mut(index).ok_or("a row")?.push(pair);
                    index += 1;
                }
            }
        }
        let rows =
            operations.iter().flat_map(|(operation, _)| plan.connections.iter().map(move |count| (*operation, *count)));
        Ok(rows
            .zip(rounds)
            .map(|((operation, connections), pairs)| {
                let (pgbench, server) = pairs.into_iter().unzip();
                Row { operation, connections, pgbench: median(pgbench), server: median(server) }
            })
            .collect())
    }

    /// Runs every operation once, in a short run only the reads, so that data and query plans are in memory.
    pub fn warm_up(&mut self, operations: &[(&'static Operation, Script)]) -> Result<()> {
        let few = operations.iter().filter(|(operation, _)| self.plan.rounds > 1 || operation.written.is_none());
        for (operation, script) in few {
            let load = Load { seconds: 1, ..self.load(16) };
            self.pgbench(script, load)?;
            self.operation(operation, load)?;
        }
        Ok(())
    }

    fn load(&mut self, connections: u32) -> Load {
        self.runs += 1;
        Load { connections, seconds: self.plan.seconds, seed: self.runs, think: None }
    }

    /// Runs pgbench alone: the server is paused meanwhile, and the audit events that it would have to seal afterwards
    /// are deleted from its queue.
    fn pgbench(&mut self, script: &Script, load: Load) -> Result<Figures> {
        self.database.wait_for_connections_of("pgbench")?;
        // A server paused in a transaction would keep its locks and block others.
        self.database.wait_for_quiet()?;
        self.server.pause(true)?;
        let figures = self.timed(|bench| script.run(&bench.database.urls().server, bench.folder, load));
        self.database.run("DELETE FROM audit_unsealed")?;
        self.server.pause(false)?;
        figures
    }

    fn operation(&mut self, operation: &Operation, load: Load) -> Result<Figures> {
        let before = self.written(operation)?;
        let figures = self.timed(|bench| bench.wrk.run(operation, load))?;
        self.check(operation, figures, load.connections, &before)?;
        Ok(figures)
    }

    /// Repeats `GET <path>` as `user`.
    pub fn get(&mut self, user: u32, path: &str, connections: u32) -> Result<Figures> {
        let load = self.load(connections);
        let figures = self.timed(|bench| bench.wrk.get(user, path, load))?;
        self.complain(path, figures);
        Ok(figures)
    }

    /// Measures the operation at about `rate`, which the pause between requests sets.
    pub fn at_rate(&mut self, operation: &Operation, rate: f64, usual: Figures, connections: u32) -> Result<Figures> {
        let think = f64::from(connections) * 1000.0 / rate - usual.p50.min(1.0);
        let load = Load { think: Some(think.max(0.0)), seconds: self.plan.seconds.max(2), ..self.load(connections) };
        let figures = self.timed(|bench| bench.wrk.run(operation, load))?;
        self.complain(operation.title, figures);
        Ok(figures)
    }

    fn timed(&self, run: impl FnOnce(&Self) -> Result<Figures>) -> Result<Figures> {
        let (server, postmaster) = (self.server.process(), self.database.process()?);
        let (began, before) = (Instant::now(), Used::now(server, postmaster));
        let figures = run(self)?;
        let used = Used::now(server, postmaster).since(before).over(began.elapsed());
        Ok(Figures { used, ..figures })
    }

    fn complain(&mut self, what: &str, figures: Figures) {
        if figures.failures > 0.0 {
            let message = format!("{what}: {} of {} requests failed", figures.failures, figures.requests);
            println!("  FAILED: {message}");
            self.failures.push(message);
        }
    }

    /// The number of rows written so far: by the operation, in the audit log, in the outbox.
    fn written(&self, operation: &Operation) -> Result<Vec<f64>> {
        let Some(own) = operation.written else { return Ok(Vec::new()) };
        let row = self.database.rows(&format!(
            "SELECT ({own}), (SELECT count(*) FROM audit_events), (SELECT count(*) FROM outbox_events)"
        ))?;
        row.into_iter().flatten().map(|count| Ok(count.parse()?)).collect()
    }

    /// Checks that nothing failed and that each answered change was made once, with its audit row and its event.
    /// Requests that were running when wrk stopped may have been done without an answer.
    fn check(&mut self, operation: &Operation, figures: Figures, connections: u32, before: &[f64]) -> Result<()> {
        self.complain(operation.title, figures);
        if operation.written.is_none() {
            return Ok(());
        }
        self.database.wait_for_quiet()?;
        let after = self.written(operation)?;
        let grown: Vec<f64> = after.iter().zip(before).map(|(after, before)| after - before).collect();
        let answered = figures.requests - figures.failures;
        let all = grown.iter().all(|count| (answered..=answered + f64::from(connections)).contains(count));
        if !all || grown.iter().any(|count| Some(count) != grown.first()) {
            let message =
                format!("{}: {answered} answered, but rows, audit rows and events grew by {grown:?}", operation.title);
            println!("  FAILED: {message}");
            self.failures.push(message);
        }
        Ok(())
    }
}

/// The round whose rate is in the middle.
fn median(mut rounds: Vec<Figures>) -> Figures {
    rounds.sort_by(|one, other| one.rate.total_cmp(&other.rate));
    rounds.get(rounds.len() / 2).copied().unwrap_or_default()
}

/// The operation of this name.
pub fn operation(name: &str) -> Result<&'static Operation> {
    OPERATIONS
        .iter()
        .find(|operation| operation.name == name)
        .ok_or_else(|| format!("there is no operation {name}").into())
}
