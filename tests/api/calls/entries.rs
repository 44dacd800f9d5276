//! One entry for each operation: the object it is about, and a body with which it succeeds.

use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::harness::TestUser;

use super::{Call, LOST_REASON, PASSWORD, Target, World, code, unique, unique_word};

/// The call of `operation` on the client of `target`, or on a new object of that client.
pub async fn call(world: &World, operation: &str, target: Target) -> Call {
    let found = [
        service(operation),
        audit(operation),
        auth(world, operation).await,
        account(world, operation).await,
        users(world, operation).await,
        deputies(world, operation).await,
        sessions(world, operation).await,
        teams(world, operation).await,
        roles(world, operation).await,
        competitors(world, operation).await,
        exchange_rates(world, operation).await,
        lost_reasons(world, operation).await,
        custom_fields(world, operation).await,
        jobs(world, operation, target).await,
        exports(world, operation, target).await,
        imports(world, operation, target).await,
        organization(world, operation).await,
        service_accounts(world, operation).await,
        api_keys(world, operation).await,
        products(world, operation).await,
        departments(world, operation).await,
        clients(world, operation, target).await,
        client_merges(world, operation, target).await,
        saved_views(world, operation, target).await,
        access_requests(world, operation, target).await,
        contacts(world, operation, target).await,
        personal_data(world, operation, target).await,
        interactions(world, operation, target).await,
        contracts(world, operation, target).await,
        orders(world, operation, target).await,
    ];
    let found = found.into_iter().flatten().next();
    found.unwrap_or_else(|| panic!("{operation} has no entry in tests/api/calls/entries.rs"))
}

fn service(operation: &str) -> Option<Call> {
    Some(match operation {
        "get_jwks"
        | "get_liveness"
        | "get_openapi"
        | "get_readiness"
        | "get_server_metadata"
        | "list_problem_types" => Call::plain(),
        "get_problem_type" => Call::plain().with("type", "not-found"),
        _ => return None,
    })
}

fn audit(operation: &str) -> Option<Call> {
    Some(match operation {
        "list_audit_entries" | "verify_audit_log" => Call::plain(),
        _ => return None,
    })
}

async fn auth(world: &World, operation: &str) -> Option<Call> {
    Some(match operation {
        "create_token" => Call::plain().form(vec![
            ("grant_type", "password".to_owned()),
            ("username", world.user().await["email"].as_str()?.to_owned()),
            ("password", PASSWORD.to_owned()),
        ]),
        "forgot_password" => {
            world.reset_sign_ins().await;
            Call::plain().json(json!({"email": world.ann.email}))
        }
        "reset_password" => {
            world.reset_sign_ins().await;
            let started = world.sam.transition("reset-password", &world.user().await, json!({})).await.ok();
            Call::plain().json(json!({"token": started["token"], "new_password": NEW_PASSWORD}))
        }
        "revoke_token" => Call::plain().form(vec![("token", "unknown".to_owned())]),
        "get_me" => Call::plain(),
        "update_me" => Call::plain().json(json!({"timezone": "Europe/Moscow"})),
        _ => return None,
    })
}

const NEW_PASSWORD: &str = "seven plums in a paper bag";

/// Operations on the caller's own account, possible for every caller.
async fn account(world: &World, operation: &str) -> Option<Call> {
    let both = || json!({"password": PASSWORD, "otp": code(&world.app, 0)});
    let body = match operation {
        "get_second_factor" => return Some(Call::plain()),
        "change_password" => {
            world.reset_sign_ins().await;
            json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD})
        }
        "begin_second_factor" | "confirm_session" => {
            world.reset_sign_ins().await;
            json!({"password": PASSWORD})
        }
        "confirm_second_factor" => {
            world.enrol_all(false).await;
            json!({"otp": code(&world.app, 0)})
        }
        "renew_recovery_codes" | "remove_second_factor" => {
            world.enrol_all(true).await;
            both()
        }
        _ => return None,
    };
    Some(Call::plain().json(body))
}

/// An export of the target's owner, which waits for a server.
async fn export(world: &World, target: Target) -> Value {
    let body = json!({"resource": "products", "format": "csv", "columns": ["sku", "name"]});
    world.owner(target).post("/v1/exports", body).await.created()
}

async fn jobs(world: &World, operation: &str, target: Target) -> Option<Call> {
    let owner = world.owner(target);
    Some(match operation {
        "list_jobs" | "get_job" | "cancel_job" => {
            let job = export(world, target).await["job"]["id"].clone();
            let call = Call::owned_by(owner, owner.get(&format!("/v1/jobs/{}", job.as_str()?)).await.ok());
            if operation == "cancel_job" { call.json(json!({"reason": "Not needed"})) } else { call }
        }
        _ => return None,
    })
}

async fn exports(world: &World, operation: &str, target: Target) -> Option<Call> {
    let owner = world.owner(target);
    Some(match operation {
        "list_exports" | "get_export" => Call::owned_by(owner, export(world, target).await),
        "create_export" => Call::plain().json(json!({"resource": "clients", "format": "csv"})),
        "get_export_file" => {
            let export = export(world, target).await;
            world.app.work().await;
            Call::owned_by(owner, export)
        }
        _ => return None,
    })
}

const FILE: &str = "Company,Phone\nRomashka,+74951234567\n";

/// An import of the target's owner, after these steps.
async fn import(world: &World, target: Target, steps: &[&str]) -> Value {
    let owner = world.owner(target);
    let request = owner.request(Method::POST, "/v1/imports").insert_header(("Content-Type", "text/csv"));
    let mut import = owner.send(request.set_payload(FILE)).await.created();
    for step in steps {
        let _ = owner.transition(step, &import, json!({})).await.ok();
        world.app.work().await;
        import = owner.get(import["path"].as_str().unwrap()).await.ok();
    }
    import
}

async fn imports(world: &World, operation: &str, target: Target) -> Option<Call> {
    let about = |import: Value| Call::owned_by(world.owner(target), import);
    let reason = || json!({"reason": "As agreed"});
    Some(match operation {
        "list_imports" | "get_import" => about(import(world, target, &[]).await),
        "create_import" => Call::plain().file(FILE),
        "update_import" => about(import(world, target, &[]).await).json(json!({"duplicates": "fill"})),
        "list_import_rows" => about(import(world, target, &["check"]).await),
        "check_import" => about(import(world, target, &[]).await).json(reason()),
        "apply_import" => about(import(world, target, &["check"]).await).json(reason()),
        "undo_import" => about(import(world, target, &["check", "apply"]).await).json(reason()),
        _ => return None,
    })
}

async fn users(world: &World, operation: &str) -> Option<Call> {
    Some(match operation {
        "reset_second_factor" => {
            let user = world.user().await;
            world.enrol(&user["id"], true).await;
            Call::of_user(user)
        }
        "list_users" | "get_user" | "give_consent" | "start_password_reset" => Call::of_user(world.user().await),
        "block_user" => Call::of_user(world.user().await).json(json!({"receiver_id": world.bob.id, "reason": "Left"})),
        "create_user" => Call::plain().json(world.new_user()),
        "update_user" => Call::of_user(world.user().await).json(json!({"job_title": "Expert"})),
        "unblock_user" => Call::of_user(world.step(&world.user().await, "block").await),
        _ => return None,
    })
}

async fn deputies(world: &World, operation: &str) -> Option<Call> {
    let colleague = async || world.user().await;
    let new = |deputy: &Value| json!({"deputy_id": deputy["id"], "starts_on": "2026-12-01", "ends_on": "2028-12-31"});
    Some(match operation {
        "list_deputies" | "get_deputy" | "end_deputy" => {
            let mut body = new(&colleague().await);
            body["user_id"] = json!(world.ann.id);
            let call = Call::of_deputy(world.sam.post("/v1/deputies", body).await.created());
            if operation == "end_deputy" { call.json(json!({"reason": "Agreed"})) } else { call }
        }
        "create_deputy" => {
            let colleague = colleague().await;
            Call::standing(json!({"team_id": colleague["team_id"]})).json(new(&colleague))
        }
        _ => return None,
    })
}

async fn sessions(world: &World, operation: &str) -> Option<Call> {
    Some(match operation {
        "list_own_sessions" | "end_other_sessions" => Call::plain(),
        // Another user's session, which exists only for that user.
        "end_own_session" => Call::shared(json!({"id": world.session_of(&json!(world.sam.id)).await})),
        "list_user_sessions" | "end_user_sessions" => Call::of_user(world.user().await),
        "end_user_session" => {
            let user = world.user().await;
            let session = world.session_of(&user["id"]).await;
            Call::of_user(user).with("session_id", &session)
        }
        _ => return None,
    })
}

async fn teams(world: &World, operation: &str) -> Option<Call> {
    Some(match operation {
        "list_teams" | "get_team" => Call::shared(world.team().await),
        "create_team" => Call::plain().json(json!({"name": unique("Team")})),
        "update_team" => Call::shared(world.team().await).json(json!({"name": unique("Renamed")})),
        _ => return None,
    })
}

async fn roles(world: &World, operation: &str) -> Option<Call> {
    Some(match operation {
        "get_role_policy" => Call::plain().with("role", "manager"),
        "replace_role_policy" => {
            let (policy, body) = same_policy(world).await;
            Call::standing(policy).json(body)
        }
        "get_own_permissions" | "search_everything" => Call::plain(),
        _ => return None,
    })
}

async fn custom_fields(world: &World, operation: &str) -> Option<Call> {
    // A resource has a hundred fields at most.
    let resources = ["clients", "products", "contacts", "interactions", "contracts", "orders"];
    let full = usize::try_from(world.app.count("custom_fields").await / 80).unwrap();
    let new = || json!({"resource": resources[full], "name": unique_word("field"), "kind": "text", "label_en": "Field", "label_ru": "Поле"});
    let field = async || world.sue.post("/v1/custom-fields", new()).await.created();
    Some(match operation {
        "list_custom_fields" | "get_custom_field" => Call::shared(field().await),
        "create_custom_field" => Call::plain().json(new()),
        "update_custom_field" => Call::shared(field().await).json(json!({"is_active": false})),
        "get_schema" => Call::plain().with("resource", "clients"),
        _ => return None,
    })
}

async fn competitors(world: &World, operation: &str) -> Option<Call> {
    let new = || json!({"name": unique("Competitor")});
    let competitor = async || world.sam.post("/v1/competitors", new()).await.created();
    let new_offer = async || {
        let product = world.sam.post("/v1/products", new_product()).await.created();
        json!({"product_id": product["id"], "competitor_id": competitor().await["id"], "name": "Green tea", "price": "20.00",
            "currency": "RUB", "seen_on": "2026-11-20"})
    };
    let offer = async || world.sam.post("/v1/competitor-offers", new_offer().await).await.created();
    Some(match operation {
        "list_competitors" | "get_competitor" => Call::shared(competitor().await),
        "create_competitor" => Call::plain().json(new()),
        "update_competitor" => Call::shared(competitor().await).json(json!({"is_active": false})),
        "list_competitor_offers" | "get_competitor_offer" => Call::shared(offer().await),
        "create_competitor_offer" => Call::plain().json(new_offer().await),
        "update_competitor_offer" => Call::shared(offer().await).json(json!({"worse_at": "Dear"})),
        "compare_product" => {
            let offer = offer().await;
            let path = format!("/v1/products/{}", offer["product_id"].as_str()?);
            Call::shared(world.sam.get(&path).await.ok())
        }
        _ => return None,
    })
}

/// A day that was not given before.
fn next_day() -> String {
    static DAYS: AtomicU32 = AtomicU32::new(0);
    let days = DAYS.fetch_add(1, Ordering::Relaxed);
    format!("{}-{:02}-{:02}", 1900 + days / 336, days / 28 % 12 + 1, days % 28 + 1)
}

async fn exchange_rates(world: &World, operation: &str) -> Option<Call> {
    // Each call needs a day of its own: a currency has one rate from a day on.
    let new = || json!({"currency": "USD", "rate": "92.5", "starts_on": next_day()});
    let rate = async || world.sam.post("/v1/exchange-rates", new()).await.created();
    Some(match operation {
        "list_exchange_rates" | "get_exchange_rate" => Call::shared(rate().await),
        "create_exchange_rate" => Call::plain().json(new()),
        "update_exchange_rate" => Call::shared(rate().await).json(json!({"rate": "93.1"})),
        _ => return None,
    })
}

async fn lost_reasons(world: &World, operation: &str) -> Option<Call> {
    let reason = async || world.sam.post("/v1/lost-reasons", json!({"name": unique("Reason")})).await.created();
    Some(match operation {
        "list_lost_reasons" | "get_lost_reason" => Call::shared(reason().await),
        "create_lost_reason" => Call::plain().json(json!({"name": unique("Reason")})),
        "update_lost_reason" => Call::shared(reason().await).json(json!({"is_active": false})),
        _ => return None,
    })
}

async fn organization(world: &World, operation: &str) -> Option<Call> {
    let organization = async || world.sam.get("/v1/organization").await.ok();
    Some(match operation {
        "get_organization" => Call::plain(),
        "update_organization" => Call::standing(organization().await).json(json!({"name": unique("Company")})),
        _ => return None,
    })
}

/// The current policy of managers, and the body that would set the same policy.
async fn same_policy(world: &World) -> (Value, Value) {
    let policy = world.sam.get("/v1/roles/manager/policy").await.ok();
    let mut body = policy.clone();
    for read_only in ["role", "version", "created_at", "updated_at", "actions", "path"] {
        body.as_object_mut().unwrap().remove(read_only);
    }
    (policy, body)
}

async fn clients(world: &World, operation: &str, target: Target) -> Option<Call> {
    let client = || world.client(target);
    let after = async |steps: &[&str]| {
        let mut client = world.client(target).await;
        for step in steps {
            client = world.step(&client, step).await;
        }
        client
    };
    Some(match operation {
        "search_clients" => Call::plain()
            .json(json!({"conditions": [{"not": {"field": {"name": "status", "op": "eq", "value": "lost"}}}]})),
        "summarize_clients" | "summarize_completeness" | "scan_client_duplicates" => Call::plain(),
        "list_clients"
        | "get_client"
        | "verify_client"
        | "list_client_timeline"
        | "list_client_owners"
        | "get_account_team" => world.about(target, client().await),
        "qualify_client" | "activate_client" | "archive_client" => {
            world.about(target, client().await).json(json!({"reason": "Agreed"}))
        }
        "mark_client_lost" => {
            world.about(target, client().await).json(json!({"lost_reason_id": LOST_REASON, "reason": "Agreed"}))
        }
        "mark_client_dormant" => world.about(target, after(&["activate"]).await).json(json!({})),
        "restore_client" => world.about(target, after(&["archive"]).await).json(json!({})),
        "create_client" => Call::plain().json(json!({"kind": "organization", "name": unique("Client")})),
        "upsert_client" => {
            known_elsewhere(Call::plain()).json(json!({"kind": "organization", "name": unique("Client")}))
        }
        "update_client" => world.about(target, client().await).json(json!({"name": unique("Renamed")})),
        "assign_account_team" => world.about(target, client().await).json(json!({"user_ids": [world.kai.id]})),
        "preview_client_transfer" | "transfer_clients" => {
            let client = world.client(Target::Ordinary).await;
            Call::plain()
                .json(json!({"owner_id": world.ann.id, "receiver_id": world.bob.id, "client_ids": [client["id"]],
                "reason": "Vacation", "skip_those_that_cannot_go": true}))
        }
        "transfer_client" => world.about(target, client().await).json(transfer(world, target)),
        // Only a key-account manager's client can be made key, and only a key one ordinary.
        "designate_key_client" => Call::of_client(world.client_of(&world.kim).await),
        "revoke_key_client" => world.about(Target::Key, world.client(Target::Key).await),
        "list_client_duplicates" | "get_client_duplicate" | "settle_client_duplicate" => {
            world.about(target, pair(world, target).await)
        }
        _ => return None,
    })
}

/// Saved views of the target's owner.
async fn saved_views(world: &World, operation: &str, target: Target) -> Option<Call> {
    let new =
        || json!({"name": unique("View"), "conditions": [{"field": {"name": "is_key", "op": "eq", "value": true}}]});
    let view = async || Call::of_owner(world.owner(target).post("/v1/saved-views", new()).await.created());
    Some(match operation {
        "list_saved_views" | "get_saved_view" | "delete_saved_view" => view().await,
        "create_saved_view" => Call::plain().json(new()),
        "update_saved_view" => view().await.json(json!({"name": unique("Renamed"), "is_shared": true})),
        _ => return None,
    })
}

/// Merges of clients.
async fn client_merges(world: &World, operation: &str, target: Target) -> Option<Call> {
    Some(match operation {
        "preview_client_merge" | "create_client_merge" => {
            let (survivor, body) = merge(world, target).await;
            Call::of_client(survivor).json(body)
        }
        "list_client_merges" | "get_client_merge" | "undo_client_merge" => {
            let merge = world.sam.post("/v1/client-merges", merge(world, target).await.1).await.created();
            world.about(target, merge)
        }
        _ => return None,
    })
}

/// A client of the target's owner, and the body that merges another one into it.
async fn merge(world: &World, target: Target) -> (Value, Value) {
    let (survivor, merged) = (world.client(target).await, world.client(target).await);
    let body = json!({"survivor_id": survivor["id"], "merged_id": merged["id"], "reason": "Entered twice"});
    (survivor, body)
}

/// Two clients of the target's owner that may be one.
async fn pair(world: &World, target: Target) -> Value {
    let client = world.client(target).await;
    let body = json!({"kind": "organization", "name": client["name"], "owner_id": client["owner_id"],
        "allow_duplicate": {"reason": "A branch"}});
    let other = world.sam.post("/v1/clients", body).await.created();
    if target == Target::Key {
        world.step(&other, "designate-key").await;
    }
    let id = other["id"].as_str().unwrap();
    world.sam.get(&format!("/v1/clients/duplicates?client_id={id}")).await.ok()["data"][0].clone()
}

/// Requests for access to clients of others.
async fn access_requests(world: &World, operation: &str, target: Target) -> Option<Call> {
    let email = format!("{}.example", unique("office@").as_str().unwrap().replace(' ', ""));
    let known = |owner: &TestUser| json!({"kind": "organization", "name": unique("Client"), "email": email, "owner_id": owner.id});
    let request = json!({"email": email, "reason": "They called us."});
    Some(match operation {
        "create_access_request" => {
            let rex = world.app.manager("rex").await;
            world.sam.post("/v1/clients", known(&rex)).await.created();
            Call::plain().json(request)
        }
        "list_access_requests" | "get_access_request" | "grant_access_request" | "decline_access_request" => {
            let client = world.sam.post("/v1/clients", known(world.owner(target))).await.created();
            if target == Target::Key {
                world.step(&client, "designate-key").await;
            }
            let asked = world.sam.post("/v1/access-requests", request).await.created();
            let path = asked["path"].as_str().unwrap();
            let call = world.about(target, world.sam.get(path).await.ok());
            if matches!(operation, "grant_access_request" | "decline_access_request") {
                call.json(json!({"answer": "Talk to me first."}))
            } else {
                call
            }
        }
        _ => return None,
    })
}

/// A transfer to someone of the same team who may own the client.
fn transfer(world: &World, target: Target) -> Value {
    let to = match target {
        Target::Ordinary => &world.bob,
        Target::Key => &world.kai,
    };
    json!({"owner_id": to.id, "reason": "Vacation"})
}

async fn service_accounts(world: &World, operation: &str) -> Option<Call> {
    let account = async || world.service_account().await;
    Some(match operation {
        "list_service_accounts" | "get_service_account" | "block_service_account" => Call::shared(account().await),
        "create_service_account" => Call::plain().json(world.new_service_account()),
        "update_service_account" => Call::shared(account().await).json(json!({"description": "Ask Sam."})),
        "unblock_service_account" => Call::shared(world.step(&account().await, "block").await),
        _ => return None,
    })
}

async fn api_keys(world: &World, operation: &str) -> Option<Call> {
    let body = json!({"name": "Production", "scopes": ["clients:read"], "allowed_networks": ["192.0.2.0/24"]});
    let key = async || world.key_of(&world.service_account().await).await;
    // The address names the account and its key.
    let of_key =
        |key: &Value| Call::shared(json!({"id": key["account_id"], "key_id": key["id"], "version": key["version"]}));
    Some(match operation {
        "create_api_key" => Call::shared(world.service_account().await).json(body),
        "list_api_keys" | "get_api_key" | "delete_api_key" => of_key(&key().await),
        "rotate_api_key" => of_key(&key().await).json(json!({"overlap_hours": 1})),
        "report_leaked_key" => Call::plain().json(json!({"key": key().await["key"]})),
        _ => return None,
    })
}

async fn products(world: &World, operation: &str) -> Option<Call> {
    let product = async || world.sam.post("/v1/products", new_product()).await.created();
    Some(match operation {
        "list_products" | "get_product" => Call::shared(product().await),
        "create_product" => Call::plain().json(new_product()),
        "upsert_product" => known_elsewhere(Call::plain()).json(new_product()),
        "update_product" => Call::shared(product().await).json(json!({"base_price": "19.50"})),
        _ => return None,
    })
}

async fn departments(world: &World, operation: &str) -> Option<Call> {
    let new = || json!({"kind": "department", "name": unique("Department")});
    Some(match operation {
        "list_departments" | "get_department" => Call::shared(department(world).await),
        "create_department" => Call::plain().json(new()),
        "update_department" => Call::shared(department(world).await).json(json!({"is_active": false})),
        _ => return None,
    })
}

async fn contacts(world: &World, operation: &str, target: Target) -> Option<Call> {
    let new = |client: &Value| json!({"client_id": client["id"], "name": unique("Maria")});
    let contact = async || world.sam.post("/v1/contacts", new(&world.client(target).await)).await.created();
    Some(match operation {
        "list_contacts" | "get_contact" | "delete_contact" => world.about(target, contact().await),
        "create_contact" | "upsert_contact" => {
            let client = world.client(target).await;
            known_elsewhere(world.about(target, client.clone())).json(new(&client))
        }
        "update_contact" => world.about(target, contact().await).json(json!({"job_title": "Director"})),
        "retire_contact" => world.about(target, contact().await).json(json!({"reason": "Agreed"})),
        "restore_contact" => {
            world.about(target, world.step(&contact().await, "retire").await).json(json!({"reason": "Agreed"}))
        }
        _ => return None,
    })
}

async fn personal_data(world: &World, operation: &str, target: Target) -> Option<Call> {
    let contact = async || {
        let body = json!({"client_id": world.client(target).await["id"], "name": unique("Maria")});
        world.sam.post("/v1/contacts", body).await.created()
    };
    let reason = || json!({"reason": "She asked for it"});
    Some(match operation {
        "get_client_personal_data" => world.about(target, world.client(target).await),
        "get_contact_personal_data" => world.about(target, contact().await),
        "erase_client" => world.about(target, world.client(target).await).json(reason()),
        "erase_contact" => world.about(target, contact().await).json(reason()),
        "list_erasures" | "get_erasure" => {
            Call::shared(world.sam.transition("erase", &contact().await, reason()).await.created())
        }
        _ => return None,
    })
}

async fn interactions(world: &World, operation: &str, target: Target) -> Option<Call> {
    let new = |client: &Value| {
        json!({"client_id": client["id"], "channel": "phone", "purpose": "negotiation", "subject": "Prices",
            "scheduled_at": "2026-11-24T09:00:00Z"})
    };
    let planned = async || {
        let interaction = world.sam.post("/v1/interactions", new(&world.client(target).await)).await.created();
        world.about(target, interaction)
    };
    Some(match operation {
        "list_interactions" | "get_interaction" => planned().await,
        "create_interaction" | "upsert_interaction" => {
            let client = world.client(target).await;
            known_elsewhere(world.about(target, client.clone())).json(new(&client))
        }
        "update_interaction" => planned().await.json(json!({"summary": "They agree to 2 %."})),
        "complete_interaction" => planned().await.json(json!({"outcome": "positive"})),
        "reschedule_interaction" => planned().await.json(json!({"scheduled_at": "2026-12-02T10:00:00Z"})),
        "cancel_interaction" | "miss_interaction" => planned().await.json(json!({"reason": "Agreed"})),
        _ => return None,
    })
}

async fn contracts(world: &World, operation: &str, target: Target) -> Option<Call> {
    let new = |client: &Value| {
        json!({"client_id": client["id"], "title": "Supply", "amount": "1000.00", "currency": "RUB",
            "starts_on": "2026-12-01", "signatories": [{"name": "Anna Petrova", "side": "ours"}, {"name": "Ivan Sidorov",
            "side": "client"}]})
    };
    let in_status = async |status: &str| {
        let contract = world.sam.post("/v1/contracts", new(&world.client(target).await)).await.created();
        world.put_into("contracts", &contract, status).await;
        world.about(target, contract)
    };
    Some(match operation {
        "list_contracts" | "get_contract" | "list_contract_history" | "delete_contract" => in_status("draft").await,
        "create_contract" | "upsert_contract" => {
            let client = world.client(target).await;
            known_elsewhere(world.about(target, client.clone())).json(new(&client))
        }
        "record_contract" => {
            let client = world.client(target).await;
            let mut past = new(&client);
            past["signed_on"] = json!("2026-11-20");
            world.about(target, client).json(past)
        }
        "amend_contract" => in_status("active").await.json(json!({"effective_on": "2026-12-15"})),
        "update_contract" => in_status("draft").await.json(json!({"title": "Renamed"})),
        "submit_contract" => in_status("draft").await.json(json!({})),
        "approve_contract" | "return_contract" | "withdraw_contract" => {
            in_status("in_review").await.json(json!({"reason": "Agreed"}))
        }
        "sign_contract" => in_status("approved").await.json(json!({"signed_on": "2026-11-24"})),
        "complete_contract" | "terminate_contract" => in_status("active").await.json(json!({"reason": "Agreed"})),
        _ => return None,
    })
}

async fn orders(world: &World, operation: &str, target: Target) -> Option<Call> {
    if let "list_orders" | "summarize_orders" | "list_department_queue" = operation {
        return orders_of_all(world, operation, target).await;
    }
    let in_status = async |steps: &[&str]| {
        let order = order_after(world, target, steps).await;
        world.about(target, order)
    };
    let reason = || json!({"reason": "Agreed"});
    Some(match operation {
        "get_order" | "list_order_history" => in_status(&[]).await,
        "create_order" | "record_order" | "upsert_order" => {
            let client = world.client(target).await;
            let mut body = new_order(world, &client).await;
            if operation == "record_order" {
                body["ordered_on"] = json!("2026-07-04");
                body["lines"][0]["unit_price"] = json!("14.00");
                body["lines"][0]["tax_rate"] = json!("0");
            }
            known_elsewhere(world.about(target, client)).json(body)
        }
        "update_order" => in_status(&[]).await.json(json!({"comment": "Fragile"})),
        "submit_order" => in_status(&[]).await.json(reason()),
        "approve_order" | "reject_order" | "withdraw_order" => {
            let call = in_status(&[]).await.json(reason());
            world.put_into("orders", &call.object, "submitted").await;
            call
        }
        "reopen_order" => {
            let call = in_status(&[]).await.json(reason());
            world.put_into("orders", &call.object, "rejected").await;
            call
        }
        "cancel_order" => in_status(&["submit"]).await.json(reason()),
        "hand_over_order" => in_status(&["submit"]).await.json(hand_over(world).await),
        _ => return orders_in_work(world, operation, target).await,
    })
}

/// The steps that a department takes, and those that need its word.
async fn orders_in_work(world: &World, operation: &str, target: Target) -> Option<Call> {
    let after = async |steps: &[&str]| {
        let order = order_after(world, target, steps).await;
        world.about(target, order)
    };
    let reason = || json!({"reason": "Agreed"});
    Some(match operation {
        "accept_order" | "ask_about_order" => after(&["submit", "hand-over"]).await.json(reason()),
        "answer_about_order" => after(&["submit", "hand-over", "ask"]).await.json(reason()),
        "start_order" | "return_order" | "request_order_cancellation" => {
            after(&["submit", "hand-over", "accept"]).await.json(reason())
        }
        "confirm_order_cancellation" | "decline_order_cancellation" => {
            after(&["submit", "hand-over", "accept", "request-cancellation"]).await.json(reason())
        }
        "fulfil_order" => {
            let call = after(&["submit", "hand-over", "accept"]).await;
            let lines = json!([{"line_id": call.object["lines"][0]["id"], "quantity": "5"}]);
            call.json(json!({"lines": lines}))
        }
        "correct_order_fulfilment" | "take_back_goods" => {
            let call = after(&["submit", "hand-over", "accept", "fulfil"]).await;
            let name = if operation == "take_back_goods" { "quantity" } else { "fulfilled_quantity" };
            let lines = json!([{"line_id": call.object["lines"][0]["id"], name: "4"}]);
            call.json(json!({"lines": lines, "reason": "One box is broken"}))
        }
        "close_order" => after(&["submit", "hand-over", "accept", "fulfil"]).await.json(reason()),
        _ => return None,
    })
}

async fn orders_of_all(world: &World, operation: &str, target: Target) -> Option<Call> {
    Some(match operation {
        "list_orders" => world.about(target, order_after(world, target, &[]).await),
        "list_department_queue" => Call::shared(department(world).await),
        _ => Call::plain(),
    })
}

async fn department(world: &World) -> Value {
    world.sam.post("/v1/departments", json!({"kind": "department", "name": unique("Department")})).await.created()
}

/// The body of an order of a new product for `client`.
pub async fn new_order(world: &World, client: &Value) -> Value {
    let product = world.sam.post("/v1/products", new_product()).await.created();
    json!({"client_id": client["id"], "lines": [{"product_id": product["id"], "quantity": "12"}]})
}

async fn hand_over(world: &World) -> Value {
    json!({"department_id": department(world).await["id"], "due_at": "2026-12-01T15:00:00Z"})
}

/// An order of the target's client after Sam has taken these steps.
async fn order_after(world: &World, target: Target, steps: &[&str]) -> Value {
    let body = new_order(world, &world.client(target).await).await;
    let mut order = world.sam.post("/v1/orders", body).await.created();
    for step in steps {
        let body = match *step {
            "hand-over" => hand_over(world).await,
            "fulfil" => json!({"lines": [{"line_id": order["lines"][0]["id"], "quantity": "12"}]}),
            "ask" | "request-cancellation" => json!({"reason": "Wait"}),
            _ => json!({}),
        };
        order = world.sam.transition(step, &order, body).await.ok();
    }
    order
}

/// The call with an id of another system in its address, which nothing has yet.
fn known_elsewhere(call: Call) -> Call {
    let id = unique("known").as_str().unwrap_or_default().replace(' ', "-");
    call.with("source", "erp").with("id", &id)
}

fn new_product() -> Value {
    json!({"sku": unique("SKU"), "name": unique("Product"), "kind": "good", "unit": "piece", "base_price": "18.00",
        "currency": "RUB", "tax_rate": "20.00"})
}
