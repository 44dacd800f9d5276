//! What the server may do in the database: it works as a role that owns nothing.
//!
//! The login that sets up the database owns it. The server's role has only the privileges that the code needs, table by
//! table; a test compares the list with the catalog.

use diesel::{QueryableByName, sql_types::Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::error::Result;

/// The role that the server works as. It cannot sign in; logins are members of it.
pub const ROLE: &str = "liaison_app";

/// What the role may do with a table: the table's name, and the SQL verbs. These are granted, and all others are
/// revoked.
pub type Privileges = (&'static str, &'static [&'static str]);

/// Every table and view. A verb leaves the list one release after the code has stopped using it.
#[rustfmt::skip]
pub const TABLES: &[Privileges] = &[
    ("__diesel_schema_migrations", &["SELECT"]),
    ("access_requests",   &["SELECT", "INSERT", "UPDATE"]),
    ("account_team_members", &["SELECT", "INSERT", "DELETE"]),
    ("api_keys",          &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("audit_events",      &["SELECT", "INSERT", "UPDATE (personal)", "UPDATE (personal_salt)"]),
    ("audit_keys",        &["SELECT"]),
    ("audit_leaves",      &["SELECT", "INSERT"]),
    ("audit_seals",       &["SELECT", "INSERT"]),
    ("audit_unsealed",    &["SELECT", "INSERT", "DELETE"]),
    ("client_duplicates", &["SELECT", "INSERT", "UPDATE"]),
    ("client_merges",     &["SELECT", "INSERT", "UPDATE"]),
    ("client_owners",     &["SELECT", "INSERT", "UPDATE (ended_at)", "UPDATE (note)", "UPDATE (reason)"]),
    ("client_timeline",   &["SELECT"]),
    ("clients",           &["SELECT", "INSERT", "UPDATE"]),
    ("competitor_offers", &["SELECT", "INSERT", "UPDATE"]),
    ("competitors",       &["SELECT", "INSERT", "UPDATE"]),
    ("consents",          &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("contacts",          &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("contract_events",   &["SELECT", "INSERT", "DELETE", "UPDATE (client_id)", "UPDATE (reason)"]),
    ("contract_numbers",  &["SELECT", "INSERT", "UPDATE"]),
    ("contracts",         &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("custom_fields",     &["SELECT", "INSERT", "UPDATE"]),
    ("custom_values",     &["SELECT"]),
    ("departments",       &["SELECT", "INSERT", "UPDATE"]),
    ("deputies",          &["SELECT", "INSERT", "UPDATE"]),
    ("erasures",          &["SELECT", "INSERT", "UPDATE (client_id)"]),
    ("exchange_rates",    &["SELECT", "INSERT", "UPDATE"]),
    ("exports",           &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("external_ids",      &["SELECT"]),
    ("idempotency_keys",  &["SELECT", "INSERT", "DELETE", "UPDATE (body)", "UPDATE (replayed_at)", "UPDATE (rights_digest)"]),
    ("import_rows",       &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("imports",           &["SELECT", "INSERT", "UPDATE"]),
    ("interactions",      &["SELECT", "INSERT", "UPDATE"]),
    ("jobs",              &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("lost_reasons",      &["SELECT", "INSERT", "UPDATE"]),
    ("order_events",      &["SELECT", "INSERT", "UPDATE (client_id)", "UPDATE (reason)"]),
    ("order_lines",       &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("orders",            &["SELECT", "INSERT", "UPDATE"]),
    ("organization",      &["SELECT", "UPDATE"]),
    ("outbox_events",     &["INSERT", "SELECT (at)", "SELECT (position)"]),
    ("outgoing_mails",    &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("password_resets",   &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("products",          &["SELECT", "INSERT", "UPDATE"]),
    ("recovery_codes",    &["SELECT", "INSERT", "DELETE"]),
    ("refresh_tokens",    &["SELECT", "INSERT", "UPDATE"]),
    ("rights_epoch",      &["SELECT", "UPDATE"]),
    ("role_policies",     &["SELECT", "INSERT", "UPDATE"]),
    ("saved_views",       &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("second_factors",    &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("service_accounts",  &["SELECT", "INSERT", "UPDATE"]),
    ("sessions",          &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("sign_in_failures",  &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("sign_in_streaks",   &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("signing_keys",      &["SELECT", "INSERT", "UPDATE (retired_at)"]),
    ("teams",             &["SELECT", "INSERT", "UPDATE"]),
    ("users",             &["SELECT", "INSERT", "UPDATE"]),
];

/// Every sequence whose next value the code asks for. The sequences of identity columns need no privilege.
pub const SEQUENCES: &[&str] = &["order_numbers"];

/// Creates the role, if the login of `db` may. Roles belong to the whole cluster, so other servers may create it at the
/// same time, for other databases.
///
/// # Errors
/// When the database fails.
pub async fn ensure_role(db: &mut AsyncPgConnection) -> Result<()> {
    let sql = format!(
        "DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
                CREATE ROLE {ROLE} NOLOGIN;
            END IF;
        -- Another was faster (internal_error: 'tuple concurrently updated'), or this login may not.
        EXCEPTION WHEN duplicate_object OR unique_violation OR internal_error OR insufficient_privilege THEN NULL;
        END $$"
    );
    db.batch_execute(&sql).await?;
    Ok(())
}

/// Makes the login of `db` a member of the role, if the login may grant it.
///
/// # Errors
/// When the database fails.
pub async fn join(db: &mut AsyncPgConnection) -> Result<()> {
    let sql = format!(
        "DO $$ DECLARE
            right_to_become text :=
                CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END;
        BEGIN
            IF NOT pg_has_role(current_user, '{ROLE}', right_to_become) THEN
                GRANT {ROLE} TO CURRENT_USER;
            END IF;
        EXCEPTION WHEN unique_violation OR internal_error OR insufficient_privilege OR undefined_object THEN NULL;
        END $$"
    );
    db.batch_execute(&sql).await?;
    Ok(())
}

/// Whether the login of `db` may work as the role.
///
/// # Errors
/// When the database fails.
pub async fn may_become(db: &mut AsyncPgConnection) -> Result<bool> {
    let sql = format!(
        "SELECT (CASE WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN false
                 WHEN current_setting('server_version_num')::int < 160000 THEN pg_has_role(current_user, '{ROLE}', 'MEMBER')
                 ELSE pg_has_role(current_user, '{ROLE}', 'SET') END)::text AS value"
    );
    Ok(texts(db, &sql).await? == ["true"])
}

/// Whether the login of `db` may change the schema.
///
/// # Errors
/// When the database fails.
pub async fn may_migrate(db: &mut AsyncPgConnection) -> Result<bool> {
    Ok(texts(db, "SELECT has_schema_privilege('public', 'CREATE')::text AS value").await? == ["true"])
}

/// The name of the login of `db`, quoted for SQL.
///
/// # Errors
/// When the database fails.
pub async fn login(db: &mut AsyncPgConnection) -> Result<String> {
    Ok(texts(db, "SELECT quote_ident(session_user) AS value").await?.concat())
}

/// Grants the role what [`TABLES`] and [`SEQUENCES`] say, and revokes everything else on them from the role and from
/// `PUBLIC`, in one transaction. Does nothing while the role does not exist.
///
/// # Errors
/// When the database fails.
pub async fn grant(db: &mut AsyncPgConnection) -> Result<()> {
    let exists = format!("SELECT rolname::text AS value FROM pg_roles WHERE rolname = '{ROLE}'");
    if texts(db, &exists).await?.is_empty() {
        return Ok(());
    }
    let there = texts(
        db,
        "SELECT relname::text AS value FROM pg_class \
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')",
    )
    .await?;
    let tables = TABLES.iter().map(|(table, verbs)| (*table, format!("TABLE {table}"), verbs.join(", ")));
    let sequences = SEQUENCES.iter().map(|name| (*name, format!("SEQUENCE {name}"), "USAGE".to_owned()));
    let grants: Vec<String> = tables
        .chain(sequences)
        .filter(|(name, ..)| there.iter().any(|there| there == name))
        .map(|(_, object, verbs)| {
            format!("REVOKE ALL ON {object} FROM PUBLIC, {ROLE}; GRANT {verbs} ON {object} TO {ROLE};\n")
        })
        .collect();
    let sql = format!(
        "BEGIN;
        REVOKE ALL ON SCHEMA public FROM PUBLIC, {ROLE};
        GRANT USAGE ON SCHEMA public TO {ROLE};
        DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$;
        {}
        COMMIT",
        grants.concat()
    );
    db.batch_execute(&sql).await?;
    Ok(())
}

async fn texts(db: &mut AsyncPgConnection, sql: &str) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        value: String,
    }
    let rows: Vec<Row> = diesel::sql_query(sql).load(db).await?;
    Ok(rows.into_iter().map(|row| row.value).collect())
}
