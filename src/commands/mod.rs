//! The commands of the command line other than serving.

mod archive;
mod backup;
mod keys;
mod postgres_tool;
mod restore;
mod secrets;
mod seed;

use std::path::PathBuf;

use clap::Args;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;

pub use self::{
    archive::Archive,
    backup::backup,
    keys::{KeysCommand, keys},
    restore::{refuse_to_overwrite, restore},
    secrets::{SecretsCommand, secrets},
    seed::{SeedClients, seed_clients},
};
use crate::{
    access::{Role, Scope, TeamId, token_keys::Keys},
    audit::{self, Anchor, FaultKind, Watch},
    auth::{
        self,
        hashing::Hashing,
        password::{Bearer, NewPassword},
    },
    change,
    clock::Clock,
    db::{self, Login, schema::teams},
    demo,
    error::{Error, Result},
    secrets::{Secrets, random_text},
    settings::secret,
    setup::{self, Prepared, Urls},
    teams::{self as groups, TeamTerms},
    users::{self as people, FirstPassword, UserTerms},
    values::{Email, Invalid, Line},
    welcome::{MUST_CHANGE, Welcome},
};

/// A user to be created from the command line.
#[derive(Args, Debug)]
pub struct CreateUser {
    /// The address to sign in with.
    #[arg(long)]
    email: String,
    /// The person's name.
    #[arg(long)]
    name: String,
    /// `manager`, `key_account_manager` or `supervisor`.
    #[arg(long)]
    role: String,
    /// The name of the team, which is created if it does not exist.
    #[arg(long)]
    team: String,
}

/// Brings the database up to date and says so.
///
/// # Errors
/// When the database cannot be reached or a migration fails.
pub async fn migrate(urls: &Urls, secrets: &Secrets) -> Result<()> {
    let ran = setup::bring_up_to_date(urls, secrets, &Clock::system()).await?;
    println!("{ran} migrations ran; the database is up to date.");
    Ok(())
}

/// Creates a user and prints the generated password, which the user must change before anything else.
///
/// # Errors
/// When the database cannot be reached or the user is not valid.
pub async fn create_user(urls: &Urls, secrets: &Secrets, user: CreateUser) -> Result<()> {
    let hashing = Hashing::new()?;
    let clock = Clock::system();
    let (login, _, _) = prepare(urls, secrets, &hashing, &clock).await?;
    let name = Line::parse(&user.name).map_err(Error::internal)?;
    let email = Email::parse(&user.email).map_err(Error::internal)?;
    let team = Line::parse(&user.team).map_err(Error::internal)?;
    let role: Role = user.role.parse().map_err(|_unknown| Error::internal("no such role"))?;
    let (password, hash) = generated(&hashing).await?;
    let mut connection = login.connect().await?;
    change::by_system(&mut connection, secrets, clock.now(), async |tx| {
        let found: Option<TeamId> =
            teams::table.filter(teams::name.eq(&team)).select(teams::id).first(&mut **tx).await.optional()?;
        let team_id = match found {
            Some(id) => id,
            None => groups::insert(tx, &Scope::system(), TeamTerms { name: team }).await?.id,
        };
        let new = UserTerms { name, email, job_title: None, role, team_id, timezone: None, language: None };
        people::insert(tx, &Scope::system(), new, FirstPassword::Temporary(hash)).await
    })
    .await?;
    println!("{} may sign in, and then {MUST_CHANGE}, with the password {}", user.email, password.reveal());
    Ok(())
}

/// Gives a user a new password, prints it, and ends the user's sessions. The user must change it before anything else.
///
/// # Errors
/// When there is no such user.
pub async fn reset_password(urls: &Urls, secrets: &Secrets, email: &str) -> Result<()> {
    let hashing = Hashing::new()?;
    let clock = Clock::system();
    let (login, _, _) = prepare(urls, secrets, &hashing, &clock).await?;
    let (password, hash) = generated(&hashing).await?;
    let mut connection = login.connect().await?;
    let email = email.trim().to_lowercase();
    change::by_system(&mut connection, secrets, clock.now(), async |tx| {
        auth::reset_password(tx, &Scope::system(), &email, hash).await
    })
    .await?;
    println!("{email} may sign in, and then {MUST_CHANGE}, with the password {}", password.reveal());
    Ok(())
}

async fn generated(hashing: &Hashing) -> Result<(NewPassword, String)> {
    let password = NewPassword::parse(&random_text::<18>()?).map_err(Error::internal)?;
    let hash = hashing.hash(password.clone()).await?;
    Ok((password, hash))
}

/// The password of the demonstration company's users.
#[derive(Args, Clone)]
#[command(next_help_heading = "Demonstration company")]
pub struct DemoPassword {
    /// The password of all users of the demonstration company, or of made-up clients, at least 15 characters; generated when
    /// left out.
    #[arg(long, env = "LIAISON_DEMO_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    demo_password: Option<String>,
    /// A file with that password, in place of the password itself.
    #[arg(long, env = "LIAISON_DEMO_PASSWORD_FILE", value_name = "FILE")]
    demo_password_file: Option<PathBuf>,
}

impl DemoPassword {
    fn given(&self) -> Result<Option<String>> {
        let name = "LIAISON_DEMO_PASSWORD";
        let given = secret(name, self.demo_password.as_deref(), self.demo_password_file.as_deref());
        given.map_err(|problem| Error::internal(format!("{name}_FILE: {problem}")))
    }
}

/// Fills an empty database with the demonstration company, and adds its users to the welcome.
///
/// # Errors
/// When the database has clients already, or the password given is too short.
pub async fn seed_demo(
    login: &Login,
    secrets: &Secrets,
    hashing: &Hashing,
    clock: &Clock,
    given: &DemoPassword,
    welcome: &mut Welcome,
) -> Result<()> {
    let (password, shown) = chosen_password(given)?;
    tracing::info!("the demonstration company, Northwind, is loaded");
    let mut connection = login.connect().await?;
    demo::load(&mut connection, secrets, hashing, clock, password).await?;
    welcome.add_demo(&shown);
    Ok(())
}

/// The password that is given or else generated, and how it is shown.
fn chosen_password(given: &DemoPassword) -> Result<(NewPassword, String)> {
    let (password, shown) = match given.given()? {
        Some(text) => (text, "of LIAISON_DEMO_PASSWORD".to_owned()),
        None => {
            let text = random_text::<18>()?;
            (text.clone(), text)
        }
    };
    let password =
        demo_password(&password).map_err(|invalid| Error::internal(format!("LIAISON_DEMO_PASSWORD: {invalid}")))?;
    Ok((password, shown))
}

fn demo_password(text: &str) -> Result<NewPassword, Invalid> {
    let password = NewPassword::parse(text)?;
    password.check(&Bearer { email: "northwind.example", name: "Northwind", has_second_factor: false })?;
    Ok(password)
}

/// Like [`seed_demo`], but does nothing when the database has clients already. Servers that start together take turns,
/// so that one of them loads the company.
///
/// # Errors
/// When the database fails.
pub async fn seed_demo_if_empty(
    urls: &Urls,
    login: &Login,
    secrets: &Secrets,
    hashing: &Hashing,
    clock: &Clock,
    given: &DemoPassword,
    welcome: &mut Welcome,
) -> Result<()> {
    let mut turn = db::migrations::turn(&urls.owner).await?;
    let is_empty = demo::is_empty(&mut login.connect().await?).await?;
    if is_empty {
        seed_demo(login, secrets, hashing, clock, given, welcome).await?;
    }
    turn.end().await
}

/// Verifies the audit log and prints what was found. Changes nothing.
///
/// # Errors
/// The first fault, if there is one.
pub async fn verify_audit(urls: &Urls, secrets: &Secrets, watch: &Watch, head: Option<Anchor>) -> Result<()> {
    let connection = setup::login(urls).await?.connect().await?;
    let noted: Vec<Anchor> = watch.anchor(&connection).await?.into_iter().chain(head).collect();
    let found = audit::verify(&connection, secrets, &noted).await?;
    println!("{} seals and {} events verified, {} events wait for a seal.", found.seals, found.events, found.waiting);
    if let Some(head) = &found.head {
        println!("The head is {}:{}", head.number, head.hash);
    }
    for fault in &found.faults {
        println!("{fault}");
    }
    match found.faults.as_slice() {
        [] => Ok(()),
        faults if faults.iter().all(|fault| fault.kind == FaultKind::KeyUnknown) => Err(Error::internal(
            "nothing is known to be changed, but some of the audit log is signed with a master secret that is not known; \
             give that one in LIAISON_SECRET_KEY_FALLBACKS",
        )),
        [fault, ..] => Err(Error::internal(format!("the audit log is not as it was written: {fault}"))),
    }
}

/// Prepares the database. On the very first start, the welcome has the first supervisor's password.
///
/// # Errors
/// As [`setup::prepare`].
pub async fn prepare(
    urls: &Urls,
    secrets: &Secrets,
    hashing: &Hashing,
    clock: &Clock,
) -> Result<(Login, Keys, Welcome)> {
    tracing::info!("the database is brought up to date");
    let Prepared { login, keys, first_password } = setup::prepare(urls, secrets, hashing, clock).await?;
    Ok((login, keys, Welcome::of(first_password)))
}
