//! Every way to try to sign in with something that is not a valid key.

use actix_web::http::{Method, header::HeaderValue};
use chrono::Duration;
use liaison::{access::api_key::NewSecret, values::Id};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{account, get_from, key_with, path, with_key, world};
use crate::{
    calls::World,
    harness::{Answer, TestApp, TestUser},
};

const CLIENTS: &str = "/v1/clients?limit=1";

fn text(key: &Value) -> &str {
    key["key"].as_str().unwrap()
}

/// `body` with the checksum that belongs to it.
fn sealed(body: &str) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32fast::hash(body.as_bytes()) as usize;
    let mut sum = [0; 6];
    for place in sum.iter_mut().rev() {
        *place = DIGITS[rest % 62];
        rest /= 62;
    }
    body.to_owned() + std::str::from_utf8(&sum).unwrap()
}

fn generated(id: &Value) -> String {
    let id = serde_json::from_value(id.clone()).unwrap();
    NewSecret::generate(id).unwrap().text.expose_secret().to_owned()
}

/// Wrong keys that have the shape of a key and a right checksum.
async fn well_formed(world: &World, good: &Value) -> Vec<(&'static str, String)> {
    let other = world.key_of(&account(world, "supervisor", &["clients:read"]).await).await;
    let text = text(good);
    let parts = |key: &Value| (key["client_id"].as_str().unwrap().to_owned(), self::text(key)[27..70].to_owned());
    let ((id, secret), (other_id, other_secret)) = (parts(good), parts(&other));
    assert_eq!(sealed(&text[..70]), text, "what is put together rightly is the key");

    let deleted = world.key_of(&account(world, "supervisor", &["clients:read"]).await).await;
    world.sam.delete(path(&deleted), &deleted).await.no_content();
    let blocked_account = account(world, "supervisor", &["clients:read"]).await;
    let blocked = world.key_of(&blocked_account).await;
    let _ = world.step(&blocked_account, "block").await;
    let soon = world.app.parts().clock.now().after(Duration::minutes(1));
    let expired_account = account(world, "supervisor", &["clients:read"]).await;
    let expired = key_with(world, &expired_account, json!({"expires_at": soon})).await.created();
    let elsewhere_account = account(world, "supervisor", &["clients:read"]).await;
    let elsewhere =
        key_with(world, &elsewhere_account, json!({"allowed_networks": ["203.0.113.0/24"]})).await.created();
    let from_there = get_from(&with_key(&world.app, &elsewhere), "203.0.113.5:1", CLIENTS).await;
    assert_eq!(from_there.status, 200);
    assert_eq!(with_key(&world.app, &expired).get(CLIENTS).await.status, 200);
    world.app.advance(Duration::minutes(1));

    vec![
        ("another secret", generated(&good["id"])),
        ("an id that is no key's", generated(&json!(Id::<()>::generate()))),
        ("the account's id for the key's", generated(&good["account_id"])),
        ("another key's id with this secret", sealed(&format!("lsn_{other_id}_{secret}"))),
        ("this id with another key's secret", sealed(&format!("lsn_{id}_{other_secret}"))),
        ("a secret of zeros", sealed(&format!("lsn_{id}_{}", "0".repeat(43)))),
        ("the secret backwards", sealed(&format!("lsn_{id}_{}", secret.chars().rev().collect::<String>()))),
        ("the last id there is", sealed(&format!("lsn_7n42DGM5Tflk9n8mt7Fhc7_{secret}"))),
        ("the first id there is", sealed(&format!("lsn_{}_{secret}", "0".repeat(22)))),
        ("revoked", self::text(&deleted).to_owned()),
        ("of a blocked account", self::text(&blocked).to_owned()),
        ("expired", self::text(&expired).to_owned()),
        ("from a foreign network", self::text(&elsewhere).to_owned()),
    ]
}

/// Wrong keys that do not have the form of a key.
fn mangled(good: &str) -> Vec<(&'static str, String)> {
    let last = if good.ends_with('0') { "1" } else { "0" };
    let (id, secret) = (&good[4..26], &good[27..70]);
    let swapped: String = good[..30].chars().chain(good[30..32].chars().rev()).chain(good[32..].chars()).collect();
    let mut mangled = vec![
        ("a wrong checksum", format!("{}{last}", &good[..75])),
        ("no checksum", good[..70].to_owned()),
        ("truncated", good[..60].to_owned()),
        ("one character more", format!("{good}0")),
        ("twice", format!("{good}{good}")),
        ("oversized", sealed(&format!("lsn_{id}_{}", "a".repeat(5000)))),
        ("upper-cased", good.to_uppercase()),
        ("lower-cased", good.to_lowercase()),
        ("an upper-cased prefix", good.replacen("lsn_", "LSN_", 1)),
        ("another prefix", sealed(&good[..70].replacen("lsn_", "lsx_", 1))),
        ("no prefix", good[4..].to_owned()),
        ("white space inside", format!("{} {}", &good[..40], &good[40..])),
        ("a tab inside", format!("{}\t{}", &good[..40], &good[40..])),
        ("its id only", id.to_owned()),
        ("its secret only", secret.to_owned()),
        ("the prefix only", "lsn_".to_owned()),
        ("without a secret", sealed(&format!("lsn_{id}_"))),
        ("another separator", sealed(&format!("lsn_{id}-{secret}"))),
        ("an id past the last", sealed(&format!("lsn_{}_{secret}", "z".repeat(22)))),
        ("a secret of other characters", sealed(&format!("lsn_{id}_{}", "-".repeat(43)))),
        ("in quotes", format!("\"{good}\"")),
        ("dressed as a token", format!("{good}.{good}.{good}")),
        ("empty", String::new()),
    ];
    if swapped != good {
        mangled.push(("two characters swapped", swapped));
    }
    mangled
}

async fn try_header(app: &TestApp, header: HeaderValue) -> Answer {
    let anonymous = app.anonymous();
    anonymous.send(anonymous.request(Method::GET, CLIENTS).insert_header(("Authorization", header))).await
}

/// trust S6: no forged or mangled key is accepted, none causes an internal error, and all get the same answer.
#[actix_web::test]
async fn forged_and_mangled_keys_are_refused_alike() {
    let world = world().await;
    let good = world.key_of(&account(&world, "supervisor", &["clients:read"]).await).await;
    let mut wrong = well_formed(&world, &good).await;
    wrong.extend(mangled(text(&good)));
    assert!(wrong.len() >= 30);
    let mut told = Vec::new();
    for (what, key) in wrong {
        let answer = world.app.anonymous().with_token(&key).get(CLIENTS).await;
        assert_eq!(answer.status, 401, "{what}: {:?}", answer.body);
        assert_eq!(
            answer.header("www-authenticate"),
            Some(r#"Bearer realm="liaison", error="invalid_token""#),
            "{what}"
        );
        told.push((what, answer.told(&[])));
    }
    for (what, one) in &told {
        assert_eq!(*one, told[0].1, "{what} can be told from {}", told[0].0);
    }
    for header in [format!("Basic {}", text(&good)), text(&good).to_owned(), format!("Bearer{}", text(&good))] {
        assert_eq!(try_header(&world.app, header.parse().unwrap()).await.status, 401, "{header}");
    }
    let foreign = HeaderValue::from_bytes(format!("Bearer {}ы", text(&good)).as_bytes()).unwrap();
    assert_eq!(try_header(&world.app, foreign).await.status, 401);
    let in_query = world.app.anonymous().get(&format!("{CLIENTS}&access_token={}", text(&good))).await;
    assert_eq!(in_query.status, 401, "a key in the address ends in logs");
    assert_eq!(with_key(&world.app, &good).get(CLIENTS).await.status, 200, "and the key itself is good throughout");
}

/// trust 1.7, S6: a wrong checksum costs no database statement.
#[actix_web::test]
async fn a_mangled_key_is_refused_without_the_database() {
    let app = TestApp::without_database().await;
    let good = generated(&json!(Id::<()>::generate()));
    let ask = async |key: &str| app.anonymous().with_token(key).get(CLIENTS).await.status;
    assert_eq!(ask(&good).await, 503, "there is no database to ask");
    for (what, key) in mangled(&good) {
        assert_eq!(ask(&key).await, 401, "{what}");
        let form = [("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", key.as_str())];
        let request = app.anonymous().request(Method::POST, "/v1/auth/token").set_form(form);
        let _ = app.send(request).await.problem(401, "invalid_client");
        let nobody: TestUser = app.anonymous();
        if (1..=200).contains(&key.trim().len()) && !key.contains('\t') {
            assert_eq!(nobody.post("/v1/auth/leaked-keys", json!({"key": key})).await.status, 202, "{what}");
        }
    }
}
