//! Writes the made-up clients into the database, all in one transaction. The indexes are put aside and built when the rows are
//! there, which takes a tenth of the time.

use std::{collections::HashMap, path::Path};

use diesel::{ExpressionMethods, QueryDsl, sql_query, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde::Serialize;
use uuid::Uuid;

use super::{
    made::{Owner, Plan},
    truth::Truth,
};
use crate::{
    access::{Role, Scope, TeamId},
    auth::{hashing::Hashing, password::NewPassword},
    change::{self, Tx},
    clock::Clock,
    db::{Jsonb, schema},
    demo,
    error::{Error, ProblemType, Result},
    secrets::Secrets,
    teams::{self, TeamTerms},
    users::{self, FirstPassword, UserTerms},
    values::{Email, Line},
};

/// The most clients of one seed.
pub const MOST: u32 = 10_000_000;
/// How many clients are written in one statement.
const BATCH: u32 = 2000;
/// How many users are in a team.
const IN_TEAM: u32 = 10;
/// Of how many users one may own key clients.
const KEY_EVERY: u32 = 8;

/// The indexes and the trigger that would slow the rows down. What a constraint needs stays.
const ASIDE: &str = "
    SET LOCAL maintenance_work_mem = '256MB';
    ALTER TABLE contacts DISABLE TRIGGER contacts_tell_clients;
    CREATE TEMP TABLE indexes_aside ON COMMIT DROP AS
        SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
        WHERE indrelid IN ('clients'::regclass, 'contacts'::regclass, 'client_owners'::regclass)
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid);
    DO $$ DECLARE one text; BEGIN
        FOR one IN SELECT name FROM indexes_aside LOOP EXECUTE 'DROP INDEX ' || one; END LOOP;
    END $$";
const BACK: &str = "
    DO $$ DECLARE one text; BEGIN
        FOR one IN SELECT definition FROM indexes_aside LOOP EXECUTE one; END LOOP;
    END $$;
    ALTER TABLE contacts ENABLE TRIGGER contacts_tell_clients";

const CLIENTS: &str = "
    INSERT INTO clients (version, messengers, id, created_at, updated_at, kind, name, legal_name, tax_id, kpp, registration_number,
        industry, status, archived_from, source, email, phone, address, website, employees, language, timezone, owner_id, team_id,
        is_key, tags, last_verified_at, last_interaction_at, next_interaction_at, contact_words)
    SELECT 1, '[]', id, created_at, updated_at, kind, name, legal_name, tax_id, kpp, registration_number, industry, status,
        archived_from, source, email, phone, address, website, employees, language, timezone, owner_id, team_id, is_key, tags,
        last_verified_at, last_interaction_at, next_interaction_at, contact_words
    FROM jsonb_populate_recordset(NULL::clients, $1)";
const CONTACTS: &str = "
    INSERT INTO contacts (version, messengers, consents, id, created_at, updated_at, client_id, owner_id, team_id, is_key, name,
        job_title, decision_role, email, phone, is_primary)
    SELECT 1, '[]', '[]', id, created_at, created_at, client_id, owner_id, team_id, is_key, name, job_title, decision_role, email,
        phone, is_primary
    FROM jsonb_populate_recordset(NULL::contacts, $1)";
/// Each client has been its owner's from the beginning. The ids of one table may be those of another.
const OWNERS: &str = "
    INSERT INTO client_owners (id, client_id, user_id, began_at)
    SELECT id, id, owner_id, created_at FROM jsonb_populate_recordset(NULL::clients, $1)";

/// What was written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loaded {
    /// How many contacts.
    pub contacts: usize,
    /// How many clients are second entries.
    pub copies: usize,
}

/// Writes the clients of `plan`, with users who have `password`, and their pairs into the file `truth`. `db` is a connection of
/// the owner of the database.
///
/// # Errors
/// 409 when there are clients already, unless `more` are wanted.
pub async fn load(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    plan: &Plan,
    password: NewPassword,
    truth: Option<&Path>,
    more: bool,
) -> Result<Loaded> {
    let is_empty = demo::is_empty(db).await?;
    if !is_empty && !more {
        return Err(Error::new(ProblemType::Conflict).detail(
            "This database has clients already. Say `--more` to add others to them.",
            "В этой базе данных уже есть клиенты. Укажите `--more`, чтобы добавить других.",
        ));
    }
    let mut truth = Truth::begin(truth)?;
    let hash = Hashing::new()?.hash(password).await?;
    let loaded = change::by_system(db, secrets, Clock::system().now(), async |tx| {
        let owners = load_people(tx, plan, &hash).await?;
        if is_empty {
            tx.batch_execute(ASIDE).await?;
        }
        let loaded = load_clients(tx, plan, &owners, &mut truth).await?;
        if is_empty {
            tracing::info!("the indexes are built");
            tx.batch_execute(BACK).await?;
        }
        Ok(loaded)
    });
    let loaded = loaded.await?;
    truth.end()?;
    for table in ["clients", "contacts", "client_owners"] {
        db.batch_execute(&format!("VACUUM ANALYZE {table}")).await?;
    }
    Ok(loaded)
}

async fn load_clients(tx: &mut Tx<'_>, plan: &Plan, owners: &[Owner], truth: &mut Truth) -> Result<Loaded> {
    let mut loaded = Loaded::default();
    let now = tx.now();
    for first in (0..plan.clients).step_by(usize::try_from(BATCH).map_err(Error::internal)?) {
        let (mut clients, mut contacts) = (Vec::new(), Vec::new());
        for number in first..plan.clients.min(first + BATCH) {
            if let Some(copy) = plan.copy(number) {
                truth.add(plan, number, copy)?;
                loaded.copies += 1;
            }
            let rows = plan.rows(number, plan.known(number), owners, now);
            let (client, persons) = rows.ok_or_else(|| Error::internal("clients of nobody"))?;
            clients.push(client);
            contacts.extend(persons);
        }
        loaded.contacts += contacts.len();
        write(tx, CLIENTS, &clients).await?;
        write(tx, OWNERS, &clients).await?;
        write(tx, CONTACTS, &contacts).await?;
        if first % (50 * BATCH) == 0 {
            tracing::info!("{first} of {} clients are written", plan.clients);
        }
    }
    Ok(loaded)
}

async fn write<T: Serialize>(tx: &mut Tx<'_>, statement: &str, rows: &[T]) -> Result<()> {
    let rows = serde_json::to_value(rows).map_err(Error::internal)?;
    sql_query(statement).bind::<sql_types::Jsonb, _>(Jsonb(rows)).execute(&mut **tx).await?;
    Ok(())
}

/// The users to whom the clients belong; those of an earlier seed are taken again.
async fn load_people(tx: &mut Tx<'_>, plan: &Plan, hash: &str) -> Result<Vec<Owner>> {
    let mut owners = Vec::new();
    let mut teams = HashMap::new();
    let address = |number: u32| format!("user{number}@seed.example");
    let all: Vec<String> = (0..plan.owners()).map(address).collect();
    let known = schema::users::table.filter(schema::users::email.eq_any(&all));
    let known = known.select((schema::users::email, schema::users::id, schema::users::team_id));
    let known: Vec<(Option<String>, Uuid, Uuid)> = known.load(&mut **tx).await?;
    for number in 0..plan.owners() {
        let may_own_key_clients = owns_key_clients(number);
        let email = address(number);
        if let Some((_, id, team_id)) = known.iter().find(|(known, ..)| known.as_deref() == Some(email.as_str())) {
            owners.push(Owner { id: *id, team_id: *team_id, may_own_key_clients });
            continue;
        }
        let team_id = match teams.get(&(number / IN_TEAM)) {
            Some(team_id) => *team_id,
            None => *teams.entry(number / IN_TEAM).or_insert(team(tx, number / IN_TEAM).await?),
        };
        let role = if may_own_key_clients { Role::KeyAccountManager } else { Role::Manager };
        let id = user(tx, &format!("User {number}"), &email, (role, team_id), hash).await?;
        owners.push(Owner { id, team_id: team_id.uuid(), may_own_key_clients });
    }
    // Somebody has to see all of it.
    if known.is_empty() {
        let team_id = team(tx, 0).await?;
        user(tx, "Supervisor", "supervisor@seed.example", (Role::Supervisor, team_id), hash).await?;
    }
    Ok(owners)
}

async fn user(tx: &mut Tx<'_>, name: &str, email: &str, (role, team_id): (Role, TeamId), hash: &str) -> Result<Uuid> {
    let new = UserTerms {
        name: Line::parse(name).map_err(Error::internal)?,
        email: Email::parse(email).map_err(Error::internal)?,
        job_title: None,
        role,
        team_id,
        timezone: None,
        language: None,
    };
    Ok(users::insert(tx, &Scope::system(), new, FirstPassword::Lasting(hash.to_owned())).await?.id.uuid())
}

fn owns_key_clients(number: u32) -> bool {
    number % KEY_EVERY == KEY_EVERY - 1
}

async fn team(tx: &mut Tx<'_>, number: u32) -> Result<TeamId> {
    let name = Line::parse(&format!("Seed team {number}")).map_err(Error::internal)?;
    let known: Vec<TeamId> =
        schema::teams::table.filter(schema::teams::name.eq(&name)).select(schema::teams::id).load(&mut **tx).await?;
    match known.into_iter().next() {
        Some(id) => Ok(id),
        None => Ok(teams::insert(tx, &Scope::system(), TeamTerms { name }).await?.id),
    }
}
