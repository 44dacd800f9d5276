//! Every query on role policies.

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use strum::IntoEnumIterator;

use super::model::RolePolicy;
use crate::{
    access::{
        actions::Read,
        policy::{Grants, Limits, Policy},
        role::Role,
        scope::Scope,
    },
    db::{Jsonb, schema::role_policies},
    error::Result,
    rest::{
        number::{Amount, Percent},
        time::Instant,
    },
};

type Row = (i64, Instant, Instant, Option<Percent>, Option<Amount>, Option<Amount>, bool, bool, Jsonb<Grants>);

/// The policy of `role`.
///
/// # Errors
/// The database's.
pub async fn find(db: &mut AsyncPgConnection, _scope: &Scope<RolePolicy, Read>, role: Role) -> Result<RolePolicy> {
    let row: Row = role_policies::table
        .find(role)
        .select((
            role_policies::version,
            role_policies::created_at,
            role_policies::updated_at,
            role_policies::max_discount_percent,
            role_policies::max_contract_amount,
            role_policies::max_order_amount,
            role_policies::may_own_key_clients,
            role_policies::second_factor_required,
            role_policies::grants,
        ))
        .first(db)
        .await?;
    let (version, created_at, updated_at, discount, contract, order, may_own_key_clients, second_factor, Jsonb(grants)) =
        row;
    let limits = Limits {
        max_discount_percent: discount,
        max_contract_amount: contract,
        max_order_amount: order,
        may_own_key_clients,
        second_factor_required: second_factor,
    };
    Ok(RolePolicy::of(&Policy::new(role, limits, &grants), version, created_at, updated_at))
}

/// Gives each role that has no policy yet its first one.
///
/// # Errors
/// The database's.
pub async fn insert_initial(db: &mut AsyncPgConnection, now: Instant) -> Result<()> {
    for role in Role::iter() {
        let policy = Policy::initial(role);
        let row = (
            role_policies::role.eq(role),
            role_policies::version.eq(1_i64),
            role_policies::created_at.eq(now),
            role_policies::updated_at.eq(now),
            role_policies::max_discount_percent.eq(policy.limits.max_discount_percent),
            role_policies::max_contract_amount.eq(policy.limits.max_contract_amount),
            role_policies::max_order_amount.eq(policy.limits.max_order_amount),
            role_policies::may_own_key_clients.eq(policy.limits.may_own_key_clients),
            role_policies::second_factor_required.eq(policy.limits.second_factor_required),
            role_policies::grants.eq(Jsonb(policy.grants().clone())),
        );
        diesel::insert_into(role_policies::table).values(row).on_conflict_do_nothing().execute(db).await?;
    }
    Ok(())
}
