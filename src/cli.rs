//! The command line.

use std::{path::Path, process::ExitCode, sync::Arc};

use clap::{Args, Parser, Subcommand};

use crate::{
    app::{self, Parts},
    audit::Anchor,
    auth::hashing::Hashing,
    clock::Clock,
    commands::{self, DemoPassword, KeysCommand, SecretsCommand},
    config::{Config, Settings},
    db::Target,
    error::{Error, Result},
    local_postgres::{self, LocalPostgres},
    logging,
    secrets::{FromFile, Secrets, from_file},
    server,
    setup::Urls,
};

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
    /// Look after the audit log.
    Audit {
        /// What to do.
        #[command(subcommand)]
        what: Audit,
    },
    /// Look after the keys that sign access tokens.
    Keys {
        /// What to do.
        #[command(subcommand)]
        what: KeysCommand,
    },
    /// Look after the master secret.
    Secrets {
        /// What to do.
        #[command(subcommand)]
        what: SecretsCommand,
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
enum Audit {
    /// Verify that nobody changed, removed or inserted entries; otherwise fail and name what is wrong.
    Verify {
        #[command(flatten)]
        settings: Settings,
        /// A head that was noted before, as printed by a verification or logged every minute. Without it, the removal
        /// of the newest entries cannot be detected.
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<Anchor>,
    },
}

#[derive(Subcommand)]
enum User {
    /// Create a user and print the generated password, which the user must change before anything else.
    Create {
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        user: commands::CreateUser,
    },
    /// Give a user a new generated password, to be changed before anything else, and print it; all of the user's sessions
    /// end.
    ResetPassword {
        #[command(flatten)]
        settings: Settings,
        /// The address that the user signs in with.
        #[arg(long)]
        email: String,
    },
}

/// Executes the command line. Errors are printed on standard error.
pub fn run() -> ExitCode {
    match execute(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("liaison: {message}");
            ExitCode::FAILURE
        }
    }
}

fn execute(cli: Cli) -> Result<(), String> {
    let command = cli.command.unwrap_or(Command::Serve(cli.serve));
    match command {
        Command::Openapi => {
            let document = app::document().map_err(|error| error.to_string())?;
            print!("{}", document.json);
            Ok(())
        }
        Command::Serve(Serve { settings, demo, password }) => {
            let demo = demo.then_some(password);
            with_database(&settings, async |config, urls, secrets| Box::pin(serve(config, urls, secrets, demo)).await)
        }
        Command::Migrate { settings } => {
            with_database(&settings, async |_, urls, secrets| commands::migrate(urls, &secrets).await)
        }
        Command::Seed { what: Seed::Demo { settings, password } } => {
            with_database(&settings, async |_, urls, secrets| seed_demo(urls, &secrets, &password).await)
        }
        Command::Keys { what } => {
            let settings = what.settings().clone();
            with_database(&settings, async |_, urls, secrets| commands::keys(urls, &secrets, what).await)
        }
        Command::Secrets { what } => {
            with_database(what.settings(), async |_, urls, secrets| commands::secrets(urls, &secrets).await)
        }
        Command::Audit { what: Audit::Verify { settings, head } } => {
            with_database(&settings, async |_, urls, secrets| {
                commands::verify_audit(urls, &secrets, head.as_ref()).await
            })
        }
        Command::User { what: User::Create { settings, user } } => {
            with_database(&settings, async |_, urls, secrets| commands::create_user(urls, &secrets, user).await)
        }
        Command::User { what: User::ResetPassword { settings, email } } => {
            with_database(&settings, async |_, urls, secrets| commands::reset_password(urls, &secrets, &email).await)
        }
    }
}

async fn serve(config: &Config, urls: &Urls, secrets: Secrets, demo: Option<DemoPassword>) -> Result<()> {
    let hashing = Hashing::new()?;
    let clock = Clock::system();
    let (login, keys) = commands::prepare(urls, &secrets, &hashing, &clock).await?;
    if let Some(password) = &demo {
        commands::seed_demo_if_empty(&login, &secrets, &hashing, &clock, password).await?;
    }
    let document = Arc::new(app::document().map_err(Error::internal)?);
    let limits = config.sign_in_limits;
    let parts = Parts::new(&config.issuer, secrets, hashing, keys, clock, limits, document);
    server::serve(config, &login, parts).await
}

async fn seed_demo(urls: &Urls, secrets: &Secrets, password: &DemoPassword) -> Result<()> {
    let hashing = Hashing::new()?;
    let clock = Clock::system();
    let (login, _) = commands::prepare(urls, secrets, &hashing, &clock).await?;
    commands::seed_demo(&login, secrets, &hashing, &clock, password).await
}

/// Checks the settings, starts the local Postgres if no other is configured, does `work` and stops the local Postgres.
fn with_database(
    settings: &Settings,
    work: impl AsyncFnOnce(&Config, &Urls, Secrets) -> Result<()>,
) -> Result<(), String> {
    let config = settings.check()?;
    log_to_stderr(&config)?;
    warn_of_ways(&config);
    actix_web::rt::System::new().block_on(async {
        let secrets = secrets(&config).map_err(|error| error.to_string())?;
        let Some(url) = &config.database_url else {
            let local = start_local(&config.data_dir).await?;
            let urls = Urls { owner: local.url(), server: local.server_url() };
            let done = work(&config, &urls, secrets).await;
            let stopped = local.stop().await;
            done.map_err(|error| error.to_string())?;
            return stopped.map_err(|error| error.to_string());
        };
        let owner = config.migration_database_url.as_ref().unwrap_or(url);
        let urls = Urls { owner: owner.clone(), server: url.clone() };
        work(&config, &urls, secrets).await.map_err(|error| error.to_string())
    })
}

async fn start_local(data_dir: &Path) -> Result<LocalPostgres, String> {
    LocalPostgres::start(&local_postgres::Settings::new(data_dir)).await.map_err(|error| error.to_string())
}

fn secrets(config: &Config) -> Result<Secrets> {
    let FromFile { current, former } = match config.secret_key {
        Some(current) => FromFile { current, former: None },
        None => from_file(&config.data_dir)?,
    };
    let fallbacks: Vec<_> = config.secret_key_fallbacks.iter().copied().chain(former).collect();
    Secrets::with_fallbacks(&current, &fallbacks)
}

/// Warns the operator of risks in the database URLs.
fn warn_of_ways(config: &Config) {
    for url in config.database_url.iter().chain(&config.migration_database_url) {
        if let Some(caution) = Target::parse(url).ok().and_then(|target| target.caution()) {
            tracing::warn!("{caution}");
        }
    }
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
