//! Who may do what: every operation of the document as every kind of caller, against `access.txt`.

mod callers;
mod changed_policy;
mod expected;
mod row;

use std::{fmt::Write, path::Path};

use self::{
    callers::{Caller, Services, callers, join_every_account_team},
    row::rows,
};
use crate::calls::{World, operations};

#[actix_web::test]
async fn every_operation_answers_every_caller_as_the_table_says() {
    let (world, mut callers, services) = callers().await;
    let mut wrong = Vec::new();
    let table = table(&world, &mut callers, &services, &mut wrong).await;
    let table = heading(&callers) + &table;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    committed(&table);
}

/// The table of what every operation answers to every caller. Answers that the policy does not allow are added to
/// `wrong`.
async fn table(world: &World, callers: &mut Vec<Caller>, services: &Services, wrong: &mut Vec<String>) -> String {
    let mut table = String::new();
    let people = callers.len();
    for operation in operations() {
        let rows = rows(world, operation).await;
        callers.truncate(people);
        callers.extend(services.callers(world, &operation).await);
        if rows.is_empty() {
            wrong.push(format!("{}: no entry in tests/api/calls/entries.rs", operation.id));
        }
        for row in rows {
            write!(table, "{:<26}{:<9}", operation.id, row.label).unwrap();
            let mut unspent = None;
            for caller in callers.iter() {
                let call = match unspent.take() {
                    Some(call) => call,
                    None => row.call(world).await,
                };
                if caller.is_member {
                    join_every_account_team(world, &caller.user).await;
                }
                let cell = row.cell(&call, caller, wrong).await;
                write!(table, " {cell:>10}").unwrap();
                // A refused call has changed nothing, so the next caller can use the same object.
                if operation.is_safe() || !cell.starts_with('2') {
                    unspent = Some(call);
                }
            }
            table.push('\n');
        }
    }
    table
}

fn heading(callers: &[Caller]) -> String {
    let mut heading = String::from(HEADING);
    write!(heading, "{:<26}{:<9}", "operation", "object").unwrap();
    for caller in callers {
        write!(heading, " {:>10}", caller.name).unwrap();
    }
    heading + "\n"
}

const HEADING: &str = "\
# What each operation answers to each kind of caller. UPDATE_ACCESS=1 cargo test --test api access rewrites this file.
# manager owns the ordinary objects, key owner (a key-account manager of the same team) the key ones; colleague and
# key coll. are in their team, foreign and key for. in another; member, a colleague of foreign, is on the account team
# of every client. in scope and no scope are a supervisor's service accounts, with just the scopes that the operation needs
# and with all but its own. A list answers 200+ when the object is in it.
";

fn committed(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/access.txt");
    if std::env::var_os("UPDATE_ACCESS").is_some() {
        std::fs::write(&path, table).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    for (made, known) in table.lines().zip(committed.lines()) {
        assert_eq!(made, known, "UPDATE_ACCESS=1 cargo test --test api access rewrites tests/api/access.txt");
    }
    assert_eq!(table.lines().count(), committed.lines().count(), "operations came or went; UPDATE_ACCESS=1");
}
