//! One entry for each operation: what it is about, and a body with which it succeeds.

use serde_json::{Value, json};

use super::{Call, Target, World, unique, world::PASSWORD};

/// The call of `operation` on the client of `target`, or on something new of it; `None` when there is no entry.
pub async fn call(world: &World, operation: &str, target: Target) -> Option<Call> {
    let found = [
        service(operation),
        auth(world, operation).await,
        users(world, operation).await,
        teams(world, operation).await,
        roles(operation),
        clients(world, operation, target).await,
    ];
    found.into_iter().flatten().next()
}

fn service(operation: &str) -> Option<Call> {
    Some(match operation {
        "get_jwks" | "get_liveness" | "get_openapi" | "get_readiness" => Call::plain(),
        "get_problem_type" => Call::plain().with("type", "not-found"),
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
        "revoke_token" => Call::plain().form(vec![("token", "unknown".to_owned())]),
        "get_me" => Call::plain(),
        _ => return None,
    })
}

async fn users(world: &World, operation: &str) -> Option<Call> {
    Some(match operation {
        "list_users" | "get_user" | "block_user" => world.about_user(world.user().await),
        "create_user" => Call::plain().json(world.new_user()),
        "update_user" => world.about_user(world.user().await).json(json!({"job_title": "Expert"})),
        "unblock_user" => world.about_user(world.step(&world.user().await, "block").await),
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

fn roles(operation: &str) -> Option<Call> {
    Some(match operation {
        "get_role_policy" => Call::plain().with("role", "manager"),
        _ => return None,
    })
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
        "list_clients" | "get_client" | "verify_client" => world.about(target, client().await),
        "qualify_client" | "activate_client" | "mark_client_lost" | "archive_client" => {
            world.about(target, client().await).json(json!({"reason": "Agreed"}))
        }
        "mark_client_dormant" => world.about(target, after(&["activate"]).await).json(json!({})),
        "restore_client" => world.about(target, after(&["archive"]).await).json(json!({})),
        "create_client" => Call::plain().json(json!({"kind": "person", "name": unique("Client")})),
        "update_client" => world.about(target, client().await).json(json!({"name": unique("Renamed")})),
        "transfer_client" => world.about(target, client().await).json(transfer(world, target)),
        // Only a key-account manager's client can be made key, and only a key one ordinary.
        "designate_key_client" => world.about_client(world.client_of(&world.kim).await),
        "revoke_key_client" => world.about(Target::Key, world.client(Target::Key).await),
        _ => return None,
    })
}

/// To someone of the same team who may own the client.
fn transfer(world: &World, target: Target) -> Value {
    let to = match target {
        Target::Ordinary => &world.bob,
        Target::Key => &world.kai,
    };
    json!({"owner_id": to.id, "reason": "Vacation"})
}
