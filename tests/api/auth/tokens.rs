//! Access tokens: what they say, and every way to forge one.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, crypto};
use serde_json::{Value, json};

use super::{bearer, signed_in};
use crate::harness::TestApp;

#[actix_web::test]
async fn the_published_keys_verify_a_token() {
    let (app, tokens) = signed_in().await;
    let jwks = app.anonymous().get("/.well-known/jwks.json").await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!((header.typ.as_deref(), header.alg), (Some("at+jwt"), Algorithm::EdDSA));
    let keys = jwks["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == header.kid.as_deref().unwrap()).unwrap();
    assert!(keys.iter().all(|key| key.get("d").is_none()), "a private key is published");
    let public = DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["liaison"]);
    validation.set_issuer(&["http://127.0.0.1:8080"]);
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Value>(token, &public, &validation).unwrap().claims;
    for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
        assert!(!claims[name].is_null(), "RFC 9068 asks for {name}: {claims}");
    }
    assert_eq!(bearer(&app, &tokens).get("/v1/me").await.ok()["id"], claims["sub"]);
}

/// A token taken apart, to be put together wrongly.
struct Forge<'a> {
    app: &'a TestApp,
    header: Value,
    claims: Value,
}

impl<'a> Forge<'a> {
    fn of(app: &'a TestApp, token: &str) -> Self {
        let part = |n: usize| -> Value {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(n).unwrap()).unwrap();
            serde_json::from_slice(&bytes).unwrap()
        };
        Self { app, header: part(0), claims: part(1) }
    }

    /// Signed with the server's own key, with these members of header and claims changed; `null` takes one out.
    fn signed(&self, header: Value, claims: Value) -> String {
        self.signed_by(&self.app.state().keys.signing().private, Algorithm::EdDSA, header, claims)
    }

    fn signed_by(&self, key: &EncodingKey, algorithm: Algorithm, header: Value, claims: Value) -> String {
        let text = self.unsigned(header, claims);
        let signature = crypto::sign(text.as_bytes(), key, algorithm).unwrap();
        format!("{text}.{signature}")
    }

    fn unsigned(&self, header: Value, claims: Value) -> String {
        let encode = |whole: &Value, change: Value| {
            let mut whole = whole.as_object().unwrap().clone();
            for (name, value) in change.as_object().unwrap() {
                whole.insert(name.clone(), value.clone());
            }
            whole.retain(|_, value| !value.is_null());
            BASE64_URL_SAFE_NO_PAD.encode(Value::Object(whole).to_string())
        };
        format!("{}.{}", encode(&self.header, header), encode(&self.claims, claims))
    }
}

#[actix_web::test]
async fn forged_and_mangled_tokens_are_refused() {
    let (app, tokens) = signed_in().await;
    let token = tokens["access_token"].as_str().unwrap();
    let forge = Forge::of(&app, token);
    // What is put together rightly is taken: the refusals below are for what is wrong in each.
    assert_eq!(app.anonymous().with_token(&forge.signed(json!({}), json!({}))).get("/v1/me").await.status, 200);

    let mut wrong = wrong_headers(&forge);
    wrong.extend(wrong_claims(&forge));
    wrong.extend(mangled(token));
    assert!(wrong.len() >= 20);
    for (what, token) in wrong {
        let answer = app.anonymous().with_token(&token).get("/v1/me").await;
        assert_eq!(answer.status, 401, "{what}: {:?}", answer.body);
    }
}

fn wrong_headers(forge: &Forge<'_>) -> Vec<(&'static str, String)> {
    let jwks = serde_json::to_value(forge.app.state().keys.published()).unwrap();
    let public = jwks["keys"][0].clone();
    let point = BASE64_URL_SAFE_NO_PAD.decode(public["x"].as_str().unwrap()).unwrap();
    let stranger = aws_lc_rs::signature::Ed25519KeyPair::generate().unwrap();
    let stranger = EncodingKey::from_ed_der(stranger.to_pkcs8v1().unwrap().as_ref());
    let with_public =
        |key: &[u8], header| forge.signed_by(&EncodingKey::from_secret(key), Algorithm::HS256, header, json!({}));
    let none = |alg: &str| forge.unsigned(json!({"alg": alg}), json!({})) + ".";
    let by_stranger = |header| forge.signed_by(&stranger, Algorithm::EdDSA, header, json!({}));
    vec![
        ("alg none", none("none")),
        ("alg None", none("None")),
        ("no alg", forge.signed(json!({"alg": null}), json!({}))),
        ("HS256 with the public point", with_public(&point, json!({"alg": "HS256"}))),
        ("HS256 with the published x", with_public(public["x"].as_str().unwrap().as_bytes(), json!({"alg": "HS256"}))),
        ("HMAC said to be EdDSA", with_public(&point, json!({}))),
        ("typ JWT", forge.signed(json!({"typ": "JWT"}), json!({}))),
        ("no typ", forge.signed(json!({"typ": null}), json!({}))),
        ("typ of an id token", forge.signed(json!({"typ": "id_token+jwt"}), json!({}))),
        ("no kid", forge.signed(json!({"kid": null}), json!({}))),
        ("unknown kid", forge.signed(json!({"kid": "unknown"}), json!({}))),
        ("kid that is a path", forge.signed(json!({"kid": "../../../dev/null"}), json!({}))),
        ("another key", by_stranger(json!({}))),
        ("another key with jku", by_stranger(json!({"jku": "https://evil.example/jwks.json"}))),
        ("another key with its jwk", by_stranger(json!({"jwk": public, "kid": "mine"}))),
        ("another key with x5u", by_stranger(json!({"x5u": "https://evil.example/cert.pem"}))),
    ]
}

fn wrong_claims(forge: &Forge<'_>) -> Vec<(&'static str, String)> {
    let now = forge.app.state().clock.now().utc().timestamp();
    let with = |claims: Value| forge.signed(json!({}), claims);
    vec![
        ("another audience", with(json!({"aud": "another"}))),
        ("no audience", with(json!({"aud": null}))),
        ("another issuer", with(json!({"iss": "https://evil.example"}))),
        ("no issuer", with(json!({"iss": null}))),
        ("expired", with(json!({"exp": now - 1}))),
        ("expires now", with(json!({"exp": now}))),
        ("never expires", with(json!({"exp": null}))),
        ("expires as a text", with(json!({"exp": (now + 900).to_string()}))),
        ("not yet valid", with(json!({"nbf": now + 60}))),
        ("of no session", with(json!({"sid": uuid::Uuid::now_v7()}))),
        ("without a session", with(json!({"sid": null}))),
        ("a session that is no id", with(json!({"sid": "' OR 1=1"}))),
        ("oversized", with(json!({"more": "x".repeat(5 << 10)}))),
    ]
}

fn mangled(token: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = token.split('.').collect();
    let flipped = |n: usize| {
        let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        let first = if parts[n].starts_with('A') { "B" } else { "A" };
        parts[n].replace_range(..1, first);
        parts.join(".")
    };
    vec![
        ("empty", String::new()),
        ("no token", "token".to_owned()),
        ("truncated", token.get(..token.len() - 10).unwrap().to_owned()),
        ("without its signature", format!("{}.{}.", parts[0], parts[1])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{token}.{}", parts[2])),
        ("another header", flipped(0)),
        ("other claims", flipped(1)),
        ("another signature", flipped(2)),
        ("padded", format!("{token}==")),
        ("twice", format!("{token}{token}")),
    ]
}
