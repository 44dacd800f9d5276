//! Two servers are killed in the middle of an import. It goes on, and each row becomes one client.

use std::{
    fmt::Write,
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use crate::{
    caller::{Answer, Request},
    length,
    stage::Stage,
};

/// The most time that a job may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// A list of clients with a contact each. The taxpayer numbers are left out: each of them would need its check digits.
fn file(rows: usize) -> String {
    let mut file = "name,phone,email,city,contact person\n".to_owned();
    for row in 0..rows {
        writeln!(file, "Company {row},+7495{row:07},office@company{row}.example,Moscow,Person {row}").unwrap();
    }
    file
}

/// The import, once `is_so` says so of it.
fn until(stage: &Stage, path: &str, is_so: impl Fn(&Answer) -> bool) -> Answer {
    let began = Instant::now();
    loop {
        let import = stage.caller().send(&Request::get(path)).unwrap();
        assert_eq!(import.status, 200, "{import:?}");
        if is_so(&import) {
            return import;
        }
        assert!(began.elapsed() < PATIENCE, "{import:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn is_done(import: &Answer) -> bool {
    import.body["job"]["state"] == "succeeded"
}

#[test]
fn an_import_outlives_two_killed_servers() {
    let rows = length::of(3_000, 100_000);
    let mut stage = Stage::new(&[]);
    let path = stage.caller().send(&Request::csv("/v1/imports?resource=clients", file(rows))).unwrap();
    assert_eq!(path.status, 201, "{path:?}");
    let (address, etag) = (path.header("location").unwrap().to_owned(), path.etag().to_owned());
    let began = Instant::now();
    assert!(stage.caller().send(&Request::step(format!("{address}/check"), etag)).unwrap().is_success());
    let checked = until(&stage, &address, is_done);
    let check = began.elapsed();
    assert_eq!(checked.body["counts"]["create"], rows, "{checked:?}");

    let other = stage.another_server();
    assert!(stage.caller().send(&Request::step(format!("{address}/apply"), checked.etag())).unwrap().is_success());
    let begun = until(&stage, &address, |import| import.body["job"]["done"].as_i64() > Some(0));
    assert!(!is_done(&begun), "too few rows to be killed in the middle of them");
    other.signal(Signal::SIGKILL);
    stage.kill_server();
    assert!(!other.wait(), "it was killed");
    let left: usize = stage.postgres.value("SELECT count(*) FROM clients").parse().unwrap();
    assert!(left < rows, "killed too late");
    // A job is taken up again when its server has not been heard of for a minute.
    stage.postgres.run(&["UPDATE jobs SET leased_until = now() WHERE state = 'running'"]);
    stage.start_server();
    let began = Instant::now();
    let applied = until(&stage, &address, is_done);
    let apply = began.elapsed();
    assert_eq!((&applied.body["state"], &applied.body["counts"]["applied"]), (&"applied".into(), &rows.into()));
    for (sql, what) in [
        ("SELECT count(*) FROM clients", "clients"),
        ("SELECT count(DISTINCT name) FROM clients", "different clients"),
        ("SELECT count(*) FROM contacts", "contacts"),
        ("SELECT count(*) FROM audit_events WHERE resource = 'clients' AND action = 'created'", "records"),
    ] {
        assert_eq!(stage.postgres.value(sql), rows.to_string(), "{what}");
    }
    println!(
        "imported: {rows} rows, checked in {check:?}; killed with {left} applied, the others applied in {apply:?}"
    );
}
