//! What a database needs before it can serve: its schema, the first policies, signing keys and a supervisor.

use diesel::QueryDsl;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    access::{keys::Keys, role::Role, scope::Scope},
    audit,
    auth::{hashing::Hashing, password::NewPassword},
    clients::Client,
    clock::Clock,
    contacts::Contact,
    contracts::Contract,
    db::{self, schema::users},
    error::{Error, Result},
    interactions::Interaction,
    orders::Order,
    rest::{
        change,
        entity::{Entity, Resource},
        text::{Email, Line},
    },
    roles,
    secrets::{Secrets, random_text},
    teams::{self, NewTeam},
    users::{self as people, FirstPassword, NewUser, User},
};

/// The address of the supervisor that the first start makes.
pub const FIRST_SUPERVISOR: &str = "supervisor@liaison.example";

/// The personal fields of each kind of resource, for events of before they were kept apart.
const PERSONAL: [(&str, &[&str]); 6] = [
    (Client::NAME, Client::PERSONAL),
    (Contact::NAME, Contact::PERSONAL),
    (Contract::NAME, Contract::PERSONAL),
    (Interaction::NAME, Interaction::PERSONAL),
    (Order::NAME, Order::PERSONAL),
    (User::NAME, User::PERSONAL),
];

/// What was set up.
pub struct Prepared {
    /// The signing keys.
    pub keys: Keys,
    /// The password of the first supervisor, to be changed at once, when there was no user before.
    pub first_password: Option<String>,
}

/// Brings the database at `url` up to date and fills what is missing. Servers that start together take turns.
///
/// # Errors
/// When the database cannot be reached, a migration fails, or the master secret is not the database's.
pub async fn prepare(url: &str, secrets: &Secrets, hashing: &Hashing, clock: &Clock) -> Result<Prepared> {
    let mut turn = db::migrations::turn(url).await?;
    db::migrations::run(url).await?;
    let mut connection = db::connect(url).await?;
    audit::begin_chain(&mut connection, secrets, &PERSONAL, clock.now()).await?;
    roles::insert_initial(&mut connection, clock.now()).await?;
    let keys = Keys::load(&mut connection, secrets, clock.now()).await?;
    let first_password = first_supervisor(&mut connection, secrets, hashing, clock).await?;
    turn.end().await?;
    Ok(Prepared { keys, first_password })
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
    let supervisor = |team_id| -> Result<NewUser> {
        Ok(NewUser {
            name: Line::parse("First supervisor").map_err(Error::internal)?,
            email: Email::parse(FIRST_SUPERVISOR).map_err(Error::internal)?,
            job_title: None,
            role: Role::Supervisor,
            team_id,
        })
    };
    change::by_system(db, secrets, clock.now(), async |tx| {
        let name = Line::parse("Management").map_err(Error::internal)?;
        let team = teams::insert(tx, &Scope::system(), NewTeam { name }).await?;
        people::insert(tx, &Scope::system(), supervisor(team.id)?, FirstPassword::Temporary(hash)).await?;
        Ok(())
    })
    .await?;
    Ok(Some(password))
}
