//! What a database needs before it can serve: its schema, the first policies, signing keys and a supervisor.

use diesel::QueryDsl;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    access::{
        Role, Scope,
        token_keys::{Keys, PRIVATE_KEYS},
    },
    audit,
    auth::{hashing::Hashing, password::NewPassword, second_factor::SEEDS},
    change::{self, idempotency::ANSWERS},
    clock::Clock,
    db::{self, Login, privileges, schema::users},
    error::{Error, Result},
    mail::LETTERS,
    roles,
    secrets::{
        Secrets, random_text,
        reseal::{self, Place},
    },
    signing_keys,
    teams::{self, TeamTerms},
    users::{self as people, FirstPassword, UserTerms},
    values::{Email, Line},
};

/// The e-mail address of the supervisor that the first start creates.
pub const FIRST_SUPERVISOR: &str = "supervisor@liaison.example";

/// Everything that is sealed with the master secret.
pub const SEALED: [Place; 5] = [PRIVATE_KEYS, SEEDS, audit::FORMER_KEYS, LETTERS, ANSWERS];

/// The URLs of the database: with the login of its owner, and with the server's login. They may be the same.
#[derive(Clone)]
pub struct Urls {
    /// With the login that owns the database and changes its schema.
    pub owner: String,
    /// With the login that serves requests.
    pub server: String,
}

/// What was set up.
pub struct Prepared {
    /// The login that serves requests.
    pub login: Login,
    /// The signing keys.
    pub keys: Keys,
    /// The password of the first supervisor if there was no user before. It must be changed at once.
    pub first_password: Option<String>,
}

/// Brings the database up to date and creates what is missing. Servers that start together take turns.
///
/// # Errors
/// When the database cannot be reached, a migration fails, the server's login may not become its role, or the master
/// secret does not fit the database.
pub async fn prepare(urls: &Urls, secrets: &Secrets, hashing: &Hashing, clock: &Clock) -> Result<Prepared> {
    let mut turn = db::migrations::turn(&urls.owner).await?;
    migrate(urls, secrets, clock).await?;
    let login = login(urls).await?;
    let mut connection = login.connect().await?;
    roles::insert_initial(&mut connection, clock.now()).await?;
    let keys = signing_keys::load(&mut connection, secrets, clock.now()).await?;
    refuse_other_secret(&mut connection, secrets).await?;
    let first_password = first_supervisor(&mut connection, secrets, hashing, clock).await?;
    turn.end().await?;
    Ok(Prepared { login, keys, first_password })
}

/// Brings the schema and the server's privileges up to date, and returns how many migrations ran. A login that may not
/// change the schema can still serve if the schema is up to date.
///
/// # Errors
/// As [`prepare`].
pub async fn bring_up_to_date(urls: &Urls, secrets: &Secrets, clock: &Clock) -> Result<usize> {
    let mut turn = db::migrations::turn(&urls.owner).await?;
    let ran = migrate(urls, secrets, clock).await?;
    turn.end().await?;
    Ok(ran)
}

async fn migrate(urls: &Urls, secrets: &Secrets, clock: &Clock) -> Result<usize> {
    let mut owner = db::connect(&urls.owner).await?;
    if !privileges::may_migrate(&mut owner).await? {
        return match db::migrations::standing(&mut owner).await?.pending {
            0 => Ok(0),
            pending => Err(Error::internal(format!(
                "{pending} migrations have yet to run, and the login of the database may not change its schema; \
                 run `liaison migrate` with LIAISON_MIGRATION_DATABASE_URL of its owner"
            ))),
        };
    }
    let ran = db::migrations::run(&urls.owner).await?;
    privileges::ensure_role(&mut owner).await?;
    if urls.owner == urls.server {
        privileges::join(&mut owner).await?;
    }
    // If there are migrations that this server does not know, a newer server has set the privileges.
    if db::migrations::standing(&mut owner).await?.unknown == 0 {
        privileges::grant(&mut owner).await?;
    }
    audit::begin_chain(&mut owner, secrets, clock.now()).await?;
    Ok(ran)
}

/// The login that serves requests. It works as the server's role if it may become that role.
///
/// # Errors
/// When the login is not the owner's and may not become the role.
pub async fn login(urls: &Urls) -> Result<Login> {
    let mut db = db::connect(&urls.server).await?;
    if privileges::may_become(&mut db).await? {
        return Ok(Login::restricted(&urls.server));
    }
    let (name, role) = (privileges::login(&mut db).await?, privileges::ROLE);
    let cure = format!("have an administrator of the cluster run: CREATE ROLE {role} NOLOGIN; GRANT {role} TO {name};");
    if urls.owner != urls.server {
        return Err(Error::internal(format!("the login of DATABASE_URL may not work as the role {role}; {cure}")));
    }
    tracing::warn!("the server works in the database with all rights of its login, not as the role {role}; {cure}");
    Ok(Login { url: urls.server.clone(), role: None })
}

/// Refuses to serve with a secret that was replaced, or without one that is still needed. Letters and stored answers
/// are not checked: they are deleted within a day.
async fn refuse_other_secret(db: &mut AsyncPgConnection, secrets: &Secrets) -> Result<()> {
    audit::refuse_replaced(db, secrets).await?;
    for place in [&SEEDS, &audit::FORMER_KEYS] {
        let unreadable = reseal::unreadable(db, secrets, place).await?;
        if unreadable > 0 {
            return Err(Error::internal(format!(
                "{unreadable} {} in the database were sealed with another master secret than {}; give the former one in \
                 LIAISON_SECRET_KEY_FALLBACKS until `liaison secrets reseal` says that it is needed no more",
                place.what,
                secrets.ids()
            )));
        }
    }
    Ok(())
}

async fn first_supervisor(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    hashing: &Hashing,
    clock: &Clock,
) -> Result<Option<String>> {
    let any: i64 = users::table.limit(1).count().get_result(db).await?;
    if any > 0 {
        return Ok(None);
    }
    let password = random_text::<18>()?;
    let hash = hashing.hash(NewPassword::parse(&password).map_err(Error::internal)?).await?;
    let supervisor = |team_id| -> Result<UserTerms> {
        Ok(UserTerms {
            name: Line::parse("First supervisor").map_err(Error::internal)?,
            email: Email::parse(FIRST_SUPERVISOR).map_err(Error::internal)?,
            job_title: None,
            role: Role::Supervisor,
            team_id,
            timezone: None,
            language: None,
        })
    };
    change::by_system(db, secrets, clock.now(), async |tx| {
        let name = Line::parse("Management").map_err(Error::internal)?;
        let team = teams::insert(tx, &Scope::system(), TeamTerms { name }).await?;
        people::insert(tx, &Scope::system(), supervisor(team.id)?, FirstPassword::Temporary(hash)).await?;
        Ok(())
    })
    .await?;
    Ok(Some(password))
}
