//! The schema: every migration can be reverted, and the database matches the code.

use std::{collections::BTreeSet, fmt::Write, path::Path};

use diesel::QueryableByName;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use liaison::db::{self, migrations};

use crate::harness::empty_database;

/// The rows of `sql`, a query of one text column named `value`, in the database at `url`.
pub async fn text(url: &str, sql: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        value: String,
    }
    let mut db = db::connect(url).await.unwrap();
    let rows: Vec<Row> = diesel::sql_query(sql).load(&mut db).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.into_iter().map(|row| row.value).collect()
}

/// Everything that migrations create: columns, constraints, indexes, views, sequences, functions, triggers, types and
/// extensions.
async fn dump(url: &str) -> String {
    let queries = [
        "SELECT format('column %s.%s %s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, \
             attgenerated::text || attidentity::text, pg_get_expr(adbin, adrelid)) AS value \
         FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid \
         LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'p') AND attnum > 0 AND NOT attisdropped",
        "SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS value \
         FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'",
        "SELECT indexdef AS value FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT format('view %s %s', viewname, definition) AS value FROM pg_views WHERE schemaname = 'public'",
        "SELECT format('sequence %s %s %s', sequencename, start_value, increment_by) AS value \
         FROM pg_sequences WHERE schemaname = 'public'",
        "SELECT format('trigger %s', pg_get_triggerdef(oid)) AS value FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT format('extension %s', extname) AS value FROM pg_extension WHERE extname <> 'plpgsql'",
        "SELECT format('function %s', proc.oid::regprocedure) AS value FROM pg_proc proc \
         WHERE pronamespace = 'public'::regnamespace \
           AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = proc.oid AND deptype = 'e')",
        "SELECT format('type %s', type.oid::regtype) AS value FROM pg_type type \
         WHERE typnamespace = 'public'::regnamespace AND typtype IN ('d', 'e', 'r')",
    ];
    let mut dump = String::new();
    for query in queries {
        let mut lines = text(url, query).await;
        lines.retain(|line| !line.contains("__diesel_schema_migrations"));
        lines.sort();
        for line in lines {
            writeln!(dump, "{line}").unwrap();
        }
    }
    dump
}

#[actix_web::test]
async fn every_migration_can_be_taken_back() {
    let url = empty_database().await;
    assert_eq!(dump(&url).await, "");
    let ran = migrations::run(&url).await.unwrap();
    let up = dump(&url).await;
    assert!(up.lines().count() > 100, "{up}");
    assert_eq!(migrations::run(&url).await.unwrap(), 0, "nothing is pending");
    assert_eq!(migrations::revert_all(&url).await.unwrap(), ran);
    assert_eq!(dump(&url).await, "", "something is left");
    assert_eq!(migrations::run(&url).await.unwrap(), ran);
    assert_eq!(dump(&url).await, up);
}

#[actix_web::test]
async fn an_index_that_was_broken_off_is_built_again() {
    let url = empty_database().await;
    migrations::run(&url).await.unwrap();
    let mut db = db::connect(&url).await.unwrap();
    // The state after a server was killed while it built an index concurrently: the index is invalid, and its migration
    // is not done.
    let broken_off = "DROP TABLE interactions CASCADE; \
        DELETE FROM __diesel_schema_migrations WHERE version IN ('20261129000012', '20261129000013'); \
        CREATE INDEX interactions_at_idx ON teams (name); \
        UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'interactions_at_idx'::regclass";
    db.batch_execute(broken_off).await.unwrap();
    assert_eq!(migrations::run(&url).await.unwrap(), 2);
    let invalid = "SELECT indexrelid::regclass::text AS value FROM pg_index WHERE NOT indisvalid";
    assert_eq!(text(&url, invalid).await, Vec::<String>::new());
    let built = "SELECT tablename AS value FROM pg_indexes WHERE indexname = 'interactions_at_idx'";
    assert_eq!(text(&url, built).await, ["interactions"]);
}

/// Building an index concurrently waits for every running statement, even for one of a server that waits for its turn.
#[actix_web::test]
async fn servers_that_start_together_take_turns() {
    let url = empty_database().await;
    let start = || async {
        let mut turn = migrations::turn(&url).await.unwrap();
        let ran = migrations::run(&url).await.unwrap();
        turn.end().await.unwrap();
        ran
    };
    let all = futures_util::future::join_all((0..3).map(|_| start()));
    let ran = tokio::time::timeout(std::time::Duration::from_mins(1), all).await.expect("they wait for each other");
    assert_eq!(ran.iter().filter(|ran| **ran > 0).count(), 1, "{ran:?}");
}

#[actix_web::test]
async fn every_migration_says_why() {
    for (name, up, down) in files() {
        let first = up.lines().next().unwrap_or_default();
        assert!(first.starts_with("-- ") && first.len() > 20, "{name}: {first}");
        assert!(!down.trim().is_empty(), "{name} cannot be taken back");
    }
}

#[actix_web::test]
async fn every_foreign_key_has_an_index() {
    let url = migrated().await;
    assert_eq!(bare_foreign_keys(&url).await, Vec::<String>::new());
    let mut db = db::connect(&url).await.unwrap();
    let bare = "CREATE TABLE bare (a uuid CONSTRAINT bare_a_fkey REFERENCES teams (id), b uuid); \
                CREATE INDEX bare_b_a_idx ON bare (b, a); CREATE INDEX bare_a_idx ON bare (a) WHERE b IS NULL";
    db.batch_execute(bare).await.unwrap();
    assert_eq!(bare_foreign_keys(&url).await, ["bare bare_a_fkey"]);
}

/// The foreign keys without a full index whose first columns are those of the key, in any order.
async fn bare_foreign_keys(url: &str) -> Vec<String> {
    let sql = "SELECT format('%s %s', conrelid::regclass, conname) AS value FROM pg_constraint \
         WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND NOT EXISTS ( \
             SELECT FROM pg_index WHERE indrelid = conrelid AND indpred IS NULL \
                 AND (SELECT array_agg(key ORDER BY key) FROM unnest((indkey::int2[])[0:cardinality(conkey) - 1]) key) \
                   = (SELECT array_agg(key ORDER BY key) FROM unnest(conkey) key))";
    text(url, sql).await
}

#[actix_web::test]
async fn every_constraint_is_named_by_us() {
    let url = migrated().await;
    let written: String = files().into_iter().map(|(_, up, _)| up).collect();
    let constraints = text(
        &url,
        "SELECT conrelid::regclass || ' ' || conname AS value FROM pg_constraint \
         WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'f', 'x') \
           AND conrelid::regclass::text <> '__diesel_schema_migrations'",
    );
    for constraint in constraints.await {
        let (table, name) = constraint.split_once(' ').unwrap();
        assert!(written.split_whitespace().any(|word| word == name), "{constraint} is Postgres's name");
        assert!(name.starts_with(&format!("{table}_")), "{constraint}: a name begins with its table's");
    }
    for index in
        text(&url, "SELECT tablename || ' ' || indexname AS value FROM pg_indexes WHERE schemaname = 'public'").await
    {
        let (table, name) = index.split_once(' ').unwrap();
        assert!(
            name.starts_with(&format!("{table}_")) || table.starts_with("__"),
            "{index}: a name begins with its table's"
        );
    }
}

#[actix_web::test]
async fn the_code_knows_the_schema() {
    let url = migrated().await;
    let in_database = text(
        &url,
        "SELECT format('%s.%s %s%s', table_name, column_name, data_type, CASE is_nullable WHEN 'YES' THEN ' null' ELSE '' END) AS value \
         FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name) \
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> '__diesel_schema_migrations'",
    );
    let in_database: BTreeSet<String> = in_database.await.into_iter().collect();
    let mut in_code = columns(include_str!("../../src/db/schema.rs"));
    in_code.extend(columns(include_str!("../../src/db/wide.rs")));
    let (missing, gone): (Vec<_>, Vec<_>) =
        (in_database.difference(&in_code).collect(), in_code.difference(&in_database).collect());
    assert!(missing.is_empty() && gone.is_empty(), "only in the database: {missing:?}; only in the code: {gone:?}");
}

/// The columns of the `table!` and `column!` macros, as `table.column type`.
fn columns(schema: &str) -> BTreeSet<String> {
    let mut columns = BTreeSet::new();
    let (mut table, mut renamed) = ("", None);
    for line in schema.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("#[sql_name = \"").and_then(|rest| rest.strip_suffix("\"]")) {
            renamed = Some(name);
        } else if let Some(module) = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(" {")) {
            table = module;
        } else if line.ends_with(") {") {
            table = line.split(' ').next().unwrap();
        } else if let Some((name, kind)) = line.strip_suffix(',').and_then(|line| line.split_once(" -> ")) {
            let name = renamed.take().unwrap_or(name);
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            let null = if inner.is_some() { " null" } else { "" };
            columns.insert(format!("{table}.{name} {}{null}", sql_type(inner.unwrap_or(kind))));
        }
    }
    columns
}

fn sql_type(diesel: &str) -> &str {
    match diesel {
        "Array<Text>" => "ARRAY",
        "Bool" => "boolean",
        "Bytea" => "bytea",
        "Date" => "date",
        "Int2" => "smallint",
        "Int4" => "integer",
        "Int8" => "bigint",
        "Jsonb" => "jsonb",
        "Numeric" => "numeric",
        "Text" => "text",
        "Timestamptz" => "timestamp with time zone",
        "Uuid" => "uuid",
        other => panic!("no SQL type for {other}"),
    }
}

async fn migrated() -> String {
    let url = empty_database().await;
    migrations::run(&url).await.unwrap();
    url
}

/// Name, `up.sql` and `down.sql` of each migration.
fn files() -> Vec<(String, String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut folders: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let read = |path: &Path, file: &str| std::fs::read_to_string(path.join(file)).unwrap();
    folders
        .iter()
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), read(path, "up.sql"), read(path, "down.sql"))
        })
        .collect()
}
