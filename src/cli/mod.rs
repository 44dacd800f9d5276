//! The command line.

mod around;
#[cfg(target_os = "linux")]
mod confine;

use std::{io, path::PathBuf, process::ExitCode, sync::Arc};

use actix_web::web::Data;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use self::around::{Outcome, backup, restore, serving, with_database};
use crate::{
    access::token_keys::Keys,
    app::{self, Parts},
    audit::{Anchor, Watch},
    auth::hashing::Hashing,
    clock::Clock,
    commands::{self, DemoPassword, KeysCommand, SecretsCommand, SeedClients},
    config::{BaseSettings, Config, Settings},
    db::Login,
    error::{Error, Result},
    lifecycle::Signals,
    secrets::Secrets,
    server,
    setup::Urls,
    welcome::Welcome,
};

/// What `--help` ends with.
const FIRST_STEPS: &str = "To try it: `liaison --demo`, and open http://127.0.0.1:8080/docs/";

/// A headless CRM: a client manager's whole job as a JSON API over Postgres.
#[derive(Parser)]
#[command(version, about, args_conflicts_with_subcommands = true, after_help = FIRST_STEPS)]
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
    #[arg(long, help_heading = "Demonstration company")]
    demo: bool,
    #[command(flatten)]
    password: DemoPassword,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API; the same as no command.
    Serve(Box<Serve>),
    /// Bring the database up to date, and end.
    Migrate {
        #[command(flatten)]
        settings: BaseSettings,
    },
    /// Save the database and the master secret in one file, while servers run.
    Backup {
        #[command(flatten)]
        settings: BaseSettings,
        /// The new file. It will hold the master secret, and only its owner may read it.
        file: PathBuf,
    },
    /// Restore a backup into an empty data folder and an empty database, and verify its audit log.
    Restore {
        #[command(flatten)]
        settings: BaseSettings,
        /// The file that `liaison backup` made.
        file: PathBuf,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Print the completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page, for `man -l`.
    Man,
    /// Fill an empty database: with made-up clients in any number, or with the demonstration company.
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Seed {
        #[command(flatten)]
        settings: Box<BaseSettings>,
        #[command(flatten)]
        password: DemoPassword,
        #[command(flatten)]
        clients: SeedClients,
        /// What else to fill it with.
        #[command(subcommand)]
        what: Option<Seed>,
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
        settings: BaseSettings,
        #[command(flatten)]
        password: DemoPassword,
    },
}

#[derive(Subcommand)]
enum Audit {
    /// Verify that nobody changed, removed or inserted entries; otherwise fail and name what is wrong.
    Verify {
        #[command(flatten)]
        settings: BaseSettings,
        /// A head that was noted before, as printed by a verification or logged every minute. The newest one that a server
        /// of this data folder has seen is compared in any case.
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<Anchor>,
    },
}

#[derive(Subcommand)]
enum User {
    /// Create a user and print the generated password, which the user must change before anything else.
    Create {
        #[command(flatten)]
        settings: BaseSettings,
        #[command(flatten)]
        user: commands::CreateUser,
    },
    /// Give a user a new generated password, to be changed before anything else, and print it; all of the user's sessions
    /// end.
    ResetPassword {
        #[command(flatten)]
        settings: BaseSettings,
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
    let command = cli.command.unwrap_or(Command::Serve(Box::new(cli.serve)));
    match command {
        Command::Openapi => openapi(),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "liaison", &mut io::stdout());
            Ok(())
        }
        Command::Man => manual_page(),
        Command::Serve(with) => serve_with(*with),
        Command::Migrate { settings } => {
            with_database(&settings.check()?, async |urls, secrets| commands::migrate(urls, &secrets).await)
        }
        Command::Backup { settings, file } => backup(&settings.check()?, &file),
        Command::Restore { settings, file } => restore(&settings.check()?, &file),
        Command::Seed { what: Some(Seed::Demo { settings, password }), .. } => {
            with_database(&settings.check()?, async |urls, secrets| seed_demo(urls, &secrets, &password).await)
        }
        Command::Seed { settings, password, clients, what: None } => {
            with_database(&settings.check()?, async |urls, secrets| {
                commands::seed_clients(urls, &secrets, &clients, &password).await
            })
        }
        Command::Keys { what } => {
            let base = what.settings().check()?;
            with_database(&base, async |urls, secrets| commands::keys(urls, &secrets, what).await)
        }
        Command::Secrets { what } => {
            let base = what.settings().check()?;
            with_database(&base, async |urls, secrets| commands::secrets(urls, &secrets).await)
        }
        Command::Audit { what: Audit::Verify { settings, head } } => {
            let base = settings.check()?;
            with_database(&base, async |urls, secrets| {
                commands::verify_audit(urls, &secrets, &Watch::over(&base.data_dir)?, head).await
            })
        }
        Command::User { what: User::Create { settings, user } } => {
            with_database(&settings.check()?, async |urls, secrets| commands::create_user(urls, &secrets, user).await)
        }
        Command::User { what: User::ResetPassword { settings, email } } => {
            with_database(&settings.check()?, async |urls, secrets| {
                commands::reset_password(urls, &secrets, &email).await
            })
        }
    }
}

fn serve_with(Serve { settings, demo, password }: Serve) -> Result<(), String> {
    let demo = demo.then_some(password);
    let config = settings.check()?;
    server::refuse_taken_ports(&config)?;
    serving(&config.base, async |urls, secrets, signals| Box::pin(serve(&config, urls, secrets, demo, signals)).await)
}

fn openapi() -> Result<(), String> {
    let document = app::document().map_err(|error| error.to_string())?;
    print!("{}", document.json);
    Ok(())
}

fn manual_page() -> Result<(), String> {
    clap_mangen::Man::new(Cli::command()).render(&mut io::stdout()).map_err(|error| error.to_string())
}

async fn serve(
    config: &Config,
    urls: &Urls,
    secrets: Secrets,
    demo: Option<DemoPassword>,
    mut signals: Signals,
) -> Result<Outcome> {
    let hashing = Hashing::new()?;
    let clock = Clock::system();
    let prepared = signals.unless_told(Box::pin(prepare(urls, &secrets, &hashing, &clock, demo.as_ref()))).await;
    let Some(prepared) = prepared else {
        return Ok(Outcome::BrokenOff);
    };
    let (login, keys, welcome) = prepared?;
    let document = Arc::new(app::document().map_err(Error::internal)?);
    let limits = config.sign_in_limits;
    let parts = Parts::new(&config.issuer, secrets, hashing, keys, clock, limits, document);
    let parts = Parts { watch: Data::new(Watch::over(&config.base.data_dir)?), ..parts };
    server::serve(config, &login, parts, welcome, signals).await?;
    Ok(Outcome::Done)
}

/// Prepares the database, and fills it with the demonstration company if that was asked for and it is empty.
async fn prepare(
    urls: &Urls,
    secrets: &Secrets,
    hashing: &Hashing,
    clock: &Clock,
    demo: Option<&DemoPassword>,
) -> Result<(Login, Keys, Welcome)> {
    let (login, keys, mut welcome) = commands::prepare(urls, secrets, hashing, clock).await?;
    if let Some(password) = demo {
        commands::seed_demo_if_empty(urls, &login, secrets, hashing, clock, password, &mut welcome).await?;
    }
    Ok((login, keys, welcome))
}

async fn seed_demo(urls: &Urls, secrets: &Secrets, password: &DemoPassword) -> Result<()> {
    let hashing = Hashing::new()?;
    let clock = Clock::system();
    let (login, _, mut welcome) = commands::prepare(urls, secrets, &hashing, &clock).await?;
    commands::seed_demo(&login, secrets, &hashing, &clock, password, &mut welcome).await
}
