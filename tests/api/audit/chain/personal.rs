//! Personal values, which can be erased without a fault.

use diesel_async::SimpleAsyncConnection;
use serde_json::json;

use super::{sealed_world, told, verify};
use crate::{
    audit::{entries, world},
    calls::{Target, new_order},
};

/// trust 1.12, 1.15: erasing personal values leaves the chain valid; nothing else may be missing.
#[actix_web::test]
async fn erasing_personal_values_is_no_fault_and_is_told_to_the_reader() {
    let world = sealed_world().await;
    let app = &world.app;
    let client = entries(&world.sue, "resource=clients&action=archived").await[0]["resource_id"].clone();
    let of_client = format!("resource_id={}", client.as_str().unwrap());
    let before = entries(&world.sue, &of_client).await;
    assert_eq!(before[0]["changes"]["reason"], json!({"from": null, "to": "Closed"}));
    let erase = format!("UPDATE audit_events SET personal = NULL, personal_salt = NULL WHERE resource_id = {client}");
    app.db().await.batch_execute(&erase.replace('"', "'")).await.unwrap();
    let found = verify(app).await;
    assert_eq!((told(&found), found.erased), (vec![], 3));

    let entries = entries(&world.sue, &of_client).await;
    let erased = json!({"from": null, "to": null, "erased": true});
    assert_eq!((&entries[0]["changes"]["reason"], &entries[1]["changes"]["confidential_note"]), (&erased, &erased));
    assert_eq!(entries[0]["changes"]["status"], before[0]["changes"]["status"]);
    // Confidential values stay confidential.
    let grant = "UPDATE role_policies SET grants = jsonb_set(grants, '{clients:read_confidential}', '\"none\"') \
                 WHERE role = 'supervisor' RETURNING role AS value";
    app.text(grant).await;
    app.parts().callers.forget();
    assert_eq!(crate::audit::entries(&world.sue, &of_client).await[1]["changes"], json!({}));
}

/// Only personal values are stored apart, and none of them is in clear text elsewhere.
#[actix_web::test]
async fn personal_values_are_only_where_they_can_be_erased() {
    let world = world().await;
    let body = json!({"kind": "person", "name": "canary one", "email": "canary@example.com", "tags": ["canary tag"],
        "address": {"city": "canary city"}, "confidential_note": "canary note", "industry": "Retail"});
    let client = world.sue.post("/v1/clients", body).await.created();
    let contact = json!({"client_id": client["id"], "name": "canary two", "phone": "+74951234567"});
    let _ = world.sue.post("/v1/contacts", contact).await.created();
    let _ = world.sue.transition("archive", &client, json!({"reason": "canary reason"})).await;
    let clear = world
        .app
        .text("SELECT concat(event.changes, event.resource) AS value FROM audit_events event")
        .await
        .join("\n");
    assert!(!clear.contains("canary") && !clear.contains("+7495") && clear.contains("Retail"), "{clear}");
    let apart =
        world.app.text("SELECT personal::text AS value FROM audit_events WHERE personal IS NOT NULL").await.join("\n");
    for value in ["canary one", "canary@", "canary tag", "canary city", "canary note", "canary two", "+7495"] {
        assert!(apart.contains(value), "{value}");
    }
}

/// The personal fields of each kind of resource, written down a second time.
#[actix_web::test]
async fn the_personal_fields_of_what_is_done_with_a_client_are_kept_apart() {
    let world = world().await;
    let client = &world.client(Target::Ordinary).await["id"];
    let signatory = json!({"side": "client", "name": "canary signatory"});
    let interaction = json!({"client_id": client, "channel": "phone", "purpose": "negotiation", "subject": "canary subject",
        "summary": "canary summary"});
    let contract = json!({"client_id": client, "title": "canary title", "amount": "1000.00", "currency": "RUB",
        "starts_on": "2026-12-01", "payment_terms": "canary terms", "signatories": [signatory]});
    let mut order = new_order(&world, &json!({"id": client})).await;
    order["comment"] = json!("canary comment");
    for (resource, body, personal) in [
        ("interactions", interaction, &["custom_fields", "subject", "summary"][..]),
        ("contracts", contract, &["custom_fields", "payment_terms", "signatories", "title"]),
        ("orders", order, &["comment", "custom_fields"]),
    ] {
        let made = world.sue.post(&format!("/v1/{resource}"), body).await.created();
        let event = format!("audit_events WHERE resource_id = '{}'", made["id"].as_str().unwrap());
        let names = format!("SELECT jsonb_object_keys(personal) AS value FROM {event} ORDER BY value");
        assert_eq!(world.app.text(&names).await, personal, "{resource}");
        let clear = world.app.text(&format!("SELECT changes::text AS value FROM {event}")).await.join("");
        assert!(!clear.contains("canary"), "{resource}: {clear}");
    }
}
