//! The business rules on rights, R1 to R8, R10 and R11: what people try to get more than they should have, and what happens.

use serde_json::{Value, json};

use crate::{
    calls::{World, step_body, unique},
    harness::{TestApp, TestUser},
};

fn path(row: &Value) -> &str {
    row["path"].as_str().unwrap()
}

fn actions(row: &Value) -> Vec<&str> {
    row["actions"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

async fn client(owner: &TestUser) -> Value {
    owner
        .post(
            "/v1/clients",
            json!({"kind": "organization", "name": "Romashka", "allow_duplicate": {"reason": "Another one"}}),
        )
        .await
        .created()
}

/// A key client of `owner`, with a confidential credit limit.
async fn key_client(world: &World, owner: &TestUser) -> Value {
    let body = json!({"kind": "organization", "name": "Key", "owner_id": owner.id, "credit_limit": "1000.00"});
    let client = world.sue.post("/v1/clients", body).await.created();
    world.sue.transition("designate-key", &client, json!({})).await.ok()
}

async fn product(app: &TestApp, min_price: Option<&str>) -> String {
    let body = json!({"sku": "P", "name": "Paper", "kind": "good", "unit": "box", "base_price": "100", "min_price": min_price,
        "currency": "RUB", "tax_rate": "20"});
    let product = app.supervisor().await.post("/v1/products", body).await.created();
    product["id"].as_str().unwrap().to_owned()
}

async fn department(world: &World) -> Value {
    world.sue.post("/v1/departments", json!({"kind": "department", "name": unique("Department")})).await.created()
}

async fn draft(user: &TestUser, client: &Value, product: &str, price: &str) -> Value {
    let line = json!({"product_id": product, "quantity": "1", "unit_price": price});
    user.post("/v1/orders", json!({"client_id": client["id"], "lines": [line]})).await.created()
}

async fn contract(user: &TestUser, client: &Value, amount: &str) -> Value {
    let body = json!({"client_id": client["id"], "title": "Supply", "amount": amount, "currency": "RUB",
        "starts_on": "2026-11-24"});
    user.post("/v1/contracts", body).await.created()
}

/// R1
#[actix_web::test]
async fn nobody_puts_themselves_on_the_team_of_a_colleagues_client() {
    let world = World::over(TestApp::start().await).await;
    let key = key_client(&world, &world.kim).await;
    let team = format!("{}/account-team", path(&key));
    let seen = world.kai.get(path(&key)).await.ok();
    assert!(seen.get("credit_limit").is_none(), "a colleague's");
    let own = json!({"user_ids": [world.kai.id]});
    world.kai.put(&team, &seen, own.clone()).await.problem(403, "forbidden");

    // Nor when the policy lets them make teams for colleagues' clients.
    world.app.sql("UPDATE role_policies SET grants = grants || '{\"clients:assign_team\": \"team\"}'").await;
    world.app.parts().callers.forget();
    world.kai.put(&team, &seen, own.clone()).await.problem(403, "forbidden");
    world.kai.put(&team, &seen, json!({"user_ids": [world.bob.id]})).await.ok();

    // Its owner lets a helper in, who still sees nothing confidential.
    let seen = world.kim.get(path(&key)).await.ok();
    world.kim.put(&team, &seen, own).await.ok();
    world.app.parts().callers.forget();
    let helped = world.kai.get(path(&key)).await.ok();
    assert!(helped.get("credit_limit").is_none(), "{helped}");
    let patch = world.kai.patch(path(&key), &helped, json!({"credit_limit": "1"})).await;
    assert_eq!(patch.problem(403, "forbidden")["permission"], "clients:read_confidential");
    let _ = world.kai.patch(path(&key), &helped, json!({"website": "https://romashka.example/"})).await.ok();
}

#[actix_web::test]
async fn managers_make_the_account_teams_of_their_own_clients() {
    let world = World::over(TestApp::start().await).await;
    let client = client(&world.ann).await;
    let team = format!("{}/account-team", path(&client));
    world.ann.put(&team, &client, json!({"user_ids": [world.bob.id]})).await.ok();
    world.app.parts().callers.forget();
    let helped = world.bob.get(path(&client)).await.ok();
    world.bob.put(&team, &helped, json!({"user_ids": []})).await.problem(403, "forbidden");
}

/// R2
#[actix_web::test]
async fn nobody_takes_a_colleagues_client_for_themselves() {
    let world = World::over(TestApp::start().await).await;
    let key = key_client(&world, &world.kim).await;
    let seen = world.kai.get(path(&key)).await.ok();
    assert!(!actions(&seen).contains(&"transfer"));
    let take = json!({"owner_id": world.kai.id, "reason": "mine"});
    world.kai.transition("transfer", &seen, take.clone()).await.problem(403, "forbidden");
    world.app.sql("UPDATE role_policies SET grants = grants || '{\"clients:transfer\": \"team\"}'").await;
    world.app.parts().callers.forget();
    world.kai.transition("transfer", &seen, take.clone()).await.problem(403, "forbidden");
    let given = world.kim.transition("transfer", &key, take).await.ok();
    assert_eq!(given["owner_id"], json!(world.kai.id), "the owner gives it");
}

/// R3
#[actix_web::test]
async fn nobody_designates_their_own_client_as_key() {
    let world = World::over(TestApp::start().await).await;
    let lead = client(&world.kim).await;
    assert!(!actions(&lead).contains(&"designate-key"));
    let refused = world.kim.transition("designate-key", &lead, json!({})).await.problem(403, "forbidden");
    assert_eq!(refused["rule"], "separation_of_duties");
    // A colleague who may designate in the team knows the client by its address only.
    world.kai.get(path(&lead)).await.problem(404, "not_found");
    let key = world.kai.transition("designate-key", &lead, json!({})).await.ok();
    assert_eq!(key["is_key"], true);
    let _ = world.kai.get(path(&lead)).await.ok();
    world.leo.transition("designate-key", &key, json!({})).await.problem(404, "not_found");
}

/// R4
#[actix_web::test]
async fn who_revoked_a_designation_sees_the_client_and_may_undo_it() {
    let world = World::over(TestApp::start().await).await;
    let key = key_client(&world, &world.kim).await;
    let seen = world.kai.get(path(&key)).await.ok();
    let ordinary = world.kai.transition("revoke-key", &seen, json!({})).await.ok();
    assert_eq!((&ordinary["is_key"], &ordinary["id"]), (&json!(false), &key["id"]));
    assert!(actions(&ordinary).contains(&"designate-key"));
    world.kai.get(path(&key)).await.problem(404, "not_found");
    let again = world.kai.transition("designate-key", &ordinary, json!({})).await.ok();
    assert_eq!(again["is_key"], true);
}

/// R5
#[actix_web::test]
async fn no_answer_about_a_draft_depends_on_the_least_price() {
    let world = World::over(TestApp::start().await).await;
    let client = client(&world.ann).await;
    let paper = product(&world.app, Some("97.50")).await;
    let mut order = draft(&world.ann, &client, &paper, "100").await;
    let offered = actions(&order).join(" ");
    assert!(offered.contains("hand-over"));
    for price in ["97.51", "97.50", "97.49", "96"] {
        let lines = json!([{"product_id": paper, "quantity": "1", "unit_price": price}]);
        order = world.ann.patch(path(&order), &order, json!({"lines": lines})).await.ok();
        assert_eq!(actions(&order).join(" "), offered, "{price}");
    }
    // Handing it over submits it, and it waits; the answer does not say for which limit.
    let department = department(&world).await;
    let body = json!({"department_id": department["id"], "due_at": "2026-12-01T10:00:00Z"});
    let waits = world.ann.transition("hand-over", &order, body).await.ok();
    assert_eq!((&waits["status"], &waits["exceeded"]), (&json!("submitted"), &json!([])));
    let history = world.ann.get(&format!("{}/history", path(&order))).await.ok();
    assert_eq!(history["data"][0]["exceeded"], json!([]));
    let history = world.sue.get(&format!("{}/history", path(&order))).await.ok();
    assert_eq!(history["data"][0]["exceeded"], json!(["min_price"]), "who may know the least price");
    assert_eq!(world.sue.get(path(&order)).await.ok()["exceeded"], json!(["min_price"]));
}

/// R5
#[actix_web::test]
async fn submissions_below_least_prices_are_few() {
    let world = World::over(TestApp::start().await).await;
    let client = client(&world.ann).await;
    let paper = product(&world.app, Some("97.50")).await;
    for _ in 0..30 {
        let order = draft(&world.ann, &client, &paper, "97").await;
        assert_eq!(world.ann.transition("submit", &order, json!({})).await.ok()["status"], "submitted");
    }
    // Then any submission is refused, so that the refusal tells nothing of the price.
    for price in ["97", "100"] {
        let order = draft(&world.ann, &client, &paper, price).await;
        let refused = world.ann.transition("submit", &order, json!({})).await;
        assert_eq!(refused.header("retry-after"), Some("3600"));
        refused.problem(429, "too_many_requests");
    }
    let order = draft(&world.sue, &client, &paper, "100").await;
    let _ = world.sue.transition("submit", &order, json!({})).await.ok();
    world.app.sql("UPDATE order_events SET at = at - interval '61 minutes'").await;
    let order = draft(&world.ann, &client, &paper, "100").await;
    assert_eq!(world.ann.transition("submit", &order, json!({})).await.ok()["status"], "approved");
}

/// R6
#[actix_web::test]
async fn who_edited_the_terms_does_not_approve_them() {
    let world = World::over(TestApp::start().await).await;
    let client = client(&world.ann).await;
    let paper = product(&world.app, None).await;

    let order = draft(&world.ann, &client, &paper, "100").await;
    let lines = json!([{"product_id": paper, "quantity": "1", "discount_percent": "50"}]);
    let edited = world.sue.patch(path(&order), &order, json!({"lines": lines})).await.ok();
    assert_eq!(edited["editor_ids"], json!([world.sue.id]));
    let submitted = world.ann.transition("submit", &edited, json!({})).await.ok();
    assert_eq!((&submitted["status"], &submitted["exceeded"]), (&json!("submitted"), &json!(["max_discount_percent"])));
    assert!(!actions(&world.sue.get(path(&order)).await.ok()).contains(&"approve"));
    let refused = world.sue.transition("approve", &submitted, json!({})).await.problem(403, "forbidden");
    assert_eq!(refused["rule"], "separation_of_duties");
    let _ = world.sam.transition("approve", &submitted, json!({})).await.ok();

    let contract = contract(&world.ann, &client, "2000").await;
    let edited = world.sue.patch(path(&contract), &contract, json!({"amount": "9000"})).await.ok();
    assert_eq!(edited["editor_ids"], json!([world.sue.id]));
    let same = world.sam.patch(path(&contract), &edited, json!({"amount": "9000"})).await.ok();
    assert_eq!(same["editor_ids"], json!([world.sue.id]), "who changed nothing has edited nothing");
    let submitted = world.ann.transition("submit", &same, json!({})).await.ok();
    let refused = world.sue.transition("approve", &submitted, json!({})).await.problem(403, "forbidden");
    assert_eq!(refused["rule"], "separation_of_duties");
    let _ = world.sam.transition("approve", &submitted, json!({})).await.ok();
}

/// R7
#[actix_web::test]
async fn one_person_alone_passes_no_more_than_the_policy_says() {
    let world = World::over(TestApp::start().await).await;
    let client = client(&world.ann).await;
    for (amount, status) in [("5000000", "approved"), ("5000000.01", "in_review")] {
        let contract = contract(&world.sue, &client, amount).await;
        assert_eq!(world.sue.transition("submit", &contract, json!({})).await.ok()["status"], status, "{amount}");
    }
    let policy = world.sue.get("/v1/roles/supervisor/policy").await.ok();
    assert_eq!(policy["self_approval_up_to"], "5000000.00");
    world.app.sql("UPDATE role_policies SET self_approval_up_to = 99 WHERE role = 'supervisor'").await;
    world.app.parts().callers.forget();
    let paper = product(&world.app, None).await;
    let order = draft(&world.sue, &client, &paper, "100").await;
    let submitted = world.sue.transition("submit", &order, json!({})).await.ok();
    let waits = (&submitted["status"], &submitted["exceeded"]);
    assert_eq!(waits, (&json!("submitted"), &json!(["self_approval_up_to"])));
    assert_eq!(world.sam.transition("approve", &submitted, json!({})).await.ok()["status"], "approved");
}

/// R8
#[actix_web::test]
async fn a_helper_does_not_archive_lose_give_away_or_designate() {
    let world = World::over(TestApp::start().await).await;
    for helper in [&world.bob, &world.kai] {
        let client = client(&world.kim).await;
        let team = format!("{}/account-team", path(&client));
        world.kim.put(&team, &client, json!({"user_ids": [helper.id]})).await.ok();
        world.app.parts().callers.forget();
        let helped = helper.get(path(&client)).await.ok();
        for step in ["archive", "mark-lost"] {
            let refused = helper.transition(step, &helped, step_body(step)).await.problem(403, "forbidden");
            assert_eq!(refused["permission"], "clients:archive", "{step}");
        }
        let away = json!({"owner_id": world.kim.id, "reason": "away"});
        helper.transition("transfer", &helped, away).await.problem(403, "forbidden");
        assert!(actions(&helped).contains(&"update"), "a helper works with the client");
        for hidden in ["archive", "mark-lost", "transfer"] {
            assert!(!actions(&helped).contains(&hidden), "{hidden}");
        }
        let _ = helper.transition("qualify", &helped, json!({})).await.ok();
    }
}

/// R10
#[actix_web::test]
async fn a_service_account_of_a_department_sees_its_orders_only() {
    let world = World::over(TestApp::start().await).await;
    let (ours, theirs) = (department(&world).await, department(&world).await);
    let client = client(&world.ann).await;
    let paper = product(&world.app, None).await;
    let handed_to = async |department: &Value| {
        let order = draft(&world.ann, &client, &paper, "100").await;
        let body = json!({"department_id": department["id"], "due_at": "2026-12-01T10:00:00Z"});
        world.ann.transition("hand-over", &order, body).await.ok()
    };
    let (own, foreign) = (handed_to(&ours).await, handed_to(&theirs).await);
    let undecided = draft(&world.ann, &client, &paper, "100").await;
    let scopes = ["orders:read", "orders:execute", "clients:read"];
    let robot = world.app.service_account(liaison::access::Role::Supervisor, &scopes).await;
    robot.transition("accept", &foreign, json!({})).await.ok();
    let account = world.sue.get(&format!("/v1/service-accounts/{}", robot.id)).await.ok();
    let bound = json!({"department_ids": [ours["id"]]});
    let account = world.sue.patch(path(&account), &account, bound).await.ok();
    assert_eq!(account["department_ids"], json!([ours["id"]]));

    assert_eq!(robot.get(path(&own)).await.ok()["id"], own["id"]);
    for hidden in [&foreign, &undecided] {
        robot.get(path(hidden)).await.problem(404, "not_found");
        robot.get(&format!("{}/history", path(hidden))).await.problem(404, "not_found");
        robot.transition("accept", hidden, json!({})).await.problem(404, "not_found");
    }
    let seen = |page: Value| page["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    let list = robot.get("/v1/orders?total=true").await.ok();
    assert_eq!((seen(list.clone()), &list["total"]), (vec![own["id"].clone()], &json!(1)));
    assert_eq!(robot.get("/v1/orders/summary").await.ok()["count"], 1);
    let queue = async |department: &Value| {
        robot.get(&format!("/v1/departments/{}/queue", department["id"].as_str().unwrap())).await.ok()
    };
    assert_eq!((seen(queue(&ours).await).len(), seen(queue(&theirs).await).len()), (1, 0));
    let timeline = robot.get(&format!("{}/timeline", path(&client))).await.ok();
    assert!(timeline["data"].as_array().unwrap().iter().all(|entry| entry["resource"] != "orders"));
    assert_eq!(robot.transition("accept", &own, json!({})).await.ok()["status"], "accepted");

    let nowhere = json!({"department_ids": [ours["id"], uuid::Uuid::now_v7()]});
    let refused = world.sue.patch(path(&account), &account, nowhere).await;
    refused.field_error("/department_ids/1", "unknown_reference");
    let twice = json!({"department_ids": [ours["id"], ours["id"]]});
    world.sue.patch(path(&account), &account, twice).await.field_error("/department_ids/1", "repeated");
}

/// R11
#[actix_web::test]
async fn what_may_not_be_read_is_not_left_out_of_an_answer_in_silence() {
    let world = World::over(TestApp::start().await).await;
    let client = client(&world.ann).await;
    let paper = product(&world.app, None).await;
    let order = draft(&world.ann, &client, &paper, "100").await;
    let robot = world.app.service_account(liaison::access::Role::Supervisor, &["orders:read"]).await;
    for address in ["/v1/orders?include=client".to_owned(), format!("{}?include=client", path(&order))] {
        assert_eq!(robot.get(&address).await.problem(403, "forbidden")["permission"], "clients:read", "{address}");
    }
    assert_eq!(robot.get("/v1/orders?include=owner,lines").await.ok()["data"][0]["owner"]["id"], json!(world.ann.id));
    let robot = world.app.service_account(liaison::access::Role::Supervisor, &["clients:read"]).await;
    let refused = robot.get("/v1/clients?include=primary_contact").await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "contacts:read");
}

#[actix_web::test]
async fn a_program_never_approves() {
    let world = World::over(TestApp::start().await).await;
    let body =
        |scope: &str| json!({"name": "Robot", "role": "supervisor", "team_id": world.sue.team_id, "scopes": [scope]});
    for scope in ["contracts:approve", "orders:approve"] {
        let refused = world.sue.post("/v1/service-accounts", body(scope)).await;
        refused.field_error("/scopes/0", "invalid_choice");
    }
    let scopes = ["contracts:create", "contracts:update", "contracts:read", "clients:read", "clients:create"];
    let robot = world.app.service_account(liaison::access::Role::Supervisor, &scopes).await;
    let draft = contract(&robot, &client(&robot).await, "1").await;
    let submitted = robot.transition("submit", &draft, json!({})).await.ok();
    assert_eq!(submitted["status"], "in_review", "a person decides");
}

#[actix_web::test]
async fn a_supervisor_is_taken_over_with_a_second_ones_consent_only() {
    let world = World::over(TestApp::start().await).await;
    let tom = world.app.supervisor().await;
    let user = async |id: &Value| world.sue.get(&format!("/v1/users/{}", id.as_str().unwrap())).await.ok();
    let target = json!(tom.id);
    let reset = async || world.sue.transition("reset-password", &user(&target).await, json!({})).await;
    reset().await.problem(403, "consent_required");
    let second_factor = world.sue.transition("reset-second-factor", &user(&target).await, json!({})).await;
    second_factor.problem(403, "consent_required");
    let address = async || {
        let tom = user(&target).await;
        world.sue.patch(path(&tom), &tom, json!({"email": "mine@example.com"})).await
    };
    address().await.problem(403, "consent_required");

    // One's own consent does not count, and that of another is good for one step.
    let _ = world.sue.transition("consent", &user(&target).await, json!({})).await.ok();
    reset().await.problem(403, "consent_required");
    let _ = world.sam.transition("consent", &user(&target).await, json!({})).await.ok();
    let _ = reset().await.ok();
    address().await.problem(403, "consent_required");
    tom.transition("consent", &user(&target).await, json!({})).await.problem(403, "forbidden");

    // A consent ends after a day, and with the rights of who gave it.
    let _ = world.sam.transition("consent", &user(&target).await, json!({})).await.ok();
    world.app.sql("UPDATE consents SET expires_at = given_at").await;
    reset().await.problem(403, "consent_required");
    let _ = world.sam.transition("consent", &user(&target).await, json!({})).await.ok();
    world.app.sql(&format!("UPDATE users SET status = 'blocked' WHERE id = '{}'", world.sam.id)).await;
    reset().await.problem(403, "consent_required");
}

#[actix_web::test]
async fn nobody_makes_a_supervisor_alone_but_an_only_one() {
    let world = World::over(TestApp::start().await).await;
    let ann = world.sue.get(&format!("/v1/users/{}", world.ann.id)).await.ok();
    let promote = async || world.sue.patch(path(&ann), &ann, json!({"role": "supervisor"})).await;
    promote().await.problem(403, "consent_required");
    let new = json!({"name": "New", "email": "new@example.com", "role": "supervisor", "team_id": world.sue.team_id});
    let new = world.sue.post("/v1/users", new).await.created();
    world.sue.transition("reset-password", &new, json!({})).await.problem(403, "consent_required");
    let others = format!(
        "UPDATE users SET status = 'blocked' WHERE role = 'supervisor' AND id NOT IN ('{}', '{}')",
        world.sue.id,
        new["id"].as_str().unwrap()
    );
    world.app.sql(&others).await;
    let _ = world.sue.transition("reset-password", &new, json!({})).await.ok();
    assert_eq!(promote().await.ok()["role"], "supervisor");
}
