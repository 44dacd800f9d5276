//! The table once more, after the policies of managers and key-account managers have changed.

use liaison::access::{Reach, Role};
use serde_json::{Value, json};

use super::{callers::callers, table};
use crate::policies::{ADMINISTRATION, Policy, SHARED, permissions};

/// When the policies of managers and key-account managers change, what they may do and what `actions` offers change,
/// too.
#[actix_web::test]
async fn a_changed_policy_is_what_every_operation_and_its_actions_go_by() {
    let (world, mut callers, services) = callers().await;
    let changed = [(Role::Manager, manager_policy()), (Role::KeyAccountManager, key_account_manager_policy())];
    for (role, grants) in changed {
        let path = format!("/v1/roles/{}/policy", role.as_ref());
        let mut policy = world.sam.get(&path).await.ok();
        for (name, reach) in &grants {
            policy["permissions"][*name] = json!(reach);
        }
        for limit in [
            "max_discount_percent",
            "max_contract_amount",
            "max_order_amount",
            "self_approval_up_to",
            "max_increase_percent",
        ] {
            policy[limit] = Value::Null;
        }
        let body = [
            "permissions",
            "max_discount_percent",
            "max_contract_amount",
            "max_order_amount",
            "self_approval_up_to",
            "max_increase_percent",
            "order_period_days",
            "may_change_tax",
            "may_exceed_credit",
            "may_sell_inactive",
            "may_own_key_clients",
            "second_factor_required",
        ];
        let body: Value = body.iter().map(|name| ((*name).to_owned(), policy[*name].clone())).collect();
        world.sam.put(&path, &policy, body).await.ok();
        for caller in callers.iter_mut().filter(|caller| caller.policy.as_ref().is_some_and(|p| p.role == role)) {
            caller.policy = Some(Policy::of(role, &grants));
        }
    }
    let mut wrong = Vec::new();
    table(&world, &mut callers, &services, &mut wrong).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Managers see their team's clients and change only their own ones, and not their contacts. They also get the rights
/// to users and shared resources, most of which are new to them.
fn manager_policy() -> Vec<(&'static str, Reach)> {
    let reach = |name: &str| match name.split_once(':') {
        Some(_) if ADMINISTRATION.contains(&name) => Reach::None,
        Some((shared, _)) if SHARED.contains(&shared) => Reach::All,
        Some(("users", _)) => Reach::All,
        Some((_, "read")) => Reach::Team,
        Some(("contacts", _)) => Reach::None,
        _ => Reach::Own,
    };
    permissions().into_iter().map(|name| (name, reach(name))).collect()
}

/// Key-account managers read everything. They change only their own clients and orders, no contracts and interactions,
/// and the contacts within their team.
fn key_account_manager_policy() -> Vec<(&'static str, Reach)> {
    let reach = |name: &str| match name.split_once(':') {
        Some(_) if ADMINISTRATION.contains(&name) => Reach::None,
        Some((shared, action)) if SHARED.contains(&shared) => {
            if action == "read" {
                Reach::All
            } else {
                Reach::None
            }
        }
        Some((_, "read")) => Reach::All,
        Some(("clients" | "orders", _)) => Reach::Own,
        Some(("contracts" | "interactions", _)) => Reach::None,
        _ => Reach::Team,
    };
    permissions().into_iter().map(|name| (name, reach(name))).collect()
}
