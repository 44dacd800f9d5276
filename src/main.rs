//! The command line of Liaison.

use std::{path::Path, process::ExitCode, sync::Arc};

use clap::{Args, Parser, Subcommand};
use liaison::{
    auth::hashing::Hashing,
    clock::Clock,
    commands::{self, DemoPassword},
    config::{Config, Settings},
    db::local::{self, LocalPostgres},
    error::{Error, Result},
    logging,
    openapi::Document,
    secrets::Secrets,
    server,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A headless CRM: a client manager's whole job as a JSON API over Postgres.
#[derive(Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    serve: Serve,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// Load the demonstration company when the database is empty.
    #[arg(long)]
    demo: bool,
    #[command(flatten)]
    password: DemoPassword,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API; the same as no command.
    Serve(Serve),
    /// Bring the database up to date, and end.
    Migrate {
        #[command(flatten)]
        settings: Settings,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Fill an empty database.
    Seed {
        /// What to fill it with.
        #[command(subcommand)]
        what: Seed,
    },
    /// Administer users without signing in.
    User {
        /// What to do.
        #[command(subcommand)]
        what: User,
    },
}

#[derive(Subcommand)]
enum Seed {
    /// The demonstration company: Northwind, a food trader, with its clients, products and orders.
    Demo {
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        password: DemoPassword,
    },
}

#[derive(Subcommand)]
enum User {
    /// Create a user and print the generated password.
    Create {
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        user: commands::CreateUser,
    },
    /// Give a user a new generated password and print it; all of the user's sessions end.
    ResetPassword {
        #[command(flatten)]
        settings: Settings,
        /// The address that the user signs in with.
        #[arg(long)]
        email: String,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("liaison: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), String> {
    let command = cli.command.unwrap_or(Command::Serve(cli.serve));
    match command {
        Command::Openapi => {
            let document = Document::build().map_err(|error| error.to_string())?;
            print!("{}", document.json);
            Ok(())
        }
        Command::Serve(Serve { settings, demo, password }) => {
            let demo = demo.then_some(password);
            with_database(&settings, async |config, url, secrets| serve(config, url, secrets, demo).await)
        }
        Command::Migrate { settings } => with_database(&settings, async |_, url, _| commands::migrate(url).await),
        Command::Seed { what: Seed::Demo { settings, password } } => {
            with_database(&settings, async |_, url, secrets| seed_demo(url, &secrets, &password).await)
        }
        Command::User { what: User::Create { settings, user } } => {
            with_database(&settings, async |_, url, secrets| commands::create_user(url, &secrets, user).await)
        }
        Command::User { what: User::ResetPassword { settings, email } } => {
            with_database(&settings, async |_, url, secrets| commands::reset_password(url, &secrets, &email).await)
        }
    }
}

async fn serve(config: &Config, url: &str, secrets: Secrets, demo: Option<DemoPassword>) -> Result<()> {
    let hashing = Hashing::new()?;
    let clock = Clock::system();
    let keys = commands::prepare(url, &secrets, &hashing, &clock).await?;
    if let Some(password) = &demo {
        commands::seed_demo_if_empty(url, &hashing, &clock, password).await?;
    }
    let document = Arc::new(Document::build().map_err(Error::internal)?);
    let state = server::state(&config.issuer, secrets, hashing, keys, clock, config.sign_in_limits, document);
    server::serve(config, url, state).await
}

async fn seed_demo(url: &str, secrets: &Secrets, password: &DemoPassword) -> Result<()> {
    let hashing = Hashing::new()?;
    let clock = Clock::system();
    commands::prepare(url, secrets, &hashing, &clock).await?;
    commands::seed_demo(url, &hashing, &clock, password).await
}

/// Checks the settings, has a database ready, does `work` and leaves the database as it should be left.
fn with_database(
    settings: &Settings,
    work: impl AsyncFnOnce(&Config, &str, Secrets) -> Result<()>,
) -> Result<(), String> {
    let config = settings.check()?;
    log_to_stderr(&config)?;
    actix_web::rt::System::new().block_on(async {
        let secrets = secrets(&config).map_err(|error| error.to_string())?;
        let Some(url) = &config.database_url else {
            let local = start_local(&config.data_dir).await?;
            let done = work(&config, &local.url(), secrets).await;
            let stopped = local.stop().await;
            done.map_err(|error| error.to_string())?;
            return stopped.map_err(|error| error.to_string());
        };
        work(&config, url, secrets).await.map_err(|error| error.to_string())
    })
}

async fn start_local(data_dir: &Path) -> Result<LocalPostgres, String> {
    LocalPostgres::start(&local::Settings::new(data_dir)).await.map_err(|error| error.to_string())
}

fn secrets(config: &Config) -> Result<Secrets> {
    let master = match config.secret_key {
        Some(key) => key,
        None => liaison::secrets::from_file(&config.data_dir)?,
    };
    Secrets::derive(&master)
}

fn log_to_stderr(config: &Config) -> Result<(), String> {
    let filter = logging::filter(&config.log).map_err(|error| format!("--log: {error}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if config.log_json {
        log.json().init();
    } else {
        log.init();
    }
    Ok(())
}
