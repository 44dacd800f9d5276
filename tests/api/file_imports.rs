//! Imports of files: how they are read, which fate each row has, and that it is done once.

use std::collections::BTreeMap;

use actix_web::{http::Method, test::TestRequest};
use chrono::Duration;
use liaison::{auth::password::NewPassword, demo};
use serde_json::{Value, json};

use crate::{
    calls::World,
    harness::{Answer, PASSWORD, TestApp, TestUser},
};

const PATH: &str = "/v1/imports";
const MESSY: &[u8] = include_bytes!("imports/messy-clients.csv");
const FATES: &str = include_str!("imports/messy-clients.fates.csv");
const NORTHWIND: &[u8] = include_bytes!("../../src/demo/northwind/customers.csv");

async fn world() -> World {
    World::over(TestApp::start().await).await
}

fn upload(user: &TestUser, bytes: &[u8]) -> TestRequest {
    let address = format!("{PATH}?resource=clients&file_name=clients.csv");
    user.request(Method::POST, &address).insert_header(("Content-Type", "text/csv")).set_payload(bytes.to_vec())
}

async fn send(user: &TestUser, bytes: &[u8]) -> Value {
    user.send(upload(user, bytes)).await.created()
}

/// The import after a step, which its job has done.
async fn done(user: &TestUser, import: &Value, step: &str) -> Value {
    let _ = user.transition(step, import, json!({})).await.ok();
    user.app().work().await;
    let import = user.get(import["path"].as_str().unwrap()).await.ok();
    assert_eq!(import["job"]["state"], "succeeded", "{import}");
    import
}

async fn changed(user: &TestUser, import: &Value, patch: Value) -> Value {
    user.patch(import["path"].as_str().unwrap(), import, patch).await.ok()
}

async fn rows(user: &TestUser, import: &Value, query: &str) -> Vec<Value> {
    let mut address = format!("{}/rows?limit=7{query}", import["path"].as_str().unwrap());
    let mut rows = Vec::new();
    loop {
        let answer = user.get(&address).await;
        let next = answer.next_page();
        rows.extend(answer.ok()["data"].as_array().unwrap().clone());
        match next {
            Some(next) => address = next,
            None => return rows,
        }
    }
}

/// The line of a row, its fate, and the columns and codes of its notes.
type Told = (i64, String, Vec<(Option<String>, String)>);

/// The fate of each row, with the codes of its notes and their columns.
fn told(rows: &[Value]) -> Vec<Told> {
    let note = |note: &Value| (note["head"].as_str().map(str::to_owned), note["code"].as_str().unwrap().to_owned());
    let row = |row: &Value| {
        let notes = row["notes"].as_array().unwrap().iter().map(note).collect();
        (row["line"].as_i64().unwrap(), row["fate"].as_str().unwrap_or("none").to_owned(), notes)
    };
    rows.iter().map(row).collect()
}

fn fates(rows: &[Value]) -> Vec<String> {
    told(rows).into_iter().map(|(_, fate, _)| fate).collect()
}

async fn demo() -> (TestApp, TestUser) {
    let app = TestApp::start().await;
    let parts = app.parts();
    let password = NewPassword::parse(PASSWORD).unwrap();
    demo::load(&mut app.db().await, &parts.secrets, &parts.hashing, &parts.clock, password).await.unwrap();
    let sue = app.supervisor().await;
    (app, sue)
}

#[actix_web::test]
async fn a_list_as_companies_have_it_gets_the_fates_that_are_written_beside_it() {
    let (app, sue) = demo().await;
    let import = send(&sue, MESSY).await;
    assert_eq!(
        (&import["encoding"], &import["separator"], &import["head_line"]),
        (&json!("windows-1251"), &json!(";"), &json!(2))
    );
    let mapping = json!([
        null,
        "name",
        "tax_id",
        "phone",
        "email",
        "address.city",
        "owner",
        "contact.name",
        "last_deal_on",
        "credit_limit"
    ]);
    assert_eq!((&import["mapping"], &import["phone_region"]), (&mapping, &json!("RU")));
    assert_eq!((&import["actions"], &import["state"]), (&json!(["update", "check"]), &json!("uploaded")));
    let clients = app.count("clients").await;
    let checked = done(&sue, &import, "check").await;
    assert_eq!((&checked["state"], &checked["row_count"]), (&json!("checked"), &json!(13)));
    assert_eq!(app.count("clients").await, clients, "a dry run changes nothing");
    let rows = rows(&sue, &checked, "").await;
    let mut expected = csv::Reader::from_reader(FATES.as_bytes());
    for (row, expected) in rows.iter().zip(expected.records()) {
        let expected = expected.unwrap();
        let number: i64 = expected[0].parse().unwrap();
        assert_eq!(row["line"], number + 2);
        let fate = row["fate"].as_str().unwrap().replace("create", "created");
        assert!(
            expected[1].split(" or ").any(|one| one == fate),
            "row {number}: {fate} and not {}: {row}",
            &expected[1]
        );
    }
    assert_eq!(rows.len(), 13);
    let told = told(&rows);
    let at = |row: usize| {
        told[row - 1].2.iter().map(|(head, code)| (head.as_deref().unwrap_or("-"), code.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(at(1), []);
    assert_eq!(rows[3]["duplicate_of_line"], 3);
    let mut five = at(5);
    five.sort_unstable();
    assert_eq!(
        five,
        [("Дата последней сделки", "invalid_date"), ("ИНН", "invalid_tax_id"), ("Эл. почта", "invalid_email")]
    );
    assert_eq!(at(6), [("-", "required")]);
    assert_eq!(at(8), [("Ответственный", "unknown_reference")]);
    let twin = app.text("SELECT id::text AS value FROM clients WHERE name = 'Wartian Herkku'").await.remove(0);
    assert_eq!(rows[8]["target_id"], twin.as_str());
    let mut ten = at(10);
    ten.sort_unstable();
    assert_eq!(ten, [("Кредитный лимит", "too_many_decimals"), ("Телефон", "invalid_phone")]);
    assert_eq!((at(12), at(13)), (vec![("-", "too_many_columns")], vec![("Клиент", "unclosed_quote")]));
    applied(&app, &sue, &checked).await;
}

async fn applied(app: &TestApp, sue: &TestUser, checked: &Value) {
    let applied = done(sue, checked, "apply").await;
    assert_eq!((&applied["state"], &applied["counts"]["applied"]), (&json!("applied"), &applied["counts"]["create"]));
    let created = rows(sue, &applied, "&fate=create").await;
    let client = async |row: &Value| sue.get(&format!("/v1/clients/{}", row["target_id"].as_str().unwrap())).await.ok();
    let romashka = client(&created[0]).await;
    assert_eq!(
        (&romashka["name"], &romashka["phone"], &romashka["credit_limit"]),
        (&json!("ООО «Ромашка»"), &json!("+74951234567"), &json!("100000.00"))
    );
    assert_eq!(
        (&romashka["kind"], &romashka["last_interaction_at"]),
        (&json!("organization"), &json!("2026-03-12T00:00:00Z"))
    );
    assert_eq!(romashka["address"]["city"], "Тверь");
    let contacts = sue.get(&format!("/v1/contacts?client_id={}", romashka["id"].as_str().unwrap())).await.ok();
    assert_eq!(
        (&contacts["data"][0]["name"], &contacts["data"][0]["is_primary"]),
        (&json!("Иванова Мария Петровна"), &json!(true))
    );
    let trader = client(&created[2]).await;
    assert_eq!(
        (&trader["kind"], &trader["phone"], &trader["email"]),
        (&json!("person"), &json!("+79161112233"), &Value::Null)
    );
    let formula = client(&created[3]).await;
    assert!(formula["name"].as_str().unwrap().starts_with("=HYPERLINK("), "{formula}");
    assert!(
        app.text("SELECT DISTINCT resource AS value FROM audit_events WHERE action = 'created'")
            .await
            .contains(&"clients".to_owned())
    );
    sue.transition("apply", &applied, json!({})).await.problem(409, "invalid_state");
}

#[actix_web::test]
async fn a_second_import_changes_nothing() {
    let world = world().await;
    let import = send(&world.sue, NORTHWIND).await;
    let mapping = import["mapping"].as_array().unwrap();
    assert_eq!(mapping[1..4], [json!("name"), json!("contact.name"), json!("contact.job_title")]);
    let import = changed(&world.sue, &import, json!({"wrong_values": "leave_out"})).await;
    let checked = done(&world.sue, &import, "check").await;
    assert_eq!((&checked["counts"]["create"], &checked["counts"]["error"]), (&json!(91), &json!(0)));
    let applied = done(&world.sue, &checked, "apply").await;
    assert_eq!((world.app.count("clients").await, world.app.count("contacts").await), (91, 91));
    assert_eq!(applied["counts"]["applied"], 91);
    let before = world
        .app
        .text("SELECT json_build_array(count(*), sum(version), max(updated_at))::text AS value FROM clients")
        .await;
    for duplicates in ["skip", "fill"] {
        let import = send(&world.sue, NORTHWIND).await;
        let options = json!({"wrong_values": "leave_out", "duplicates": duplicates});
        let import = changed(&world.sue, &import, options).await;
        let checked = done(&world.sue, &import, "check").await;
        let fate = if duplicates == "skip" { "duplicate" } else { "unchanged" };
        assert_eq!(checked["counts"][fate], 91, "{checked}");
        done(&world.sue, &checked, "apply").await;
    }
    let after = world
        .app
        .text("SELECT json_build_array(count(*), sum(version), max(updated_at))::text AS value FROM clients")
        .await;
    assert_eq!(before, after);
    assert_eq!(world.app.count("contacts").await, 91);
}

#[actix_web::test]
async fn the_demonstration_company_goes_through_too() {
    let (app, sue) = demo().await;
    let clients = app.count("clients").await;
    let import = send(&sue, NORTHWIND).await;
    let checked = done(&sue, &import, "check").await;
    assert_eq!(checked["counts"]["duplicate"], 91, "{checked}");
    done(&sue, &checked, "apply").await;
    assert_eq!(app.count("clients").await, clients);
}

#[actix_web::test]
async fn a_row_twice_in_one_file_makes_one_client() {
    let world = world().await;
    let file = "Company;INN;Phone\nРомашка;7707083893;\nromashka llc;;\nВектор;;+74951234567\nСевер;;8 495 123-45-67\nАнна;;\nИван;;\n";
    let import = send(&world.sue, file.as_bytes()).await;
    let checked = done(&world.sue, &import, "check").await;
    let told = rows(&world.sue, &checked, "").await;
    assert_eq!(fates(&told), ["create", "duplicate", "create", "duplicate", "create", "create"]);
    assert_eq!((&told[1]["duplicate_of_line"], &told[3]["duplicate_of_line"]), (&json!(2), &json!(4)));
    done(&world.sue, &checked, "apply").await;
    assert_eq!(world.app.count("clients").await, 4);
}

#[actix_web::test]
async fn duplicates_out_of_reach_are_told_as_the_policy_says() {
    let world = world().await;
    let body = json!({"kind": "organization", "name": "Ромашка", "tax_id": "7707083893"});
    let client = world.mia.post("/v1/clients", body).await.created();
    let file = "Company;INN\nРомашка;7707083893\nРомашка;\n";
    for (user, sees) in [(&world.ann, false), (&world.sue, true)] {
        let checked = done(user, &send(user, file.as_bytes()).await, "check").await;
        let rows = rows(user, &checked, "").await;
        let target = if sees { client["id"].clone() } else { Value::Null };
        assert_eq!((&rows[0]["fate"], &rows[0]["target_id"]), (&json!("duplicate"), &target));
        // That there is a client with the same name out of reach is not told.
        assert_eq!(rows[1]["fate"], if sees { "duplicate" } else { "create" });
    }
}

#[actix_web::test]
async fn empty_fields_are_filled_and_nothing_is_overwritten() {
    let world = world().await;
    let body = json!({"kind": "organization", "name": "Ромашка", "tax_id": "7707083893", "phone": "+74951234567"});
    let client = world.ann.post("/v1/clients", body).await.created();
    let file = "Company;INN;Phone;E-mail;Website\nООО Ромашка;7707083893;+74957654321;office@romashka.example;https://romashka.example/\n";
    let import = changed(&world.ann, &send(&world.ann, file.as_bytes()).await, json!({"duplicates": "fill"})).await;
    let checked = done(&world.ann, &import, "check").await;
    assert_eq!(checked["counts"]["update"], 1);
    let applied = done(&world.ann, &checked, "apply").await;
    let path = client["path"].as_str().unwrap();
    let filled = world.ann.get(path).await.ok();
    assert_eq!((&filled["name"], &filled["phone"]), (&json!("Ромашка"), &json!("+74951234567")));
    assert_eq!(
        (&filled["email"], &filled["website"]),
        (&json!("office@romashka.example"), &json!("https://romashka.example/"))
    );
    let undone = done(&world.ann, &applied, "undo").await;
    assert_eq!((&undone["state"], &undone["counts"]["undone"]), (&json!("undone"), &json!(1)));
    let emptied = world.ann.get(path).await.ok();
    assert_eq!(
        (&emptied["email"], &emptied["website"], &emptied["phone"]),
        (&Value::Null, &Value::Null, &json!("+74951234567"))
    );
}

#[actix_web::test]
async fn what_was_made_is_taken_back_where_nothing_was_changed_since() {
    let world = world().await;
    let file = "Company\nAlpha\nBeta\nGamma\n";
    let checked = done(&world.ann, &send(&world.ann, file.as_bytes()).await, "check").await;
    let applied = done(&world.ann, &checked, "apply").await;
    let made = rows(&world.ann, &applied, "").await;
    let path = |row: usize| format!("/v1/clients/{}", made[row]["target_id"].as_str().unwrap());
    let beta = world.ann.get(&path(1)).await.ok();
    let _ = world.ann.patch(&path(1), &beta, json!({"industry": "Retail"})).await.ok();
    world.app.advance(Duration::seconds(1));
    let called =
        json!({"client_id": made[2]["target_id"], "channel": "phone", "purpose": "presentation", "subject": "Called"});
    let _ = world.ann.post("/v1/interactions", called).await.created();
    let undone = done(&world.ann, &applied, "undo").await;
    let undo: Vec<Value> = rows(&world.ann, &undone, "").await.into_iter().map(|row| row["undo"].clone()).collect();
    assert_eq!(undo, [json!("undone"), json!("changed_since"), json!("in_use")]);
    let status = async |row: usize| world.ann.get(&path(row)).await.ok()["status"].clone();
    assert_eq!((status(0).await, status(1).await, status(2).await), (json!("archived"), json!("lead"), json!("lead")));
    assert_eq!(rows(&world.ann, &undone, "&undo=in_use").await.len(), 1);
}

#[actix_web::test]
async fn confidential_values_are_left_out_for_who_may_not_write_them() {
    let world = world().await;
    let file = "Company;Credit limit\nAlpha;100 000,00\n";
    let checked = done(&world.ann, &send(&world.ann, file.as_bytes()).await, "check").await;
    let told = told(&rows(&world.ann, &checked, "").await);
    assert_eq!(told, [(2, "create".to_owned(), vec![(Some("Credit limit".to_owned()), "left_out".to_owned())])]);
    let applied = done(&world.ann, &checked, "apply").await;
    let id = rows(&world.ann, &applied, "").await[0]["target_id"].as_str().unwrap().to_owned();
    assert_eq!(world.sue.get(&format!("/v1/clients/{id}")).await.ok()["credit_limit"], Value::Null);
}

#[actix_web::test]
async fn owners_are_those_whom_the_importer_may_give_clients_to() {
    let world = world().await;
    let file = format!(
        "Company;Owner\nAlpha;{}\nBeta;{}\nGamma;nobody@example.com\nDelta;\n",
        world.ann.email, world.bob.email
    );
    let checked = done(&world.ann, &send(&world.ann, file.as_bytes()).await, "check").await;
    let told = told(&rows(&world.ann, &checked, "").await);
    let codes: Vec<(&str, Vec<&str>)> = told
        .iter()
        .map(|(_, fate, notes)| (fate.as_str(), notes.iter().map(|(_, code)| code.as_str()).collect()))
        .collect();
    assert_eq!(
        codes,
        [("create", vec![]), ("error", vec!["forbidden"]), ("error", vec!["unknown_reference"]), ("create", vec![])]
    );
    let import =
        changed(&world.sue, &send(&world.sue, file.as_bytes()).await, json!({"default_owner_id": world.kim.id})).await;
    let checked = done(&world.sue, &import, "check").await;
    assert_eq!(checked["counts"]["create"], 4);
    let applied = done(&world.sue, &checked, "apply").await;
    let mut owners = BTreeMap::new();
    for row in rows(&world.sue, &applied, "").await {
        let client = world.sue.get(&format!("/v1/clients/{}", row["target_id"].as_str().unwrap())).await.ok();
        owners.insert(client["name"].as_str().unwrap().to_owned(), client["owner_id"].clone());
    }
    let (ann, bob, kim) = (json!(world.ann.id), json!(world.bob.id), json!(world.kim.id));
    assert_eq!(owners.into_values().collect::<Vec<_>>(), [ann, bob, kim.clone(), kim]);
}

#[actix_web::test]
async fn an_import_that_was_stopped_goes_on_and_no_row_happens_twice() {
    let world = world().await;
    // Doubled letters, or two spellings of one sound, would make two names one.
    let letter = |all: &str, at: usize| all.chars().nth(at).unwrap();
    let syllable = |number: usize| {
        [letter("bdfgklmnprstvz", number / 5 % 14), letter("aeiou", number % 5)].into_iter().collect::<String>()
    };
    let company = |number: usize| format!("Company {}{}\n", syllable(number), syllable(number / 70));
    let file = (0..600).fold("Company\n".to_owned(), |file, number| file + &company(number));
    let checked = done(&world.sue, &send(&world.sue, file.as_bytes()).await, "check").await;
    assert_eq!(checked["counts"]["create"], 600, "{checked}");
    let _ = world.sue.transition("apply", &checked, json!({})).await.ok();
    // The server that has the job is stopped after its first part, as by kill -9: nothing tells the job.
    world.app.sql("CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.done > 250 THEN PERFORM pg_sleep(30); END IF; RETURN NEW; END $$").await;
    world.app.sql("CREATE TRIGGER stop BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION stop()").await;
    let killed = tokio::time::timeout(std::time::Duration::from_secs(8), world.app.work()).await;
    assert!(killed.is_err(), "the server is gone in the middle");
    world.app.sql("DROP TRIGGER stop ON jobs").await;
    let done = world.app.count("clients").await;
    assert!((1..600).contains(&done), "{done}");
    let second = world.app.second_server().await;
    assert_eq!(second.work().await, 0, "its lease lasts");
    world.app.advance(Duration::seconds(61));
    assert_eq!(second.work().await, 1);
    let import = world.sue.get(checked["path"].as_str().unwrap()).await.ok();
    assert_eq!((&import["state"], &import["counts"]["applied"]), (&json!("applied"), &json!(600)));
    assert_eq!(world.app.count("clients").await, 600);
    assert_eq!(world.app.text("SELECT count(DISTINCT name)::text AS value FROM clients").await, ["600"]);
}

#[actix_web::test]
async fn a_change_of_the_mapping_asks_for_a_new_check() {
    let world = world().await;
    let import = send(&world.ann, "Company;Town;Phone\nAlpha;Tver;+74951234567\n".as_bytes()).await;
    assert_eq!(import["mapping"], json!(["name", "address.city", "phone"]));
    world.ann.transition("apply", &import, json!({})).await.problem(409, "invalid_state");
    let checked = done(&world.ann, &import, "check").await;
    assert_eq!(checked["actions"], json!(["update", "check", "apply"]));
    let changed = changed(&world.ann, &checked, json!({"mapping": ["name", null, "phone"]})).await;
    assert_eq!((&changed["state"], &changed["counts"]["create"]), (&json!("uploaded"), &json!(0)));
    assert_eq!(fates(&rows(&world.ann, &changed, "").await), ["none"]);
    let path = import["path"].as_str().unwrap();
    let patch = async |body: Value| world.ann.patch(path, &changed, body).await;
    patch(json!({"mapping": ["name", "phone"]})).await.field_error("/mapping", "wrong_length");
    patch(json!({"mapping": ["name", "name", null]})).await.field_error("/mapping/1", "repeated");
    patch(json!({"mapping": ["name", "colour", null]})).await.field_error("/mapping/1", "invalid_choice");
    patch(json!({"default_owner_id": import["id"]})).await.field_error("/default_owner_id", "unknown_reference");
    let _ = world.ann.transition("check", &changed, json!({})).await.ok();
    world.ann.transition("check", &changed, json!({})).await.problem(412, "precondition_failed");
    let busy = world.ann.get(path).await.ok();
    assert_eq!(busy["actions"], json!([]));
    world.ann.transition("check", &busy, json!({})).await.problem(409, "conflict");
    world.ann.patch(path, &busy, json!({"duplicates": "fill"})).await.problem(409, "conflict");
}

#[actix_web::test]
async fn what_is_no_table_is_refused() {
    let world = world().await;
    let post = async |bytes: &[u8]| -> Answer { world.ann.send(upload(&world.ann, bytes)).await };
    post(b"").await.field_error("", "empty_file");
    post(b"\n\n \n").await.field_error("", "empty_file");
    post(b"\x89PNG\x0D\x0A\x1A\x0A\0\0\0\x0DIHDR").await.field_error("", "unreadable_file");
    post(b"PK\x03\x04 and nothing else").await.field_error("", "unreadable_file");
    let large = vec![b'a'; (50 << 20) + 1];
    post(&large).await.problem(413, "body_too_large");
    assert_eq!(world.app.count("imports").await, 0);
}

#[actix_web::test]
async fn an_export_can_be_imported_again() {
    let world = world().await;
    let body =
        json!({"kind": "organization", "name": "Ромашка", "phone": "+74951234567", "address": {"city": "Тверь"}});
    let client = world.ann.post("/v1/clients", body).await.created();
    for format in ["csv", "xlsx"] {
        let export = json!({"resource": "clients", "format": format, "columns": ["name", "phone", "address.city"]});
        let export = world.ann.post("/v1/exports", export).await.created();
        world.app.work().await;
        let file = world.ann.get(&format!("{}/file", export["path"].as_str().unwrap())).await;
        let checked = done(&world.ann, &send(&world.ann, &file.body).await, "check").await;
        assert_eq!(
            (&checked["format"], &checked["mapping"]),
            (&json!(format), &json!(["name", "phone", "address.city"]))
        );
        assert_eq!(rows(&world.ann, &checked, "").await[0]["target_id"], client["id"]);
    }
}

#[actix_web::test]
async fn everyone_sees_their_own_imports_and_supervisors_all() {
    let world = world().await;
    let import = send(&world.ann, b"Company\nAlpha\n").await;
    let path = import["path"].as_str().unwrap();
    for stranger in [&world.bob, &world.kim, &world.mia] {
        stranger.get(path).await.problem(404, "not_found");
        stranger.get(&format!("{path}/rows")).await.problem(404, "not_found");
        stranger.transition("check", &import, json!({})).await.problem(404, "not_found");
    }
    let count = async |user: &TestUser, query: &str| {
        user.get(&format!("{PATH}?total=true{query}")).await.ok()["total"].as_i64().unwrap()
    };
    assert_eq!((count(&world.ann, "").await, count(&world.bob, "").await, count(&world.sue, "").await), (1, 0, 1));
    assert_eq!((count(&world.sue, "&state=uploaded").await, count(&world.sue, "&state=applied").await), (1, 0));
    assert_eq!(count(&world.sue, &format!("&owner_id={}", world.bob.id)).await, 0);
}

#[actix_web::test]
async fn rows_and_samples_are_removed_after_a_time() {
    let world = world().await;
    let import = send(&world.ann, b"Company\nAlpha\n").await;
    done(&world.ann, &import, "check").await;
    world.app.sweep().await;
    assert_eq!(world.app.count("import_rows").await, 1);
    world.app.advance(Duration::days(31));
    world.app.sweep().await;
    assert_eq!(world.app.count("import_rows").await, 0);
    assert_eq!(world.app.text("SELECT sample::text AS value FROM imports").await, ["[]"]);
}

/// The words of a contact, by which its client is found, are there from the beginning: writing each client again would take as
/// long as writing it.
#[actix_web::test]
async fn each_client_is_written_once() {
    let world = world().await;
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'written again'; END $$";
    world.app.sql(refuse).await;
    world.app.sql("CREATE TRIGGER refuse BEFORE UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION refuse()").await;
    let file = "name,contact person,contact email,contact phone\n\
        Kolos,Йоханнес Müller-Ёлкин,j.mueller@kolos.example,+7 495 123-45-67\nVega,,,\n";
    let import = send(&world.sue, file.as_bytes()).await;
    let checked = done(&world.sue, &import, "check").await;
    let applied = done(&world.sue, &checked, "apply").await;
    assert_eq!((&applied["counts"]["create"], &applied["counts"]["applied"]), (&json!(2), &json!(2)));
    for words in ["елкин", "mueller@kolos.example", "84951234567"] {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", words).finish();
        let found = world.sue.get(&format!("/v1/clients?{query}")).await.ok();
        assert_eq!(found["data"][0]["name"], "Kolos", "{words}");
    }
}
