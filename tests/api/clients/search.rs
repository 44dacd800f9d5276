//! Finding clients by words, as people type them.

use liaison::access::Role;
use serde_json::{Value, json};

use super::{create, create_with, names, path, set, world};
use crate::calls::World;

/// Queries with the client that must stand first; none where nothing may be found.
const CASES: &str = include_str!("search.csv");
/// The customers of the demonstration company.
const CUSTOMERS: &str = include_str!("../../../src/demo/northwind/customers.csv");

fn query(words: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("q", words).finish()
}

/// The clients of the cases, among those of the demonstration company, all of Ann.
async fn base(world: &World) -> Value {
    let ann = &world.ann;
    for customer in csv::Reader::from_reader(CUSTOMERS.as_bytes()).records() {
        let customer = customer.unwrap();
        let body = json!({"name": &customer[1], "address": {"city": &customer[5]}, "tags": [&customer[8]]});
        create_with(ann, body).await;
    }
    create_with(ann, json!({"name": "ИП Алёшин Пётр"})).await;
    create_with(ann, json!({"name": "АО «Берёзка»"})).await;
    let romashka = json!({"name": "ООО «Ромашка»", "tax_id": "7707083893", "phone": "+74951234567", "tags": ["опт"],
        "email": "office@romashka.example", "address": {"city": "Тверь"}});
    let romashka = create_with(ann, romashka).await;
    let maria = json!({"client_id": romashka["id"], "name": "Мария Иванова",
        "messengers": [{"kind": "telegram", "handle": "@mariya_ivanova"}]});
    ann.post("/v1/contacts", maria).await.created();
    romashka
}

#[actix_web::test]
async fn each_case_finds_its_client_first_or_nothing() {
    let world = world().await;
    base(&world).await;
    let mut failed = Vec::new();
    for case in csv::Reader::from_reader(CASES.as_bytes()).records() {
        let case = case.unwrap();
        // Ann's clients are looked at one by one, those of all are found by an index.
        for who in [&world.ann, &world.sue] {
            let found = names(who, &query(&case[0])).await;
            if found.first().map_or("", String::as_str) != &case[1] {
                let found: Vec<&String> = found.iter().take(3).collect();
                failed.push(format!("{} ({}): {found:?} instead of {:?}", &case[0], &case[2], &case[1]));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[actix_web::test]
async fn a_client_is_found_by_its_contacts_as_they_are_now() {
    let world = world().await;
    let ann = &world.ann;
    let client = create(ann, "Romashka").await;
    let contact = json!({"client_id": client["id"], "name": "Maria Anders", "email": "maria@sales.example"});
    let contact = ann.post("/v1/contacts", contact).await.created();
    let finds = async |words: &str| set(ann, &query(words)).await == ["Romashka"];
    assert!(finds("anders").await && finds("sales.example").await);
    let contact = ann.patch(path(&contact), &contact, json!({"name": "Maria Petrova"})).await.ok();
    assert!(finds("petrova").await && !finds("anders").await);
    assert_eq!(ann.get(path(&client)).await.ok()["version"], 1, "the client itself has not changed");
    ann.delete(path(&contact), &contact).await.no_content();
    assert!(!finds("petrova").await);
    assert_eq!(set(&world.mia, &query("romashka")).await, Vec::<String>::new(), "out of reach");
}

/// Who may not see contacts does not find a client by them either.
#[actix_web::test]
async fn contacts_out_of_reach_are_not_searched() {
    let world = world().await;
    base(&world).await;
    let program = world.app.service_account(Role::Supervisor, &["clients:read"]).await;
    let found = async |words: &str| names(&program, &query(words)).await.len();
    assert_eq!((found("ромашка").await, found("иванова").await, found("ромашка иванова").await), (1, 0, 0));
}

#[actix_web::test]
async fn pages_of_a_search_go_on_where_the_last_one_ended() {
    let world = world().await;
    base(&world).await;
    for words in ["Restaurant", "Restaurnat", "mexico"] {
        for sort in ["", "&sort=name"] {
            let query = format!("{}{sort}", query(words));
            let all = names(&world.ann, &format!("{query}&limit=200")).await;
            assert!(all.len() > 2, "{words}");
            let mut paged = Vec::new();
            let mut next = format!("/v1/clients?{query}&limit=2&total=true");
            loop {
                let page = world.ann.get(&next).await.ok();
                assert_eq!(page["total"], json!(all.len()), "{words}");
                paged.extend(
                    page["data"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()),
                );
                let Some(cursor) = page["next_cursor"].as_str() else { break };
                next = format!("/v1/clients?{query}&limit=2&total=true&cursor={cursor}");
            }
            assert_eq!(paged, all, "{words}{sort}");
        }
    }
}

#[actix_web::test]
async fn names_are_in_the_order_of_a_dictionary() {
    let world = world().await;
    let sorted = ["apple", "Apple", "Banana", "№2", "№10", "Ежиков", "Ёжиков", "Ежов", "ель", "Жук"];
    for name in sorted.iter().rev() {
        create(&world.ann, name).await;
    }
    assert_eq!(names(&world.ann, "sort=name").await, sorted);
    let mut paged = Vec::new();
    let mut next = "/v1/clients?sort=name&limit=1".to_owned();
    loop {
        let page = world.ann.get(&next).await.ok();
        paged.push(page["data"][0]["name"].as_str().unwrap().to_owned());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("/v1/clients?sort=name&limit=1&cursor={cursor}");
    }
    assert_eq!(paged, sorted);
}

/// The database and the server write words in the same way.
#[actix_web::test]
async fn a_name_in_any_script_is_found_as_it_is_written() {
    let world = world().await;
    let odd = [
        "Ёжиков & Сыновья",
        "Łódź",
        "Straße",
        "Þór",
        "İstanbul",
        "Ελλάδα ΑΕ",
        "北京公司",
        "Ⅳ №5½",
        "ﬁlm",
        "１２３４",
        "Щёлково—Ю",
        "O’Reilly",
        "naïve Ångström",
        "ЪЬЫ",
        "Ґедзь Їжак",
        "x²·y",
        "ǅ",
        "Шышшш Ooops",
        "ТОВ «Є»",
        "a_b",
        "50% off",
        "שלום",
        "مرحبا",
    ];
    for name in odd {
        create(&world.ann, name).await;
    }
    for name in odd {
        assert!(names(&world.ann, &query(name)).await.contains(&name.to_owned()), "{name}");
    }
}

#[actix_web::test]
async fn odd_queries_are_answered() {
    let world = world().await;
    create(&world.ann, "3").await;
    create(&world.ann, "3M").await;
    for odd in ["%", "_", "'", "\\", "🚀", "…", "'; DROP TABLE clients; --"] {
        assert_eq!(names(&world.ann, &query(odd)).await, Vec::<String>::new(), "{odd}");
    }
    assert_eq!(names(&world.ann, &query("3")).await, ["3"], "a single character is a word of its own");
    let long = query(&"я".repeat(201));
    world.ann.get(&format!("/v1/clients?{long}")).await.problem(400, "invalid_parameter");
}
