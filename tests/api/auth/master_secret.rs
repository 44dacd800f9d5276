//! Replacing the master secret while servers run. ASVS 11.2.2

use actix_web::http::Method;
use chrono::Duration;
use diesel_async::SimpleAsyncConnection;
use liaison::{
    audit::{self, AuditVerification, FaultKind, Watch},
    clock::Clock,
    commands,
    secrets::{MasterSecret, Secrets},
    setup,
};
use serde_json::{Value, json};

use super::{HERE, bearer, email, refresh, refresh_token, send_form, sign_in};
use crate::{
    calls::{PASSWORD, World, code, unique},
    harness::{Answer, MASTER, TestApp},
};

const NEW: MasterSecret = [8; 32];
const OTHER: MasterSecret = [9; 32];

fn new() -> Secrets {
    Secrets::derive(&NEW).unwrap()
}

/// The new secret, with the former one as a fallback.
fn both() -> Secrets {
    Secrets::with_fallbacks(&NEW, &[MASTER]).unwrap()
}

async fn reseal(app: &TestApp) -> Result<(), String> {
    commands::secrets(&app.urls(), &both()).await.map_err(|error| error.to_string())
}

async fn sign_in_with(app: &TestApp, email: &str, otp: &str) -> Answer {
    let form = [("grant_type", "password"), ("username", email), ("password", PASSWORD), ("otp", otp)];
    send_form(app, "/v1/auth/token", HERE, &form).await
}

async fn seal(app: &TestApp) {
    audit::seal_all(&mut app.db().await, &app.parts().secrets, app.parts().clock.now()).await.unwrap();
}

async fn verify(app: &TestApp, secrets: &Secrets) -> AuditVerification {
    audit::verify(&app.db().await, secrets, &[]).await.unwrap()
}

fn kinds(found: &AuditVerification) -> Vec<FaultKind> {
    let mut kinds: Vec<FaultKind> = found.faults.iter().map(|fault| fault.kind).collect();
    kinds.dedup();
    kinds
}

/// An app with a sealed log, and a user with a second factor.
async fn enrolled() -> (TestApp, World, Value) {
    let app = TestApp::start().await;
    let world = World::over(app.clone()).await;
    let user = world.user().await;
    world.enrol(&user["id"], true).await;
    seal(&app).await;
    (app, world, user)
}

/// The sealed values as they are in the database.
async fn sealed(app: &TestApp) -> Vec<String> {
    app.text(
        "SELECT 'seed ' || user_id || encode(sealed_secret, 'hex') AS value FROM second_factors UNION ALL \
         SELECT 'key ' || id || encode(sealed_private_key, 'hex') FROM signing_keys UNION ALL \
         SELECT 'answer ' || key || encode(body, 'hex') FROM idempotency_keys UNION ALL \
         SELECT 'audit key ' || id || encode(sealed_key, 'hex') FROM audit_keys ORDER BY 1",
    )
    .await
}

/// ASVS 11.2.2: replacing the master secret loses nothing: sealed values stay readable, and users stay signed in.
#[actix_web::test]
async fn the_master_secret_is_replaced_without_loss() {
    let (app, world, user) = enrolled().await;
    let tokens = sign_in_with(&app, email(&user), &code(&app, 0)).await.ok();
    let other = world.user().await;
    let session = sign_in(&app, email(&other), PASSWORD).await.ok();
    for _ in 0..2 {
        let _ = world.team().await;
    }
    let page = world.sam.get("/v1/teams?limit=1").await.ok();
    let cursor = page["next_cursor"].as_str().unwrap();
    let post = |app: &TestApp| {
        let who = world.sam.at(app);
        let request = who.request(Method::POST, "/v1/teams").insert_header(("Idempotency-Key", "replaced"));
        async move { who.send(request.set_json(json!({"name": "Kept"}))).await.created() }
    };
    let team = post(&app).await;

    // With both secrets, the server accepts everything made with the former one.
    let second = app.server_with(both()).await;
    assert_eq!(bearer(&second, &tokens).get("/v1/me").await.status, 200);
    assert_eq!(world.sam.at(&second).get(&format!("/v1/teams?limit=1&cursor={cursor}")).await.status, 200);
    assert_eq!(post(&second).await, team);
    app.advance(Duration::seconds(30));
    let _ = sign_in_with(&second, email(&user), &code(&app, 0)).await.ok();
    let lost = refresh(&app, refresh_token(&session)).await.ok();
    let device = session["device_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token(&session)), ("device_token", device)];
    let again = send_form(&second, "/v1/auth/token", HERE, &form).await.ok();
    assert_eq!(lost["refresh_token"], again["refresh_token"], "the answer of the other server was lost");

    // With the new secret alone, all works as before, except for cursors.
    reseal(&app).await.unwrap();
    let third = app.server_with(new()).await;
    prepare(&app, new()).await.unwrap();
    assert_eq!(bearer(&third, &tokens).get("/v1/me").await.status, 200);
    assert_eq!(post(&third).await, team);
    let _ = refresh(&third, refresh_token(&again)).await.ok();
    app.advance(Duration::seconds(30));
    let _ = sign_in_with(&third, email(&user), &code(&app, 0)).await.ok();
    let old = world.sam.at(&third).get(&format!("/v1/teams?limit=1&cursor={cursor}")).await;
    let _ = old.problem(400, "invalid_cursor");
    assert!(verify(&third, &new()).await.intact);
}

/// A device token ends with the secret that it was signed with; the sign-in works without it.
#[actix_web::test]
async fn a_device_of_a_former_secret_is_known_as_long_as_that_is_a_fallback() {
    let (app, user) = super::with_user(liaison::auth::throttle::Limits { per_account: 3, per_network: 5 }).await;
    let tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
    let device = tokens["device_token"].as_str().unwrap();
    for _ in 0..4 {
        let _ = sign_in(&app, email(&user), "a wrong password").await;
    }
    let with = |app: TestApp| async move {
        let form =
            [("grant_type", "password"), ("username", email(&user)), ("password", PASSWORD), ("device_token", device)];
        send_form(&app, "/v1/auth/token", HERE, &form).await.status
    };
    reseal(&app).await.unwrap();
    let (second, third) = (app.server_with(both()).await, app.server_with(new()).await);
    assert_eq!((with.clone()(second).await, with(third).await), (200, 429));
}

/// ASVS 11.2.2
#[actix_web::test]
async fn sealing_anew_twice_changes_nothing_and_half_of_it_is_gone_on_with() {
    let (app, world, _) = enrolled().await;
    for _ in 0..3 {
        world.enrol(&world.user().await["id"], true).await;
    }
    let before = sealed(&app).await;
    reseal(&app).await.unwrap();
    let done = sealed(&app).await;
    assert_eq!(done.len(), before.len() + 1, "the audit log's key is kept");
    assert!(before.iter().all(|value| !done.contains(value)));
    let events = app.count("audit_events").await;
    reseal(&app).await.unwrap();
    assert_eq!((sealed(&app).await, app.count("audit_events").await), (done.clone(), events));

    // The state after a run was killed: some values are still sealed with the former secret.
    let left = before.iter().find(|value| value.starts_with("seed ")).unwrap();
    let (id, value) = left.split_at("seed ".len() + 36);
    let id = id.trim_start_matches("seed ");
    app.sql(&format!("UPDATE second_factors SET sealed_secret = '\\x{value}' WHERE user_id = '{id}'")).await;
    reseal(&app).await.unwrap();
    let again = sealed(&app).await;
    assert_eq!(again.iter().filter(|value| !done.contains(value)).count(), 1);
    assert!(!again.contains(left));
}

/// Resealing and requests do not wait for each other; values in use are resealed later.
#[actix_web::test]
async fn a_value_in_use_is_sealed_anew_when_it_is_free() {
    let (app, ..) = enrolled().await;
    let mut db = app.db().await;
    db.batch_execute("BEGIN; SELECT FROM second_factors FOR UPDATE").await.unwrap();
    let told = reseal(&app).await.unwrap_err();
    assert!(told.contains("1 second factors are in use"), "{told}");
    assert_eq!(app.count("audit_keys").await, 0, "the former secret is still needed");
    let (done, ()) = tokio::join!(reseal(&app), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        db.batch_execute("COMMIT").await.unwrap();
    });
    done.unwrap();
}

/// The error of a start with `secrets`.
async fn prepare(app: &TestApp, secrets: Secrets) -> Result<(), String> {
    let (hashing, clock) = (&app.parts().hashing, &app.parts().clock);
    let prepared = Box::pin(setup::prepare(&app.urls(), &secrets, hashing, clock)).await;
    prepared.map(|_| ()).map_err(|error| error.to_string())
}

/// ASVS 11.2.2: a server does not start without a secret that is still needed, and says which secrets it was given.
#[actix_web::test]
async fn a_wrong_former_secret_is_told_at_the_start() {
    let (app, ..) = enrolled().await;
    let wrong = || Secrets::with_fallbacks(&NEW, &[OTHER]).unwrap();
    let told = prepare(&app, wrong()).await.unwrap_err();
    assert!(told.starts_with("the signing keys ") && told.contains(&wrong().ids()), "{told}");
    assert!(told.contains("LIAISON_SECRET_KEY_FALLBACKS"), "{told}");
    prepare(&app, both()).await.unwrap();

    // The state after all signing keys were rotated: only the seeds still need the former secret.
    let seeds = "CREATE TABLE seeds AS SELECT user_id, sealed_secret FROM second_factors";
    let back = "UPDATE second_factors SET sealed_secret = seeds.sealed_secret FROM seeds \
                WHERE second_factors.user_id = seeds.user_id; DROP TABLE seeds";
    app.sql(seeds).await;
    reseal(&app).await.unwrap();
    app.db().await.batch_execute(back).await.unwrap();
    for secrets in [new(), wrong()] {
        let told = prepare(&app, secrets).await.unwrap_err();
        assert!(told.starts_with("1 second factors ") && told.contains("LIAISON_SECRET_KEY_FALLBACKS"), "{told}");
    }
    prepare(&app, both()).await.unwrap();
    // A secret that was replaced, because it leaked for instance, cannot be used again.
    let told = prepare(&app, Secrets::with_fallbacks(&MASTER, &[NEW]).unwrap()).await.unwrap_err();
    assert!(told.contains("was replaced before"), "{told}");
}

/// With several servers, each first gets the coming secret as a fallback: that alone replaces nothing.
#[actix_web::test]
async fn a_secret_to_come_is_not_retired() {
    let (app, _, user) = enrolled().await;
    let coming = Secrets::with_fallbacks(&MASTER, &[NEW]).unwrap();
    commands::secrets(&app.urls(), &coming).await.unwrap();
    assert_eq!(app.count("audit_keys").await, 0);
    let (old, new) = (app.server_with(coming).await, app.server_with(both()).await);
    // Each server opens what the other has sealed.
    for server in [&new, &old] {
        let _ = sign_in_with(server, email(&user), &code(&app, 0)).await.ok();
        app.advance(Duration::seconds(30));
    }
    reseal(&app).await.unwrap();
    for server in [&new, &old] {
        let _ = sign_in_with(server, email(&user), &code(&app, 0)).await.ok();
        app.advance(Duration::seconds(30));
    }
}

/// ASVS 11.2.2, 16.4.2: the audit log can be verified across the change, with the former secret and, later, without it.
#[actix_web::test]
async fn the_audit_log_is_verified_over_a_change_of_the_secret() {
    let (app, world, _) = enrolled().await;
    let second = app.server_with(both()).await;
    let _ = world.sam.at(&second).post("/v1/teams", json!({"name": "Later"})).await.created();
    seal(&second).await;
    let _ = world.team().await;
    let found = verify(&app, &both()).await;
    assert!(found.intact && found.seals == 3 && found.waiting == 1, "{found:?}");
    let found = verify(&app, &new()).await;
    assert_eq!(kinds(&found), [FaultKind::KeyUnknown], "it cannot be told: {found:?}");
    let told = commands::verify_audit(&app.urls(), &new(), &Watch::default(), None).await.unwrap_err().to_string();
    assert!(told.contains("a master secret that is not known"), "{told}");

    reseal(&app).await.unwrap();
    seal(&second).await;
    assert!(verify(&app, &new()).await.intact && verify(&app, &both()).await.intact);
    commands::verify_audit(&app.urls(), &new(), &Watch::default(), None).await.unwrap();
    let replaced = world.sam.at(&second).get("/v1/audit?resource=master_secrets").await.ok();
    let change = json!({"secret": {"from": app.parts().secrets.id().to_string(), "to": new().id().to_string()}});
    assert_eq!((&replaced["data"][0]["action"], &replaced["data"][0]["changes"]), (&json!("replaced"), &change));
}

/// Someone who has found a former secret can neither add to the log nor rewrite its past.
#[actix_web::test]
async fn a_former_secret_signs_nothing_more() {
    let (app, world, _) = enrolled().await;
    reseal(&app).await.unwrap();
    let second = app.server_with(new()).await;
    let _ = world.sam.at(&second).post("/v1/teams", json!({"name": "Later"})).await.created();
    seal(&second).await;
    assert!(verify(&app, &new()).await.intact);

    // This is a server that still works with the former secret, or an attacker who has it.
    let _ = world.team().await;
    assert_eq!(kinds(&verify(&app, &both()).await), [FaultKind::KeyReplaced]);
    seal(&app).await;
    let found = verify(&app, &new()).await;
    assert_eq!((found.intact, kinds(&found)), (false, vec![FaultKind::KeyReplaced]));

    // All seals are made again with the former secret, up to the last seal for which it counts.
    app.db()
        .await
        .batch_execute("TRUNCATE audit_seals, audit_leaves, audit_unsealed; DELETE FROM audit_events")
        .await
        .unwrap();
    let now = Clock::system().now();
    audit::begin_chain(&mut app.db().await, &app.parts().secrets, now).await.unwrap();
    for _ in 0..5 {
        let _ = world.team().await;
        seal(&app).await;
    }
    assert!(kinds(&verify(&app, &new()).await).contains(&FaultKind::HeadDiffers));
}

/// Several secrets in turn: the keys of all former ones are kept, sealed with the current one.
#[actix_web::test]
async fn the_master_secret_is_replaced_again_and_again() {
    let (app, world, user) = enrolled().await;
    let mut former = MASTER;
    for next in [NEW, OTHER, [10; 32]] {
        let secrets = || Secrets::with_fallbacks(&next, &[former]).unwrap();
        let server = app.server_with(secrets()).await;
        let _ = world.sam.at(&server).post("/v1/teams", json!({"name": unique("Team")})).await.created();
        seal(&server).await;
        commands::secrets(&app.urls(), &secrets()).await.unwrap();
        former = next;
    }
    assert_eq!(app.count("audit_keys").await, 3);
    let last = app.server_with(Secrets::derive(&former).unwrap()).await;
    let _ = sign_in_with(&last, email(&user), &code(&app, 0)).await.ok();
    let found = verify(&last, &last.parts().secrets).await;
    assert!(found.intact && found.seals > 4, "{found:?}");
}

#[actix_web::test]
async fn an_entry_that_names_an_unknown_key_is_told_as_such() {
    let (app, ..) = enrolled().await;
    let forge = "UPDATE audit_events SET mac = set_byte(mac, 0, 255 - get_byte(mac, 0)) \
                 WHERE id = (SELECT id FROM audit_events ORDER BY id LIMIT 1)";
    app.sql(forge).await;
    let found = verify(&app, &app.parts().secrets).await;
    assert_eq!(
        found.faults.iter().map(|fault| fault.kind).collect::<Vec<_>>(),
        [FaultKind::KeyUnknown, FaultKind::SealChanged]
    );
}
