//! How many requests a second the server answers, compared with the most that Postgres can do: pgbench with the same
//! SQL that the server sends, on the same machine, in the same run.
//!
//! `cargo bench --bench http` is the full run, `cargo bench --bench http -- --short` one of two minutes. It needs `wrk`
//! and `pgbench`. All its files are in `target/bench`.

mod allocations;
mod capture;
mod chart;
mod database;
mod docs;
mod measure;
mod operation;
mod overload;
mod pages;
mod pgbench;
mod plan;
mod pressure;
mod process;
mod report;
mod server;
mod soak;
mod template;
mod wrk;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;

use crate::{
    database::Database,
    measure::Bench,
    operation::{OPERATIONS, Operation},
    pages::Pages,
    pgbench::Script,
    plan::{Plan, USUAL},
    report::{HalfLoad, Report},
    server::{Server, Tokens},
    wrk::Wrk,
};

/// An error message for a person.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Error> = std::result::Result<T, E>;

/// Compares the server with pgbench.
#[derive(Parser)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
struct Options {
    /// 100,000 clients and one short round, for a first look.
    #[arg(long)]
    short: bool,
    /// Another number of clients, to see how the figures grow with it: 10,000 or more, a multiple of 2,500 below a
    /// million and of 6,250 from a million on.
    #[arg(long, value_name = "COUNT")]
    clients: Option<u32>,
    /// Only these operations, by their short names.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    only: Vec<String>,
    /// The server to measure, for example another build to compare with.
    #[arg(long, value_name = "PROGRAM", default_value = env!("CARGO_BIN_EXE_liaison"))]
    server: PathBuf,
    /// Put the table and the chart into docs.
    #[arg(long)]
    write_docs: bool,
    /// Send the server three times as many requests as it can answer, and measure nothing else.
    #[arg(long)]
    overload: bool,
    /// Load the server with 70 % of what it can do for this many minutes, and measure nothing else.
    #[arg(long, value_name = "MINUTES")]
    soak: Option<u32>,
    /// Print pgbench's scripts.
    #[arg(long)]
    show_scripts: bool,
    /// The flag that cargo passes to a benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if !options.bench {
        println!("This is a benchmark: cargo bench --bench http");
        return ExitCode::SUCCESS;
    }
    match run(&options) {
        Ok(failures) if failures.is_empty() => ExitCode::SUCCESS,
        Ok(failures) => {
            eprintln!("THE BENCHMARK FAILED; its figures are worth nothing:\n{}", failures.join("\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("THE BENCHMARK FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the benchmark; returns what makes its figures invalid.
fn run(options: &Options) -> Result<Vec<String>> {
    let plan = plan(options)?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap_or(Path::new("target")).join("bench");
    fs::create_dir_all(&folder)?;
    let operations = asked(options)?;
    let database = Database::open(&plan, &folder, &options.server)?;
    let failures = if options.overload || options.soak.is_some() {
        steadiness(options, &plan, &folder, &database)
    } else {
        speed(options, &plan, &folder, &database, &operations)
    };
    database.close()?;
    failures
}

/// Measures the server under overload, or under a long load; returns which limits it did not keep.
fn steadiness(options: &Options, plan: &Plan, folder: &Path, database: &Database) -> Result<Vec<String>> {
    let server = Server::start(&options.server, &database.folder)?;
    let mut failures = Vec::new();
    if options.overload {
        let (found, missed) = overload::measure(plan, &server)?;
        fs::write(folder.join("overload.json"), format!("{found:#}\n"))?;
        failures.extend(missed);
    }
    if let Some(minutes) = options.soak {
        let (found, missed) = soak::measure(plan, database, &server, minutes)?;
        fs::write(folder.join("soak.json"), format!("{found:#}\n"))?;
        failures.extend(missed);
    }
    Ok(failures)
}

fn speed(
    options: &Options,
    plan: &Plan,
    folder: &Path,
    database: &Database,
    operations: &[&'static Operation],
) -> Result<Vec<String>> {
    let report = measure(options, plan, folder, database, operations)?;
    println!("{}", report.text());
    fs::write(folder.join(format!("{}.json", plan.name)), format!("{:#}\n", report.json()))?;
    chart::draw(&report, &folder.join("benchmark.svg"))?;
    if options.write_docs && report.failures.is_empty() {
        docs::write(&report)?;
    }
    Ok(report.failures)
}

fn plan(options: &Options) -> Result<Plan> {
    let plan = if options.short { Plan::SHORT } else { Plan::FULL };
    let Some(clients) = options.clients else { return Ok(plan) };
    let plan = Plan { clients, managers: if clients < Plan::FULL.clients { 100 } else { 250 }, ..plan };
    let fits = clients.is_multiple_of(plan.managers * 25) && plan.each() >= 100;
    if fits { Ok(plan) } else { Err("--clients: less than 10,000 or no such multiple".into()) }
}

fn asked(options: &Options) -> Result<Vec<&'static Operation>> {
    if options.only.is_empty() {
        return Ok(OPERATIONS.iter().collect());
    }
    options.only.iter().map(|name| measure::operation(name)).collect()
}

fn measure(
    options: &Options,
    plan: &Plan,
    folder: &Path,
    database: &Database,
    operations: &[&'static Operation],
) -> Result<Report> {
    let scripts = scripts(options, plan, database, operations)?;
    let server = Server::start(&options.server, &database.folder)?;
    let wrk = Wrk { plan, database, address: &server.address, tokens: server.sign_in_all()?, folder };
    let mut bench = Bench { plan, database, server: &server, wrk, folder, failures: Vec::new(), runs: 0 };
    println!("Measuring, {} rounds of {} s each.", plan.rounds, plan.seconds);
    bench.warm_up(&scripts)?;
    let rows = bench.operations(&scripts)?;
    bench.wrk.tokens = server.sign_in_all()?;
    let mut half_load = Vec::new();
    for name in ["get", "list"] {
        let operation = measure::operation(name)?;
        let own = || rows.iter().filter(|row| row.operation.name == name).map(|row| row.server);
        let Some(peak) = own().max_by(|one, other| one.rate.total_cmp(&other.rate)) else { continue };
        half_load.push(HalfLoad { operation, figures: bench.at_rate(operation, peak.rate / 2.0, peak, USUAL)? });
    }
    let pages = Pages::measure(&mut bench)?;
    let memory = server.memory("VmHWM");
    let allocations = allocations::measure(&bench.wrk, operations)?;
    let memory = (server.idle, memory);
    Report::new(&bench, rows, half_load, pages, memory, allocations)
}

/// The script that pgbench repeats, for each operation.
fn scripts(
    options: &Options,
    plan: &Plan,
    database: &Database,
    operations: &[&'static Operation],
) -> Result<Vec<(&'static Operation, Script)>> {
    capture::log_statements(database, true)?;
    let captured = (|| {
        let server = Server::start(&options.server, &database.folder)?;
        let tokens: Tokens = server.sign_in_all()?;
        let scripts = operations.iter().map(|operation| {
            let script = capture::capture(database, &server, &tokens, operation, plan)?;
            if options.show_scripts {
                println!("-- {}\n{}", operation.name, script.text);
            }
            Ok((*operation, script))
        });
        scripts.collect()
    })();
    capture::log_statements(database, false)?;
    captured
}
