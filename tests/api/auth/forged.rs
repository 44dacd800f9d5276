//! Every way to forge or to mangle an access token: none is accepted.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use super::{PASSWORD, bearer, email, refresh_token, revoke, sign_in, signed_in};
use crate::{
    calls::World,
    harness::{Answer, TestApp},
};

/// A token split into its parts, to be put together wrongly.
struct Forge<'a> {
    app: &'a TestApp,
    token: &'a str,
    header: Value,
    claims: Value,
}

type Forged = (&'static str, String);

impl<'a> Forge<'a> {
    fn of(app: &'a TestApp, token: &'a str) -> Self {
        let part = |n: usize| -> Value {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(n).unwrap()).unwrap();
            serde_json::from_slice(&bytes).unwrap()
        };
        Self { app, token, header: part(0), claims: part(1) }
    }

    /// A token signed with the server's own key, with these members of header and claims changed; `null` removes a
    /// member.
    fn signed(&self, header: &Value, claims: &Value) -> String {
        self.sign(&changed(&self.header, header), &changed(&self.claims, claims))
    }

    /// A token with these texts as header and claims, signed with the server's own key.
    fn sign(&self, header: &str, claims: &str) -> String {
        let keys = self.app.parts().keys.current();
        let signing = keys.signing(self.app.parts().clock.now()).unwrap();
        signed_by(signing.private, Algorithm::EdDSA, header, claims)
    }

    fn signed_by(&self, key: &EncodingKey, algorithm: Algorithm, header: &Value) -> String {
        signed_by(key, algorithm, &changed(&self.header, header), &self.claims.to_string())
    }

    fn header(&self, change: &Value) -> String {
        self.signed(change, &json!({}))
    }

    fn claims(&self, change: &Value) -> String {
        self.signed(&json!({}), change)
    }

    fn now(&self) -> i64 {
        self.app.parts().clock.now().utc().timestamp()
    }

    /// The public key, as it is published.
    fn public(&self) -> Value {
        let state = self.app.parts();
        serde_json::to_value(&state.keys.current().published(state.clock.now()).keys[0]).unwrap()
    }
}

fn changed(whole: &Value, change: &Value) -> String {
    let mut whole = whole.as_object().unwrap().clone();
    for (name, value) in change.as_object().unwrap() {
        whole.insert(name.clone(), value.clone());
    }
    whole.retain(|_, value| !value.is_null());
    Value::Object(whole).to_string()
}

fn unsigned(header: &str, claims: &str) -> String {
    format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(claims))
}

fn signed_by(key: &EncodingKey, algorithm: Algorithm, header: &str, claims: &str) -> String {
    let text = unsigned(header, claims);
    let signature = crypto::sign(text.as_bytes(), key, algorithm).unwrap();
    format!("{text}.{signature}")
}

/// The answer that refuses `token`; it is a 401, whatever is wrong with the token.
async fn refusal(app: &TestApp, token: &str) -> Answer {
    let answer = app.anonymous().with_token(token).get("/v1/me").await;
    assert_eq!(answer.status, 401, "{token}: {:?}", answer.body);
    answer
}

/// ASVS 9.1.1, 9.1.2, 9.1.3, 9.2.1, 9.2.2, 9.2.3; trust 1.3, S6; RFC 8725, RFC 9068.
#[actix_web::test]
async fn forged_and_mangled_tokens_are_refused() {
    let (app, tokens) = signed_in().await;
    let forge = Forge::of(&app, tokens["access_token"].as_str().unwrap());
    // A token that is put together correctly is accepted, so the refusals below are due to the fault of each token.
    for right in [json!({}), json!({"later": "claims of a newer server"}), json!({"iat": forge.now() + 20})] {
        assert_eq!(app.anonymous().with_token(&forge.claims(&right)).get("/v1/me").await.status, 200);
    }
    let all = [algorithms(&forge), keys(&forge), headers(&forge), claims(&forge), times(&forge), mangled(&forge)];
    let all: Vec<Forged> = all.into_iter().flatten().collect();
    assert!(all.len() >= 110, "{}", all.len());
    let expected = refusal(&app, "no token").await;
    assert_eq!(expected.header("www-authenticate"), Some(r#"Bearer realm="liaison", error="invalid_token""#));
    let expected = expected.told(&[]);
    for (what, token) in all {
        let answer = app.anonymous().with_token(&token).get("/v1/me").await;
        assert_eq!(answer.told(&[]), expected, "{what}");
        // Nor does a forged token end a session.
        let form = [("token", token.as_str())];
        let answer = super::send_form(&app, "/v1/auth/revoke", super::HERE, &form).await;
        assert!([200, 400].contains(&answer.status), "{what}: {}", answer.status);
    }
    assert_eq!(bearer(&app, &tokens).get("/v1/me").await.status, 200);
}

fn algorithms(forge: &Forge<'_>) -> Vec<Forged> {
    let public = forge.public();
    let point = BASE64_URL_SAFE_NO_PAD.decode(public["x"].as_str().unwrap()).unwrap();
    // RFC 8410: the bytes before the point in an SPKI.
    let spki = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], &point[..]].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64_STANDARD.encode(&spki));
    let none = |alg: Value| unsigned(&changed(&forge.header, &json!({"alg": alg})), &forge.claims.to_string()) + ".";
    let hmac = |secret: &[u8], alg: &str| {
        forge.signed_by(&EncodingKey::from_secret(secret), Algorithm::HS256, &json!({"alg": alg}))
    };
    let curve = aws_lc_rs::signature::EcdsaKeyPair::generate(&aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING);
    let curve = EncodingKey::from_ec_der(curve.unwrap().to_pkcs8v1().unwrap().as_ref());
    vec![
        ("alg none", none(json!("none"))),
        ("alg None", none(json!("None"))),
        ("alg NONE", none(json!("NONE"))),
        ("alg nOnE", none(json!("nOnE"))),
        ("alg none with a space", none(json!("none "))),
        ("alg empty", none(json!(""))),
        ("alg null in a list", none(json!([null]))),
        ("alg none, its signature kept", none(json!("none")) + forge.token.rsplit('.').next().unwrap()),
        ("no alg", forge.header(&json!({"alg": null}))),
        ("alg in small letters", forge.header(&json!({"alg": "eddsa"}))),
        ("alg as a list", forge.header(&json!({"alg": ["EdDSA"]}))),
        ("HS256 with the public point", hmac(&point, "HS256")),
        ("HS256 with the published x", hmac(public["x"].as_str().unwrap().as_bytes(), "HS256")),
        ("HS256 with the SPKI", hmac(&spki, "HS256")),
        ("HS256 with the PEM", hmac(pem.as_bytes(), "HS256")),
        ("HS256 with the JWK", hmac(public.to_string().as_bytes(), "HS256")),
        ("HS256 with nothing", hmac(b"", "HS256")),
        ("HMAC said to be EdDSA", hmac(&point, "EdDSA")),
        ("another curve", forge.signed_by(&curve, Algorithm::ES256, &json!({"alg": "ES256"}))),
        ("another curve said to be EdDSA", forge.signed_by(&curve, Algorithm::ES256, &json!({}))),
        ("RS256 said of our signature", forge.header(&json!({"alg": "RS256"}))),
        ("Ed448 said of our signature", forge.header(&json!({"alg": "Ed448"}))),
    ]
}

fn keys(forge: &Forge<'_>) -> Vec<Forged> {
    let pair = aws_lc_rs::signature::Ed25519KeyPair::generate().unwrap();
    let point = aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref().to_vec();
    let stranger = EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref());
    let by_stranger = |header: Value| forge.signed_by(&stranger, Algorithm::EdDSA, &header);
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": BASE64_URL_SAFE_NO_PAD.encode(&point)});
    let kid = |kid: Value| forge.header(&json!({"kid": kid}));
    vec![
        ("no kid", kid(Value::Null)),
        ("unknown kid", kid(json!("unknown"))),
        ("empty kid", kid(json!(""))),
        ("kid that is a path", kid(json!("../../../dev/null"))),
        ("kid that is SQL", kid(json!("' UNION SELECT 'x' --"))),
        ("kid with a zero", kid(json!("a\0b"))),
        ("kid that is a number", kid(json!(1))),
        ("kid that is a list", kid(json!([forge.header["kid"]]))),
        ("another key", by_stranger(json!({}))),
        ("another key with jku", by_stranger(json!({"jku": "https://evil.example/jwks.json"}))),
        ("another key with its jwk", by_stranger(json!({"jwk": jwk}))),
        ("another key with its jwk and kid", by_stranger(json!({"jwk": jwk, "kid": "mine"}))),
        ("another key with x5u", by_stranger(json!({"x5u": "https://evil.example/cert.pem"}))),
        ("another key with x5c", by_stranger(json!({"x5c": [BASE64_STANDARD.encode(&point)]}))),
        ("our key with jku", forge.header(&json!({"jku": "https://evil.example/jwks.json"}))),
        ("our key with jwk", forge.header(&json!({"jwk": jwk}))),
    ]
}

fn headers(forge: &Forge<'_>) -> Vec<Forged> {
    let header = |change: Value| forge.header(&change);
    let twice = |name: &str, value: &str| {
        let plain = forge.header.to_string();
        forge.sign(&format!("{{\"{name}\":\"{value}\",{}", &plain[1..]), &forge.claims.to_string())
    };
    vec![
        ("typ JWT", header(json!({"typ": "JWT"}))),
        ("no typ", header(json!({"typ": null}))),
        ("typ of an id token", header(json!({"typ": "id_token+jwt"}))),
        ("typ of a log-out token", header(json!({"typ": "logout+jwt"}))),
        // RFC 9068 allows this form, but the server never writes it.
        ("typ in full", header(json!({"typ": "application/at+jwt"}))),
        ("typ in capitals", header(json!({"typ": "AT+JWT"}))),
        ("critical and unknown", header(json!({"crit": ["exp2"], "exp2": 1}))),
        ("critical and empty", header(json!({"crit": []}))),
        ("critical and known", header(json!({"crit": ["b64"], "b64": false}))),
        ("compressed", header(json!({"zip": "DEF"}))),
        ("nested", header(json!({"cty": "JWT"}))),
        ("encrypted", header(json!({"enc": "A256GCM"}))),
        ("two algs", twice("alg", "none")),
        ("two kids", twice("kid", "unknown")),
        ("two typs", twice("typ", "JWT")),
        ("a header that is a list", forge.sign("[]", &forge.claims.to_string())),
        ("a header with a tail", forge.sign(&format!("{} x", forge.header), &forge.claims.to_string())),
    ]
}

fn claims(forge: &Forge<'_>) -> Vec<Forged> {
    let with = |claims: Value| forge.claims(&claims);
    let twice = |name: &str, value: &str| {
        let plain = forge.claims.to_string();
        forge.sign(&forge.header.to_string(), &format!("{{\"{name}\":{value},{}", &plain[1..]))
    };
    let other = r#""01936b1c-0000-7000-8000-000000000000""#;
    vec![
        ("another audience", with(json!({"aud": "another"}))),
        ("no audience", with(json!({"aud": null}))),
        ("our audience among others", with(json!({"aud": ["liaison", "another"]}))),
        ("our audience in a list", with(json!({"aud": ["liaison"]}))),
        ("another issuer", with(json!({"iss": "https://evil.example"}))),
        ("an issuer that begins with ours", with(json!({"iss": "http://127.0.0.1:8080/"}))),
        ("no issuer", with(json!({"iss": null}))),
        ("no subject", with(json!({"sub": null}))),
        ("no client", with(json!({"client_id": null}))),
        ("no id", with(json!({"jti": null}))),
        ("an id that is none", with(json!({"jti": "1"}))),
        ("the subject is another", with(json!({"sub": uuid::Uuid::now_v7()}))),
        ("no session", with(json!({"sid": null}))),
        ("of no session", with(json!({"sid": uuid::Uuid::now_v7()}))),
        ("a session that is no id", with(json!({"sid": "' OR 1=1"}))),
        ("two subjects", twice("sub", other)),
        ("two sessions", twice("sid", other)),
        ("two expiries", twice("exp", "99999999999")),
        ("claims that are a list", forge.sign(&forge.header.to_string(), "[]")),
        ("claims that are no JSON", forge.sign(&forge.header.to_string(), "{")),
        ("claims that are no UTF-8", forge.sign(&forge.header.to_string(), "{\"a\":\"\u{fffd}\"}")),
    ]
}

fn times(forge: &Forge<'_>) -> Vec<Forged> {
    let now = forge.now();
    let with = |claims: Value| forge.claims(&claims);
    vec![
        ("expired", with(json!({"exp": now - 1}))),
        ("expires now", with(json!({"exp": now}))),
        ("never expires", with(json!({"exp": null}))),
        ("expires as a text", with(json!({"exp": (now + 900).to_string()}))),
        ("expires in parts of a second", with(json!({"exp": 1e11}))),
        ("expires late", with(json!({"exp": now + 901}))),
        ("expires after all time", with(json!({"exp": i64::MAX}))),
        ("expires beyond numbers", with(json!({"exp": u64::MAX}))),
        ("expires before time", with(json!({"exp": i64::MIN}))),
        ("not yet valid", with(json!({"nbf": now + 60}))),
        ("valid at no time", with(json!({"nbf": null}))),
        ("issued in the future", with(json!({"iat": now + 60, "exp": now + 600}))),
        ("issued at no time", with(json!({"iat": null}))),
        ("issued before time", with(json!({"iat": i64::MIN}))),
    ]
}

fn mangled(forge: &Forge<'_>) -> Vec<Forged> {
    let token = forge.token;
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{token}") };
    let with = |n: usize, part: String| {
        let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        parts[n] = part;
        parts.join(".")
    };
    let flipped = |n: usize, byte: usize| {
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(parts[n]).unwrap();
        bytes[byte] ^= 1;
        with(n, BASE64_URL_SAFE_NO_PAD.encode(bytes))
    };
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let other = forge.claims(&json!({"jti": uuid::Uuid::new_v4()}));
    // The last base64 letter of 64 bytes contains four bits that must be zero.
    let loose = |letter: char| match letter {
        'A' => 'B',
        'Q' => 'R',
        'g' => 'h',
        _ => 'x',
    };
    let last = signature.chars().last().unwrap();
    vec![
        ("truncated", token[..token.len() - 10].to_owned()),
        ("without its signature", format!("{header}.{claims}.")),
        ("without its claims", format!("{header}..{signature}")),
        ("without its header", format!(".{claims}.{signature}")),
        ("two parts", format!("{header}.{claims}")),
        ("one part", header.to_owned()),
        ("only dots", "..".to_owned()),
        ("four parts", format!("{token}.{signature}")),
        ("five parts, as if encrypted", format!("{header}.{claims}.{claims}.{claims}.{signature}")),
        ("twice", format!("{token}{token}")),
        ("a bit of the header flipped", flipped(0, 2)),
        ("a bit of the claims flipped", flipped(1, 12)),
        ("a bit of the signature flipped", flipped(2, 0)),
        ("the last bit of the signature flipped", flipped(2, 63)),
        ("the signature of another", with(2, other.rsplit('.').next().unwrap().to_owned())),
        ("a signature of zeros", with(2, BASE64_URL_SAFE_NO_PAD.encode([0; 64]))),
        ("half a signature", with(2, BASE64_URL_SAFE_NO_PAD.encode(&bytes[..32]))),
        ("padded", format!("{token}==")),
        ("padded claims", with(1, format!("{claims}="))),
        ("bits too many", format!("{}{}", &token[..token.len() - 1], loose(last))),
        ("letters of the other base64", with(2, BASE64_STANDARD_NO_PAD.encode([0xfb; 64]))),
        ("a line within", with(1, format!("{}\t{}", &claims[..8], &claims[8..]))),
        ("a space within", with(1, format!("{} {}", &claims[..8], &claims[8..]))),
        ("oversized", forge.claims(&json!({"more": "x".repeat(4 << 10)}))),
        ("oversized and unsigned", format!("{header}.{}.{signature}", "A".repeat(6 << 10))),
        ("JSON", json!({"protected": header, "payload": claims, "signature": signature}).to_string()),
    ]
}

/// RFC 6750, section 2.1: a header that is not `Bearer` and one token does not count as a token.
#[actix_web::test]
async fn a_token_comes_as_a_bearer_token_only() {
    let (app, tokens) = signed_in().await;
    let token = tokens["access_token"].as_str().unwrap();
    let expected = refusal(&app, "no token").await.told(&[]);
    let send = async |header: &[u8]| {
        let value = actix_web::http::header::HeaderValue::from_bytes(header).unwrap();
        let request = actix_web::test::TestRequest::with_uri("/v1/me").insert_header(("Authorization", value));
        app.send(request).await
    };
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(send(format!("{scheme} {token}").as_bytes()).await.status, 200, "{scheme}");
    }
    let wrong = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        token.to_owned(),
        format!("Bearer{token}"),
        format!("Bearer:{token}"),
        format!("Bearer, {token}"),
        format!("Basic {token}"),
        format!("DPoP {token}"),
        format!("Bearer Bearer {token}"),
        format!("Bearer {token} {token}"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer \"{token}\""),
        format!("Bearer {token}é"),
        format!("Ｂearer {token}"),
    ];
    for header in wrong {
        assert_eq!(send(header.as_bytes()).await.told(&[]), expected, "{header}");
    }
    assert_eq!(send(b"Bearer \xff\xfe").await.told(&[]), expected);
}

/// ASVS 7.4.1, 7.4.2: a token is valid only as long as its session and its user.
#[actix_web::test]
async fn a_token_of_what_is_over_is_refused() {
    let (app, tokens) = signed_in().await;
    let expected = refusal(&app, "no token").await.told(&[]);
    let world = World::over(app.clone()).await;
    let (anna, boris) = (world.user().await, world.user().await);
    let of_anna = sign_in(&app, email(&anna), PASSWORD).await.ok();
    let of_boris = sign_in(&app, email(&boris), PASSWORD).await.ok();
    let forge = Forge::of(&app, of_anna["access_token"].as_str().unwrap());
    let session = &Forge::of(&app, of_boris["access_token"].as_str().unwrap()).claims["sid"];
    for (what, claims) in
        [("another's session", json!({"sid": session})), ("another's id", json!({"sub": boris["id"]}))]
    {
        assert_eq!(refusal(&app, &forge.claims(&claims)).await.told(&[]), expected, "{what}");
    }
    let blocked = of_boris["access_token"].as_str().unwrap();
    world.sue.transition("block", &boris, json!({"reason": "left"})).await.ok();
    assert_eq!(refusal(&app, blocked).await.told(&[]), expected, "blocked");
    revoke(&app, refresh_token(&of_anna)).await;
    assert_eq!(refusal(&app, forge.token).await.told(&[]), expected, "ended");
    assert_eq!(bearer(&app, &tokens).get("/v1/me").await.status, 200);
}
