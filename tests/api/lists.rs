//! What every list takes: ids, words, and the sums over what a list gives.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    calls::{Target, World, call, operations},
    harness::TestApp,
};

fn ids(page: &Value) -> Vec<Value> {
    page["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
}

#[actix_web::test]
async fn several_ids_at_once_are_read_from_every_list() {
    let world = World::over(TestApp::start().await).await;
    let takes_ids = |parameter: &Value| parameter["name"] == "id" && parameter["in"] == "query";
    let mut lists = Vec::new();
    for operation in operations() {
        let parameters = operation.about["parameters"].as_array().unwrap();
        if !operation.is_list() || !parameters.iter().any(|parameter| takes_ids(crate::harness::resolve(parameter))) {
            continue;
        }
        lists.push(operation.path);
        let get = operation.id.replace("list_", "get_");
        let get = get.trim_end_matches('s');
        let made = [call(&world, get, Target::Key).await, call(&world, get, Target::Key).await];
        let [one, other] = made.map(|call| call.object["id"].as_str().unwrap().to_owned());
        let read = async |query: String| world.sue.get(&format!("{}?{query}", operation.path)).await;
        let none = Uuid::now_v7();
        assert_eq!(ids(&read(format!("id={one}&id={none}")).await.ok()), [json!(one)], "{}", operation.path);
        let mut both = ids(&read(format!("id={one}&id={other}&total=true")).await.ok());
        both.sort_by_key(Value::to_string);
        let mut expected = [json!(one), json!(other)];
        expected.sort_by_key(Value::to_string);
        assert_eq!(both, expected, "{}", operation.path);
        let all = |count: usize| vec![format!("id={none}"); count].join("&");
        let _ = read(all(200)).await.ok();
        let refused = read(all(201)).await.problem(400, "invalid_parameter");
        assert_eq!(refused["errors"][0]["pointer"], "id", "{}", operation.path);
    }
    assert_eq!(lists.len(), 16, "{lists:?}");
}

#[actix_web::test]
async fn no_more_than_200_related_resources_are_asked_for() {
    let world = World::over(TestApp::start().await).await;
    let client = call(&world, "get_client", Target::Key).await;
    for path in ["/v1/clients", client.object["path"].as_str().unwrap()] {
        for separator in ["&include=", ","] {
            let asked = |count: usize| format!("{path}?include={}", vec!["owner"; count].join(separator));
            let _ = world.sue.get(&asked(200)).await.ok();
            let refused = world.sue.get(&asked(201)).await.problem(400, "invalid_parameter");
            assert_eq!(refused["errors"][0]["pointer"], "include", "{path} {separator}");
        }
    }
}

#[actix_web::test]
async fn users_are_found_by_words() {
    let world = World::over(TestApp::start().await).await;
    let ann = world.sue.get(&format!("/v1/users/{}", world.ann.id)).await.ok();
    let titled = json!({"name": "Анна Петрова", "job_title": "Эксперт"});
    let ann = world.sue.patch(ann["path"].as_str().unwrap(), &ann, titled).await.ok();
    let found = async |words: &str| {
        let encoded: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
        let found = world.sue.get(&format!("/v1/users?q={encoded}")).await.ok();
        assert!(ids(&world.mia.get(&format!("/v1/users?q={encoded}")).await.ok()).is_empty(), "out of reach");
        ids(&found)
    };
    for words in ["петр", "анна эксп", ann["email"].as_str().unwrap()] {
        assert_eq!(found(words).await, [ann["id"].clone()], "{words}");
    }
    assert!(found("nobody").await.is_empty());
}

#[actix_web::test]
async fn a_summary_leaves_out_what_came_to_nothing() {
    let world = World::over(TestApp::start().await).await;
    let kept = call(&world, "submit_order", Target::Ordinary).await;
    let gone = call(&world, "cancel_order", Target::Ordinary).await;
    let _ = world.sue.transition("cancel", &gone.object, json!({"reason": "No"})).await.ok();
    let count = async |query: &str| world.sue.get(&format!("/v1/orders/summary{query}")).await.ok()["count"].clone();
    assert_eq!(count("").await, 0);
    assert_eq!(count("?status=draft").await, 1);
    assert_eq!(count("?status=cancelled").await, 1);
    assert_eq!(count("?status=cancelled&status=draft").await, 2);
    assert_eq!(kept.object["status"], "draft");
}

#[actix_web::test]
async fn a_service_account_reads_itself() {
    let app = TestApp::start().await;
    let robot = app.service_account(liaison::access::Role::Supervisor, &["orders:read"]).await;
    let me = robot.get("/v1/me").await.ok();
    assert_eq!((&me["id"], &me["kind"], &me["email"]), (&json!(robot.id), &json!("service"), &Value::Null));
    assert_eq!((&me["scopes"], &me["department_ids"]), (&json!(["orders:read"]), &json!([])));
    let sue = app.supervisor().await;
    let me = sue.get("/v1/me").await.ok();
    assert_eq!((&me["id"], &me["kind"], me.get("scopes")), (&json!(sue.id), &json!("person"), None));
}

#[actix_web::test]
async fn problem_types_are_pages_for_a_browser() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    let all = nobody.get("/problems").await.ok();
    assert!(all["data"].as_array().unwrap().len() > 40);
    let browser = async |address: &str| {
        let request = nobody.request(actix_web::http::Method::GET, address);
        let accepted = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let answer = nobody.send(request.insert_header(("Accept", accepted))).await;
        assert_eq!((answer.status, answer.header("vary")), (200, Some("Accept")));
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        String::from_utf8(answer.body.to_vec()).unwrap()
    };
    let index = browser("/problems").await;
    for problem in all["data"].as_array().unwrap() {
        let address = problem["type"].as_str().unwrap();
        assert!(index.contains(&format!("<a href=\"{address}\">")), "{address}");
        let page = browser(address).await;
        assert!(page.contains(problem["code"].as_str().unwrap()) && page.contains("lang=\"ru\""), "{page}");
        assert!(!page.contains('`'));
    }
    assert_eq!(nobody.get("/problems/not-found").await.ok()["code"], "not_found");
    nobody.get("/problems/nothing").await.problem(404, "not_found");
}
