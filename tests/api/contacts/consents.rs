//! A consent that was withdrawn keeps the company from approaching the person.

use serde_json::{Value, json};

use super::{body, client, grant, path};
use crate::harness::{TestApp, TestUser};

const CHANNELS: [&str; 8] = ["phone", "email", "messenger", "meeting", "video_call", "visit", "letter", "other"];
const PURPOSES: [(&str, bool); 9] = [
    ("presentation", false),
    ("consultation", false),
    ("negotiation", true),
    ("complaint", true),
    ("feedback", false),
    ("survey", false),
    ("support", true),
    ("follow_up", false),
    ("other", false),
];

fn consent(channel: &str, given: &str, withdrawn: Option<&str>) -> Value {
    json!({"channel": channel, "purpose": "marketing", "given_at": given, "withdrawn_at": withdrawn})
}

fn withdrawn(channel: &str) -> Value {
    consent(channel, "2026-11-01T10:00:00Z", Some("2026-11-20T10:00:00Z"))
}

async fn person(user: &TestUser, client: &Value, consents: Value) -> Value {
    let mut new = body(client, "Olga");
    new["consents"] = consents;
    user.post("/v1/contacts", new).await.created()
}

fn approach(person: &Value, channel: &str, purpose: &str, more: &Value) -> Value {
    let mut body = json!({"client_id": person["client_id"], "contact_id": person["id"], "channel": channel,
        "purpose": purpose, "subject": "An offer"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn planned() -> Value {
    json!({"scheduled_at": "2026-12-01T10:00:00Z"})
}

#[actix_web::test]
async fn each_consent_guards_its_channels() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let cases: [(&str, &[&str]); 6] = [
        ("phone", &["phone"]),
        ("email", &["email"]),
        ("sms", &["messenger"]),
        ("messenger", &["messenger"]),
        ("letter", &["letter"]),
        ("any", &CHANNELS),
    ];
    for (of_consent, guarded) in cases {
        let olga = person(&ann, &romashka, json!([withdrawn(of_consent)])).await;
        for channel in CHANNELS {
            for more in [planned(), json!({})] {
                let answer = ann.post("/v1/interactions", approach(&olga, channel, "survey", &more)).await;
                if !guarded.contains(&channel) {
                    answer.created();
                    continue;
                }
                let refused = answer.problem(409, "consent_withdrawn");
                assert_eq!(refused["contact_id"], olga["id"]);
                assert_eq!(refused["consent"]["channel"], of_consent);
                assert_eq!(refused["consent"]["purpose"], "marketing");
                assert_eq!(refused["consent"]["withdrawn_at"], "2026-11-20T10:00:00Z");
            }
        }
    }
}

#[actix_web::test]
async fn what_a_contract_asks_for_needs_no_consent() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let olga = person(&ann, &client(&ann, "Romashka").await, json!([withdrawn("any")])).await;
    for (purpose, is_contractual) in PURPOSES {
        for more in [planned(), json!({})] {
            let answer = ann.post("/v1/interactions", approach(&olga, "email", purpose, &more)).await;
            match is_contractual {
                true => drop(answer.created()),
                false => drop(answer.problem(409, "consent_withdrawn")),
            }
        }
        let inbound = json!({"direction": "inbound"});
        ann.post("/v1/interactions", approach(&olga, "email", purpose, &inbound)).await.created();
    }
}

#[actix_web::test]
async fn a_consent_that_is_given_anew_lets_it_pass() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let olga = person(&ann, &romashka, json!([consent("email", "2026-11-01T10:00:00Z", None)])).await;
    let offer = || approach(&olga, "email", "presentation", &planned());
    ann.post("/v1/interactions", offer()).await.created();
    let withdrawn = json!({"consents": [withdrawn("email")]});
    let changed = ann.patch(path(&olga), &olga, withdrawn.clone()).await.ok();
    ann.post("/v1/interactions", offer()).await.problem(409, "consent_withdrawn");
    let mut anew = withdrawn["consents"].as_array().unwrap().clone();
    anew.push(consent("email", "2026-11-22T10:00:00Z", None));
    let changed = ann.patch(path(&olga), &changed, json!({"consents": anew})).await.ok();
    ann.post("/v1/interactions", offer()).await.created();
    anew[1] = consent("any", "2026-11-22T10:00:00Z", None);
    anew[1]["purpose"] = json!("surveys");
    let _ = ann.patch(path(&olga), &changed, json!({"consents": anew})).await.ok();
    ann.post("/v1/interactions", offer()).await.problem(409, "consent_withdrawn");
}

/// Consents count at the moment of what is logged: a call before the withdrawal was allowed.
#[actix_web::test]
async fn what_took_place_before_is_logged() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let olga = person(&ann, &client(&ann, "Romashka").await, json!([withdrawn("phone")])).await;
    let call = |at: &str| approach(&olga, "phone", "survey", &json!({"occurred_at": at}));
    ann.post("/v1/interactions", call("2026-11-20T09:59:59Z")).await.created();
    ann.post("/v1/interactions", call("2026-11-20T10:00:00Z")).await.problem(409, "consent_withdrawn");
    let overdue = approach(&olga, "phone", "survey", &json!({"scheduled_at": "2026-11-19T10:00:00Z"}));
    ann.post("/v1/interactions", overdue).await.problem(409, "consent_withdrawn");
}

#[actix_web::test]
async fn no_change_and_no_step_leads_around_it() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let olga = person(&ann, &romashka, json!([])).await;
    let free = ann.post("/v1/contacts", body(&romashka, "Zoe")).await.created();
    let plan = async |channel: &str, purpose: &str, contact: &Value| {
        ann.post("/v1/interactions", approach(contact, channel, purpose, &planned())).await.created()
    };
    let (by_phone, by_mail) = (plan("phone", "survey", &olga).await, plan("email", "survey", &olga).await);
    let (support, of_zoe) = (plan("phone", "support", &olga).await, plan("phone", "survey", &free).await);
    let inbound = approach(&olga, "phone", "survey", &json!({"direction": "inbound"}));
    let inbound = ann.post("/v1/interactions", inbound).await.created();
    let _ = ann.patch(path(&olga), &olga, json!({"consents": [withdrawn("phone")]})).await.ok();

    for (interaction, patch) in [
        (&by_mail, json!({"channel": "phone"})),
        (&support, json!({"purpose": "survey"})),
        (&of_zoe, json!({"contact_id": olga["id"]})),
        (&inbound, json!({"direction": "outbound"})),
    ] {
        let refused = ann.patch(path(interaction), interaction, patch).await.problem(409, "consent_withdrawn");
        assert_eq!(refused["consent"]["channel"], "phone");
    }
    let later = json!({"scheduled_at": "2026-12-02T10:00:00Z"});
    ann.transition("reschedule", &by_phone, later).await.problem(409, "consent_withdrawn");
    ann.transition("complete", &by_phone, json!({})).await.problem(409, "consent_withdrawn");
    let next = json!({"next": {"scheduled_at": "2026-12-02T10:00:00Z"}});
    ann.transition("complete", &support, next.clone()).await.problem(409, "consent_withdrawn");
    ann.post("/v1/interactions", approach(&olga, "phone", "support", &next)).await.problem(409, "consent_withdrawn");
    // It can be told more about, be called off, or took place before.
    let told = ann.patch(path(&by_phone), &by_phone, json!({"summary": "She does not want it."})).await.ok();
    assert_eq!(told["version"], 2);
    let before = json!({"occurred_at": "2026-11-19T10:00:00Z"});
    let told = json!({"path": by_phone["path"], "version": 2});
    let _ = ann.transition("complete", &told, before).await.ok();
    let _ = ann.transition("cancel", &by_mail, json!({})).await.ok();
}

#[actix_web::test]
async fn who_may_not_see_contacts_is_not_told_what_they_agreed_to() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let olga = person(&ann, &client(&ann, "Romashka").await, json!([withdrawn("any")])).await;
    grant(&app, "contacts:read", "none").await;
    let refused = ann.post("/v1/interactions", approach(&olga, "visit", "survey", &planned())).await;
    let refused = refused.problem(409, "consent_withdrawn");
    assert_eq!((&refused["contact_id"], &refused["consent"]), (&olga["id"], &Value::Null));
    let refused = app.anonymous().post("/v1/interactions", approach(&olga, "visit", "survey", &planned())).await;
    refused.problem(401, "unauthorized");
}
