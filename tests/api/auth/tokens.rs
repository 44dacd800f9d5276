//! The content of access tokens.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use super::{bearer, signed_in};

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
