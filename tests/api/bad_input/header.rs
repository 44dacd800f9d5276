//! Headers: media types, languages, preconditions and keys.

use actix_web::{http::Method, test::TestRequest};
use serde_json::json;

use super::{each, send, traces, world};

#[actix_web::test]
async fn who_takes_no_json_gets_406() {
    let world = world().await;
    for (operation, call) in each(&world, |_| true).await {
        let before = traces(&world).await;
        let has_page = operation.about.pointer("/responses/200/content/text~1html").is_some();
        let page = (!has_page).then_some("text/html");
        for accept in page.into_iter().chain(["application/xml", "application/json;q=0", "image/*, text/plain", ""]) {
            let request = call.request(&operation, &world.sue).insert_header(("Accept", accept));
            let answer = send(&world, request).await;
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            answer.problem(406, "not_acceptable");
        }
        assert_eq!(traces(&world).await, before, "{}", operation.id);
    }
    for accept in ["*/*", "application/*", "text/html, application/json;q=0.1", "APPLICATION/JSON"] {
        let request = world.sue.request(Method::GET, "/v1/me").insert_header(("Accept", accept));
        assert_eq!(send(&world, request).await.status, 200, "{accept}");
    }
}

#[actix_web::test]
async fn a_body_of_another_media_type_is_415() {
    let world = world().await;
    for (operation, call) in each(&world, |operation| operation.media_type().is_some()).await {
        let before = traces(&world).await;
        let wrong = match operation.media_type() {
            Some("application/json") => {
                ["text/plain", "application/x-www-form-urlencoded", "application/xml", "application/jsonp", ""]
            }
            Some("application/octet-stream") => {
                ["text/plain", "application/json", "multipart/form-data", "text/html", ""]
            }
            _ => ["text/plain", "application/json", "multipart/form-data", "application/octet-stream", ""],
        };
        for media_type in wrong {
            let request = call.head(&operation, &world.sue).insert_header(("Content-Type", media_type));
            let answer = send(&world, request.set_payload("{\"name\": 1}")).await;
            assert_eq!(answer.status, 415, "{} {media_type}: {:?}", operation.id, answer.body);
            answer.problem(415, "unsupported_media_type");
        }
        if operation.method != "patch" && operation.media_type() == Some("application/json") {
            let request =
                call.head(&operation, &world.sue).insert_header(("Content-Type", "application/merge-patch+json"));
            send(&world, request.set_payload("{}")).await.problem(415, "unsupported_media_type");
        }
        assert_eq!(traces(&world).await, before, "{}", operation.id);
    }
    let request =
        world.sue.request(Method::POST, "/v1/teams").insert_header(("Content-Type", "Application/JSON; charset=utf-8"));
    assert_eq!(send(&world, request.set_payload(r#"{"name": "North"}"#)).await.status, 201);
}

#[actix_web::test]
async fn a_change_without_its_precondition_is_refused() {
    let world = world().await;
    for (operation, call) in each(&world, |operation| operation.requires("If-Match")).await {
        let before = traces(&world).await;
        let with = |tag: &'static str| call.request(&operation, &world.sue).insert_header(("If-Match", tag));
        send(&world, with("")).await.problem(428, "precondition_required");
        for stale in ["\"999\"", "W/\"1\"", "\"nonsense\"", "\"-1\"", "\"9223372036854775808\""] {
            let problem = send(&world, with(stale)).await.problem(412, "precondition_failed");
            if call.object.is_object() {
                assert_eq!(problem["current_version"], call.object["version"], "{} {stale}", operation.id);
            }
        }
        for malformed in ["1", "nonsense", ",", "\"1"] {
            send(&world, with(malformed)).await.problem(400, "invalid_header");
        }
        let unreadable = call.request(&operation, &world.sue).insert_header(("If-Match", "\"ы\""));
        assert!(matches!(send(&world, unreadable).await.status, 400 | 412), "{}", operation.id);
        assert_eq!(traces(&world).await, before, "{}", operation.id);
    }
}

#[actix_web::test]
async fn an_idempotency_key_that_is_none_is_refused() {
    let world = world().await;
    for (operation, call) in each(&world, |operation| operation.has_parameter("Idempotency-Key")).await {
        let before = traces(&world).await;
        for key in ["", "ключ", "tab\t", &"x".repeat(256)] {
            let request = call.request(&operation, &world.sue).insert_header(("Idempotency-Key", key));
            send(&world, request).await.problem(400, "invalid_header");
        }
        assert_eq!(traces(&world).await, before, "{}", operation.id);
    }
}

#[actix_web::test]
async fn problems_speak_the_callers_language() {
    let world = world().await;
    for (accept, language, title) in [
        ("ru", "ru", "Не найдено"),
        ("ru-RU, en;q=0.5", "ru", "Не найдено"),
        ("en, ru;q=0.9", "en", "Not found"),
        ("de, fr", "en", "Not found"),
        ("", "en", "Not found"),
    ] {
        let request = world.sue.request(Method::GET, "/v1/clients/x").insert_header(("Accept-Language", accept));
        let answer = send(&world, request).await;
        assert_eq!(answer.header("content-language"), Some(language), "{accept:?}");
        assert_eq!(answer.header("vary"), Some("Accept-Language"));
        assert_eq!(answer.problem(404, "not_found")["title"], title, "{accept:?}");
    }
    let request = world.sue.request(Method::POST, "/v1/teams").insert_header(("Accept-Language", "ru"));
    let problem = send(&world, request.set_json(json!({"name": 1, "surprise": 2}))).await.problem(400, "unknown_field");
    for error in problem["errors"].as_array().unwrap() {
        assert!(error["detail"].as_str().unwrap().chars().any(|c| ('а'..='я').contains(&c)), "{error}");
    }
}

#[actix_web::test]
async fn a_request_id_is_kept_when_it_is_harmless() {
    let world = world().await;
    let answered = async |id: &str| {
        let request = world.sue.request(Method::GET, "/v1/clients/x").insert_header(("X-Request-Id", id));
        let answer = send(&world, request).await;
        let given = answer.header("x-request-id").unwrap().to_owned();
        assert_eq!(answer.problem(404, "not_found")["request_id"], given.as_str());
        given == id
    };
    assert!(answered("Call-7.a_b:c").await);
    for strange in ["", "a b", "<script>", "ы", "a\"b", &"x".repeat(129)] {
        assert!(!answered(strange).await, "{strange}");
    }
}

/// A header that says who asks, or for what, stands in a request once.
#[actix_web::test]
async fn a_header_that_decides_something_is_refused_when_it_stands_there_twice() {
    let world = world().await;
    for (name, values) in [
        ("Authorization", [format!("Bearer {}", world.ann.token()), format!("Bearer {}", world.sue.token())]),
        ("Authorization", [format!("Bearer {}", world.sue.token()), "Basic eDp5".to_owned()]),
        ("Idempotency-Key", ["one".to_owned(), "two".to_owned()]),
        ("Content-Type", ["application/json".to_owned(), "text/plain".to_owned()]),
    ] {
        let request =
            TestRequest::with_uri("/v1/teams").method(Method::POST).peer_addr("192.0.2.1:4711".parse().unwrap());
        let request = match name {
            "Authorization" => request,
            _ => request.insert_header(("Authorization", format!("Bearer {}", world.sue.token()))),
        };
        let request = request.set_json(json!({"name": "Team"}));
        let request = if name == "Content-Type" {
            request.append_header((name, values[1].as_str()))
        } else {
            values.iter().fold(request, |request, value| request.append_header((name, value.as_str())))
        };
        let problem = world.app.send(request).await.problem(400, "invalid_header");
        assert_eq!(problem["errors"][0]["pointer"], name);
    }
    assert_eq!(world.sue.get("/v1/teams").await.ok()["data"].to_string().matches("\"Team\"").count(), 0);
}

#[actix_web::test]
async fn a_body_that_is_compressed_or_in_another_charset_is_415() {
    let world = world().await;
    let send = async |name: &str, value: &str| {
        let request = world.sue.request(Method::POST, "/v1/teams").set_json(json!({"name": "Team"}));
        world.sue.send(request.insert_header((name, value))).await
    };
    for encoding in ["gzip", "zstd", "unknown", "identity, gzip"] {
        send("Content-Encoding", encoding).await.problem(415, "unsupported_media_type");
    }
    for charset in ["utf-7", "windows-1251", "\"utf-16\""] {
        let kind = format!("application/json; charset={charset}");
        send("Content-Type", &kind).await.problem(415, "unsupported_media_type");
    }
    let form =
        TestRequest::with_uri("/v1/auth/token").method(Method::POST).peer_addr("192.0.2.1:4711".parse().unwrap());
    let form = form.set_form([("grant_type", "password")]);
    let form = form.insert_header(("Content-Type", "application/x-www-form-urlencoded; charset=koi8-r"));
    world.app.send(form).await.problem(415, "unsupported_media_type");
    let _ = send("Content-Encoding", "identity").await.created();
}
