//! The numbers that registers, banks and telephone networks give a client, how it can be reached, and to whom it belongs.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{create, create_with, path, world};
use crate::harness::{Answer, TestUser};

async fn start(user: &TestUser, members: Value) -> Answer {
    let mut body = json!({"kind": "organization", "name": "Romashka"});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    user.post("/v1/clients", body).await
}

#[actix_web::test]
async fn a_telephone_number_is_taken_in_every_usual_spelling() {
    let world = world().await;
    for spelling in ["8 (495) 123-45-67", "+7 495 123 45 67", "84951234567", " +74951234567 ", "495 123-45-67"] {
        let client = start(&world.ann, json!({"kind": "person", "phone": spelling})).await.created();
        assert_eq!(client["phone"], "+74951234567", "{spelling}");
        assert_eq!(client["formatted_phones"], json!({"+74951234567": "+7 495 123-45-67"}));
    }
    let client = create(&world.ann, "Client").await;
    let others = json!([{"label": "reception", "number": "8 (8182) 65-20-10, доб. 12"}, {"number": "+1 206 555 9857"}]);
    let changed =
        world.ann.patch(path(&client), &client, json!({"phone": "8 916 111 22 33", "other_phones": others})).await;
    let changed = changed.ok();
    assert_eq!(changed["phone"], "+79161112233");
    assert_eq!(changed["other_phones"][0], json!({"label": "reception", "number": "+78182652010;ext=12"}));
    assert_eq!(changed["formatted_phones"]["+78182652010;ext=12"], "+7 818 265-20-10 ext. 12");
    assert_eq!(changed["formatted_phones"]["+12065559857"], "+1 206-555-9857");
}

#[actix_web::test]
async fn a_number_without_a_country_is_one_of_the_organisations_region() {
    let world = world().await;
    let organization = world.sam.get("/v1/organization").await.ok();
    world.sam.patch("/v1/organization", &organization, json!({"phone_region": "US"})).await.ok();
    let client = start(&world.ann, json!({"phone": "(206) 555-9857"})).await.created();
    assert_eq!(client["phone"], "+12065559857");
    start(&world.ann, json!({"phone": "8 (495) 123-45-67"})).await.field_error("/phone", "invalid_phone");
    let contact = json!({"client_id": client["id"], "name": "Maria", "phone": "206.555.9482",
        "other_phones": [{"label": "mobile", "number": "+7 916 111-22-33"}]});
    let contact = world.ann.post("/v1/contacts", contact).await.created();
    assert_eq!(
        (&contact["phone"], &contact["other_phones"][0]["number"]),
        (&json!("+12065559482"), &json!("+79161112233"))
    );
    assert_eq!(contact["formatted_phones"]["+79161112233"], "+7 916 111-22-33");
}

#[actix_web::test]
async fn what_no_register_knows_is_refused() {
    let world = world().await;
    let wrong = json!({"name": ".", "tax_id": "0000000000", "phone": "+70000000000", "language": "xx", "kpp": "1",
        "registration_number": "1027700132196", "address": {"country": "XX"},
        "foreign_ids": [{"country": "XX", "kind": "tax", "number": "1"}]});
    let mut errors = start(&world.ann, wrong).await.field_errors();
    errors.sort();
    let expected = [
        ("/address/country", "invalid_country"),
        ("/foreign_ids/0/country", "invalid_country"),
        ("/kpp", "invalid_kpp"),
        ("/language", "invalid_language"),
        ("/name", "invalid_name"),
        ("/phone", "invalid_phone"),
        ("/registration_number", "invalid_registration_number"),
        ("/tax_id", "invalid_tax_id"),
    ];
    assert_eq!(errors, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    let currency = json!({"sku": "x", "name": "X", "kind": "good", "unit": "box", "base_price": "10", "currency": "XXX", "tax_rate": "20"});
    world.sam.post("/v1/products", currency).await.field_error("/currency", "invalid_currency");
}

#[actix_web::test]
async fn a_person_has_no_number_of_a_company() {
    let world = world().await;
    let company = json!({"tax_id": " 7707 083893 ", "kpp": "773601001", "registration_number": "1027700132195"});
    let client = start(&world.ann, company.clone()).await.created();
    assert_eq!(client["tax_id"], "7707083893");
    let person = json!({"kind": "person", "name": "Пётр Алёшин", "tax_id": "500100732259", "registration_number": "304500116000157"});
    let person = start(&world.ann, person).await.created();
    for (member, value) in company.as_object().unwrap() {
        let pointer = format!("/{member}");
        let created = json!({"kind": "person", member: value});
        start(&world.ann, created).await.field_error(&pointer, "not_of_person");
        world.ann.patch(path(&person), &person, json!({member: value})).await.field_error(&pointer, "not_of_person");
    }
    // An entrepreneur may be kept as an organisation.
    let entrepreneur = json!({"name": "Алёшин", "tax_id": "771234567859", "registration_number": "304500116000157"});
    start(&world.ann, entrepreneur).await.created();
}

#[actix_web::test]
async fn what_is_given_twice_and_an_account_of_another_bank_are_refused() {
    let world = world().await;
    let client = create_with(&world.ann, json!({"phone": "+74951234567", "email": "a@example.com"})).await;
    let wrong = json!({
        "other_phones": [{"number": "+79161112233"}, {"number": "8 495 123 45 67"}, {"number": "8 916 1112233"}],
        "other_emails": [{"address": "A@example.com"}],
        "foreign_ids": [{"country": "KZ", "kind": "tax", "number": "1"}, {"country": "KZ", "kind": "tax", "number": "2"}],
        "bank_accounts": [{"bic": "044525225", "account": "40702810738050013199"}]});
    let mut errors = world.ann.patch(path(&client), &client, wrong).await.field_errors();
    errors.sort();
    let expected = [
        ("/bank_accounts/0/account", "not_of_bank"),
        ("/foreign_ids/1/kind", "repeated"),
        ("/other_emails/0/address", "repeated"),
        ("/other_phones/1/number", "repeated"),
        ("/other_phones/2/number", "repeated"),
    ];
    assert_eq!(errors, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
}

#[actix_web::test]
async fn a_client_belongs_to_another_without_a_circle() {
    let world = world().await;
    let [top, middle, bottom] =
        [create(&world.ann, "Holding").await, create(&world.ann, "Company").await, create(&world.ann, "Branch").await];
    let give = async |client: &Value, parent: &Value| {
        let client = world.ann.get(path(client)).await.ok();
        world.ann.patch(path(&client), &client, json!({"parent_id": parent})).await
    };
    give(&middle, &top["id"]).await.ok();
    give(&bottom, &middle["id"]).await.ok();
    for parent in [&top, &middle, &bottom] {
        give(&top, &parent["id"]).await.field_error("/parent_id", "circle");
    }
    let children = world.ann.get(&format!("/v1/clients?parent_id={}", top["id"].as_str().unwrap())).await.ok();
    assert_eq!(children["data"].as_array().unwrap().len(), 1);
    assert_eq!(children["data"][0]["id"], middle["id"]);
    give(&middle, &Value::Null).await.ok();
    give(&top, &bottom["id"]).await.ok();
    // A client of somebody else does not exist for the caller.
    let foreign = create(&world.mia, "Foreign").await;
    give(&middle, &foreign["id"]).await.field_error("/parent_id", "unknown_reference");
}

#[actix_web::test]
async fn two_parents_given_at_once_make_no_circle() {
    let world = world().await;
    for _ in 0..5 {
        let (one, other) = (create(&world.ann, "One").await, create(&world.ann, "Other").await);
        let give = async |client: &Value, parent: &Value| {
            world.ann.patch(path(client), client, json!({"parent_id": parent["id"]})).await.status
        };
        let (first, second) = join(give(&one, &other), give(&other, &one)).await;
        assert_eq!([first, second].iter().filter(|status| **status == 200).count(), 1, "{first} {second}");
    }
}
