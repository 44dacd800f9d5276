//! What a user must do before anything else.

use actix_web::http::Method;
use serde_json::json;

use super::sign_in;
use crate::{
    calls::{PASSWORD, Target, World, call, code, operations},
    harness::TestApp,
};

const OPEN: [&str; 12] = [
    "confirm_session",
    "get_own_permissions",
    "list_own_sessions",
    "end_other_sessions",
    "get_me",
    "update_me",
    "change_password",
    "get_second_factor",
    "begin_second_factor",
    "confirm_second_factor",
    "renew_recovery_codes",
    "remove_second_factor",
];

/// Tries every operation of the document as a manager whom the SQL statement `restrict` has restricted.
async fn everything_else_is_closed(restrict: impl Fn(&World) -> String, problem: &str) {
    let world = World::over(TestApp::start().await).await;
    let mut closed = 0;
    for operation in operations() {
        // Kim's objects, since Ann, who has the ordinary ones, can make none once she is restricted.
        let call = call(&world, operation.id, Target::Key).await;
        if !OPEN.contains(&operation.id) {
            world.app.sql("DELETE FROM second_factors").await;
        }
        world.app.sql(&restrict(&world)).await;
        world.app.parts().callers.forget();
        let answer = world.ann.send(call.request(&operation, &world.ann)).await;
        if operation.is_public() || OPEN.contains(&operation.id) {
            assert_ne!(answer.status, 403, "{}: {:?}", operation.id, answer.body);
        } else {
            answer.problem(403, problem);
            closed += 1;
        }
    }
    assert!(closed > 50, "{closed}");
}

/// ASVS 6.3.3
#[actix_web::test]
async fn who_lacks_the_second_factor_that_the_role_needs_can_only_set_it_up() {
    let restrict =
        |_: &World| "UPDATE role_policies SET second_factor_required = true WHERE role = 'manager'".to_owned();
    everything_else_is_closed(restrict, "second_factor_enrolment_required").await;
}

/// ASVS 6.4.1
#[actix_web::test]
async fn who_has_a_generated_password_can_only_change_it() {
    let restrict =
        |world: &World| format!("UPDATE users SET must_change_password = true WHERE id = '{}'", world.ann.id);
    everything_else_is_closed(restrict, "password_change_required").await;
}

/// ASVS 6.3.3
#[actix_web::test]
async fn everything_opens_with_the_second_factor() {
    let world = World::over(TestApp::start().await).await;
    world.app.sql("UPDATE role_policies SET second_factor_required = true WHERE role = 'manager'").await;
    world.app.parts().callers.forget();
    world.ann.get("/v1/clients").await.problem(403, "second_factor_enrolment_required");
    assert_eq!(world.kim.get("/v1/clients").await.status, 200, "another role");
    assert_eq!(world.ann.get("/v1/me/second-factor").await.ok()["is_required"], true);
    // Signing in and out is still allowed.
    let tokens = sign_in(&world.app, &world.ann.email, PASSWORD).await.ok();
    super::revoke(&world.app, tokens["access_token"].as_str().unwrap()).await;

    world.enrol_all(false).await;
    world.app.parts().callers.forget();
    world.ann.get("/v1/clients").await.problem(403, "second_factor_enrolment_required");
    let confirm = json!({"otp": code(&world.app, 0)});
    let _ = world.ann.post("/v1/me/second-factor/confirm", confirm).await.ok();
    assert_eq!(world.ann.get("/v1/clients").await.status, 200);
    let policy = world.ann.get("/v1/roles/manager/policy").await.ok();
    assert_eq!(policy["second_factor_required"], true);
}

/// ASVS 6.4.1: a generated password cannot be kept.
#[actix_web::test]
async fn a_generated_password_is_changed_into_another() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    app.sql(&format!("UPDATE users SET must_change_password = true WHERE id = '{}'", ann.id)).await;
    app.parts().callers.forget();
    let change = async |new: &str| {
        let body = json!({"current_password": PASSWORD, "new_password": new});
        ann.own(Method::PUT, "/v1/me/password", body).await
    };
    change(PASSWORD).await.field_error("/new_password", "unchanged_password");
    ann.get("/v1/clients").await.problem(403, "password_change_required");
    change("seven plums in a paper bag").await.no_content();
    assert_eq!(ann.get("/v1/clients").await.status, 200);
}

/// ASVS 6.3.2, 6.4.1
#[actix_web::test]
async fn the_first_supervisor_must_change_the_printed_password() {
    let app = TestApp::start().await;
    let flags = "SELECT email || ' ' || must_change_password AS value FROM users";
    assert_eq!(app.text(flags).await, ["supervisor@liaison.example true"]);
}
