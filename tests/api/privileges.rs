//! The server's role in the database: what it may do, and that it may do nothing else. ASVS 13.2.2; trust 1.14, S19.
//!
//! Every other test of the API runs as this role, too.

use std::collections::BTreeSet;

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use liaison::{
    auth::hashing::Hashing,
    clock::Clock,
    db::{
        self, Login, migrations,
        privileges::{self, ROLE, SEQUENCES, TABLES},
    },
    error::Result,
    secrets::Secrets,
    setup::{self, Prepared, Urls},
};

use crate::{
    harness::{MASTER, TestApp, as_server, empty_database, start_of_time},
    migrations::text,
};

/// The names of the privileges in the catalog.
const VERBS: [&str; 7] = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];

async fn refused(db: &mut AsyncPgConnection, sql: &str) {
    let error = db.batch_execute(sql).await.err().unwrap_or_else(|| panic!("the server's role may: {sql}"));
    let error = error.to_string();
    let words =
        ["permission denied", "must be owner", "must be superuser", "must have", "only superuser", "only roles"];
    assert!(words.iter().any(|word| error.to_lowercase().contains(word)), "{sql}: {error}");
}

#[actix_web::test]
async fn every_table_has_a_line() {
    let app = TestApp::start().await;
    let sql = "SELECT relname::text AS value FROM pg_class \
               WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')";
    let there: BTreeSet<String> = app.text(sql).await.into_iter().collect();
    let listed: BTreeSet<String> = TABLES.iter().map(|(table, _)| (*table).to_owned()).collect();
    assert_eq!(there, listed, "src/db/privileges.rs has a line for each table");
    assert_eq!(listed.len(), TABLES.len(), "a table stands twice");
}

#[actix_web::test]
async fn the_role_has_the_listed_privileges_and_no_others() {
    let app = TestApp::start().await;
    let mut wrong = Vec::new();
    for (table, verbs) in TABLES {
        for verb in VERBS {
            let sql = format!("SELECT has_table_privilege('{ROLE}', '{table}', '{verb}')::text AS value");
            let has = app.text(&sql).await == ["true"];
            if has != verbs.contains(&verb) {
                wrong.push(format!("{verb} on {table}: {has}"));
            }
        }
        let sql = format!(
            "SELECT format('%s (%s)', privilege, attname) AS value FROM pg_attribute, \
             unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) privilege \
             WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped \
               AND has_column_privilege('{ROLE}', attrelid, attnum, privilege) \
               AND NOT has_table_privilege('{ROLE}', attrelid, privilege)"
        );
        let columns: BTreeSet<String> = app.text(&sql).await.into_iter().collect();
        let listed = verbs.iter().filter(|verb| verb.contains('(')).map(|verb| (*verb).to_owned()).collect();
        if columns != listed {
            wrong.push(format!("{table}: {columns:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    for (privilege, expected) in [("USAGE", SEQUENCES), ("SELECT", &[]), ("UPDATE", &[])] {
        let sql = format!(
            "SELECT relname::text AS value FROM pg_class WHERE relnamespace = 'public'::regnamespace \
             AND CASE WHEN relkind = 'S' THEN has_sequence_privilege('{ROLE}', oid, '{privilege}') ELSE false END"
        );
        assert_eq!(app.text(&sql).await, expected, "{privilege}");
    }
}

#[actix_web::test]
async fn nobody_else_has_any() {
    let url = prepared().await;
    // Grantee 0 is PUBLIC.
    let granted = text(
        &url,
        "SELECT format('%s on %s to %s', acl.privilege_type, object, acl.grantee::regrole) AS value FROM ( \
                 SELECT relname::text AS object, relacl AS acls, relowner AS owner FROM pg_class \
                 WHERE relnamespace = 'public'::regnamespace \
               UNION ALL SELECT attname::text, attacl, relowner FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid \
                 WHERE relnamespace = 'public'::regnamespace \
               UNION ALL SELECT 'schema', coalesce(nspacl, acldefault('n', nspowner)), nspowner FROM pg_namespace WHERE nspname = 'public' \
               UNION ALL SELECT 'database', coalesce(datacl, acldefault('d', datdba)), datdba FROM pg_database WHERE datname = current_database() \
             ) objects, aclexplode(acls) acl \
             WHERE acl.grantee NOT IN (owner, 'liaison_app'::regrole) AND acl.privilege_type <> 'CONNECT'",
    )
    .await;
    assert_eq!(granted, Vec::<String>::new());
    let default = text(&url, "SELECT defaclacl::text AS value FROM pg_default_acl").await;
    assert_eq!(default, Vec::<String>::new());
}

#[actix_web::test]
async fn the_server_owns_nothing_and_is_nobody() {
    let app = TestApp::start().await;
    let attributes = app
        .text(
            "SELECT rolname::text AS value FROM pg_roles WHERE rolname IN ('liaison_app', 'liaison_server') \
               AND NOT (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls) \
               AND rolcanlogin = (rolname = 'liaison_server') ORDER BY 1",
        )
        .await;
    assert_eq!(attributes, ["liaison_app", "liaison_server"]);
    let owned = "SELECT classid::regclass::text AS value FROM pg_shdepend WHERE deptype = 'o' \
                 AND refobjid IN ('liaison_app'::regrole, 'liaison_server'::regrole)";
    assert_eq!(app.text(owned).await, Vec::<String>::new());
    let memberships = "SELECT format('%s is %s', member::regrole, roleid::regrole) AS value FROM pg_auth_members \
                       WHERE member IN ('liaison_app'::regrole, 'liaison_server'::regrole)";
    assert_eq!(app.text(memberships).await, ["liaison_server is liaison_app"]);
}

#[actix_web::test]
async fn the_server_can_neither_change_the_schema_nor_the_past() {
    let mut db = Login::restricted(as_server(&prepared().await)).connect().await.unwrap();
    db.batch_execute("DO $$ BEGIN ASSERT current_user = 'liaison_app' AND session_user = 'liaison_server'; END $$")
        .await
        .unwrap();
    let all = [
        "CREATE TABLE mine ()",
        "CREATE TEMPORARY TABLE mine ()",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE EXTENSION pgcrypto",
        "CREATE ROLE mine",
        "CREATE DATABASE mine",
        "ALTER TABLE clients ADD COLUMN mine int",
        "ALTER TABLE audit_events DISABLE TRIGGER ALL",
        "ALTER ROLE liaison_app SUPERUSER",
        "CREATE INDEX ON clients (phone)",
        "CREATE TRIGGER mine BEFORE INSERT ON clients FOR EACH ROW EXECUTE FUNCTION grow_version()",
        "DROP TABLE clients",
        "TRUNCATE clients",
        "TRUNCATE audit_events",
        "UPDATE audit_events SET action = 'x'",
        "DELETE FROM audit_events",
        "UPDATE audit_events SET changes = '{}', mac = ''",
        "UPDATE erasures SET reason = 'x'",
        "DELETE FROM erasures",
        "UPDATE contract_events SET action = 'x'",
        "DELETE FROM order_events",
        "DELETE FROM clients",
        "DELETE FROM users",
        "UPDATE signing_keys SET sealed_private_key = ''",
        "DELETE FROM signing_keys",
        "SELECT resource_id FROM outbox_events",
        "UPDATE __diesel_schema_migrations SET version = '1'",
        "SET ROLE liaison",
        "SET SESSION AUTHORIZATION liaison",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY clients TO '/tmp/mine'",
        "SELECT pg_read_file('/etc/hostname')",
        "SELECT * FROM pg_authid",
        "ALTER SYSTEM SET fsync = off",
    ];
    for sql in all {
        refused(&mut db, sql).await;
    }
    // The same statements are refused for the login itself.
    db.batch_execute("RESET ROLE").await.unwrap();
    for sql in all {
        refused(&mut db, sql).await;
    }
}

/// A database as a start leaves it. Clones of a template have the privileges of the tables, but not those of the
/// database itself.
async fn prepared() -> String {
    let url = empty_database().await;
    prepare(&url, &as_server(&url)).await.unwrap();
    url
}

/// Prepares the database as a server does at its start.
async fn prepare(owner: &str, server: &str) -> Result<Prepared> {
    let secrets = Secrets::derive(&MASTER).unwrap();
    let urls = Urls { owner: owner.to_owned(), server: server.to_owned() };
    setup::prepare(&urls, &secrets, &Hashing::new().unwrap(), &Clock::standing(start_of_time())).await
}

/// Creates a plain login, and returns the URL of the same database for it.
async fn plain_login(url: &str, name: &str) -> String {
    db::connect(url).await.unwrap().batch_execute(&format!("CREATE ROLE {name} LOGIN")).await.unwrap();
    url.replacen("://liaison@", &format!("://{name}@"), 1)
}

#[actix_web::test]
async fn an_owner_that_is_no_superuser_gives_the_server_its_role() {
    let url = empty_database().await;
    let mut root = db::connect(&url).await.unwrap();
    let owner = plain_login(&url, "landlord").await;
    root.batch_execute("ALTER ROLE landlord CREATEROLE").await.unwrap();
    let name: tokio_postgres::Config = url.parse().unwrap();
    root.batch_execute(&format!("ALTER DATABASE {} OWNER TO landlord", name.get_dbname().unwrap())).await.unwrap();

    let prepared = prepare(&owner, &owner).await.unwrap();
    assert_eq!(prepared.login.role, Some(ROLE));
    let mut db = prepared.login.connect().await.unwrap();
    refused(&mut db, "TRUNCATE audit_events").await;
}

#[actix_web::test]
async fn an_owner_that_may_make_no_role_serves_as_before() {
    let url = empty_database().await;
    let mut root = db::connect(&url).await.unwrap();
    let owner = plain_login(&url, "tenant").await;
    let name: tokio_postgres::Config = url.parse().unwrap();
    root.batch_execute(&format!("ALTER DATABASE {} OWNER TO tenant", name.get_dbname().unwrap())).await.unwrap();
    let prepared = prepare(&owner, &owner).await.unwrap();
    assert_eq!(prepared.login.role, None);
    prepared.login.connect().await.unwrap().batch_execute("SELECT 1 FROM clients").await.unwrap();
    // The remedy in the warning works.
    root.batch_execute(&format!("GRANT {ROLE} TO tenant")).await.unwrap();
    assert_eq!(prepare(&owner, &owner).await.unwrap().login.role, Some(ROLE));
}

#[actix_web::test]
async fn a_server_beside_its_owner_needs_the_role() {
    let url = empty_database().await;
    let server = plain_login(&url, "clerk").await;
    let error = prepare(&url, &server).await.err().unwrap().to_string();
    assert!(error.contains("GRANT liaison_app TO clerk"), "{error}");
    db::connect(&url).await.unwrap().batch_execute("GRANT liaison_app TO clerk").await.unwrap();
    let Login { url, role } = prepare(&url, &server).await.unwrap().login;
    assert_eq!((url, role), (server, Some(ROLE)));
}

#[actix_web::test]
async fn a_server_without_its_owner_serves_what_is_up_to_date() {
    let url = empty_database().await;
    let server = as_server(&url);
    let error = prepare(&server, &server).await.err().unwrap().to_string();
    assert!(error.contains("LIAISON_MIGRATION_DATABASE_URL"), "{error}");
    let urls = Urls { owner: url, server: server.clone() };
    let secrets = Secrets::derive(&MASTER).unwrap();
    setup::bring_up_to_date(&urls, &secrets, &Clock::standing(start_of_time())).await.unwrap();
    let prepared = prepare(&server, &server).await.unwrap();
    assert!(prepared.first_password.is_some());
}

#[actix_web::test]
async fn a_start_takes_away_what_is_not_listed_unless_a_newer_server_was_here() {
    let url = empty_database().await;
    prepare(&url, &as_server(&url)).await.unwrap();
    let mut root = db::connect(&url).await.unwrap();
    let may = "DO $$ BEGIN ASSERT has_table_privilege('liaison_app', 'audit_events', 'DELETE'); END $$";
    let more = "GRANT DELETE ON audit_events TO liaison_app";

    root.batch_execute(&format!("{more}; INSERT INTO __diesel_schema_migrations VALUES ('99991231000000')"))
        .await
        .unwrap();
    let standing = migrations::standing(&mut root).await.unwrap();
    assert_eq!((standing.pending, standing.unknown), (0, 1));
    prepare(&url, &as_server(&url)).await.unwrap();
    root.batch_execute(may).await.unwrap();

    root.batch_execute("DELETE FROM __diesel_schema_migrations WHERE version = '99991231000000'").await.unwrap();
    prepare(&url, &as_server(&url)).await.unwrap();
    assert!(root.batch_execute(may).await.is_err());
}

#[actix_web::test]
async fn many_databases_of_a_cluster_are_set_up_at_once() {
    let mut urls = Vec::new();
    for _ in 0..6 {
        urls.push(empty_database().await);
    }
    let all = urls.iter().map(async |url| {
        let mut db = db::connect(url).await.unwrap();
        privileges::ensure_role(&mut db).await.unwrap();
        privileges::join(&mut db).await.unwrap();
        privileges::grant(&mut db).await.unwrap();
        assert!(privileges::may_become(&mut db).await.unwrap());
    });
    futures_util::future::join_all(all).await;
}
