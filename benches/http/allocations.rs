//! How often the server allocates memory for one request. To measure this, it runs in the benchmark's own process,
//! whose allocator counts.

use std::{alloc::System, net::TcpListener, sync::Arc, thread, time::Duration};

use clap::Parser;
use liaison::{
    app::{self, Parts},
    auth::hashing::Hashing,
    clock::Clock,
    commands,
    config::{Config, Settings},
    error::Error,
    lifecycle::Signals,
    secrets::{self, Secrets},
    server,
    setup::Urls,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use crate::{Result, measure::Load, operation::Operation, wrk::Wrk};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The arguments to start the server with.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

/// How often the whole process has allocated memory so far, and how many bytes.
pub fn so_far() -> (u64, u64) {
    let stats = ALLOCATOR.stats();
    let whole = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    (whole(stats.allocations + stats.reallocations), whole(stats.bytes_allocated))
}

/// Allocations and bytes for a request of each operation. The server keeps running until the process ends.
pub fn measure(wrk: &Wrk<'_>, operations: &[&'static Operation]) -> Result<Vec<(&'static Operation, f64, f64)>> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    // The tokens are those of the measured server.
    let issuer = format!("http://{}", wrk.address);
    let arguments =
        ["liaison", "--listen", &address, "--issuer", &issuer, "--requests-per-minute", "off", "--data-dir"];
    let arguments = arguments.map(String::from);
    let folder = wrk.database.folder.display().to_string();
    let config = Arguments::try_parse_from(arguments.into_iter().chain([folder]))?.settings.check()?;
    let urls = wrk.database.urls();
    thread::spawn(move || {
        if let Err(error) = actix_web::rt::System::new().block_on(serve(config, urls)) {
            eprintln!("the server in this process: {error}");
        }
    });
    for _ in 0..1000 {
        if std::net::TcpStream::connect(&address).is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let wrk = Wrk { address: &address, tokens: wrk.tokens.clone(), ..*wrk };
    let load = Load { connections: 1, seconds: 1, seed: 900, think: None };
    // The first requests allocate much that stays.
    for operation in operations {
        wrk.run(operation, Load { seed: 899, ..load })?;
    }
    let counted = operations.iter().map(|operation| {
        let figures = wrk.run(operation, load)?;
        if figures.failures > 0.0 {
            return Err(format!(
                "{}: {} requests failed while allocations were counted",
                operation.title, figures.failures
            )
            .into());
        }
        Ok((*operation, figures.allocations, figures.bytes))
    });
    counted.collect()
}

async fn serve(config: Config, urls: Urls) -> Result<(), Error> {
    let secrets = Secrets::derive(&secrets::from_file(&config.base.data_dir)?.current)?;
    let (hashing, clock) = (Hashing::new()?, Clock::system());
    let (login, keys, welcome) = commands::prepare(&urls, &secrets, &hashing, &clock).await?;
    let document = Arc::new(app::document().map_err(Error::internal)?);
    let limits = config.sign_in_limits;
    let parts = Parts::new(&config.issuer, secrets, hashing, keys, clock, limits, document);
    let signals = Signals::new().map_err(Error::internal)?;
    server::serve(&config, &login, parts, welcome, signals).await
}
