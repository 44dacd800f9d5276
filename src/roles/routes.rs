//! `/v1/roles`.

use actix_web::web::{Json, Path};

use super::{
    model::{NewRolePolicy, OwnPermissions, RolePolicy, RolePolicyView},
    queries,
};
use crate::{
    access::{Read, RecentlyAuthenticated, Role, Scope, SignedIn, Update},
    change::Change,
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, IfMatch, NoParams, OneParams, Query, Reply, Routes, Tagged, endpoint},
};

/// The operations on roles.
pub fn routes(api: &mut Routes) {
    api.add("roles", [endpoint!(get_role_policy), endpoint!(replace_role_policy)]);
    api.add("auth", [endpoint!(get_own_permissions)]);
}

/// Get the policy of a role
///
/// Use it to see what a role may do before it is given to somebody.
///
/// What the users of the role may do, and how far. A change takes effect on every server within a second.
#[utoipa::path(
    get,
    path = "/v1/roles/{role}/policy",
    params(("role" = Role, Path, description = "The role.", example = "manager")),
    responses((status = 200, description = "The policy of the role."))
)]
async fn get_role_policy(
    scope: Scope<RolePolicy, Read>,
    role: Path<Role>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<RolePolicyView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let policy = queries::find(&db, &scope, *role).await?;
    Ok(Tagged::new(RolePolicyView::of(policy, scope.actor()), fields))
}

/// Change the policy of a role
///
/// Use it to change rights or limits for everybody with the role at once.
///
/// Takes the whole policy: every right with its reach, and every limit. It takes effect at once on this server, and on
/// every other server within a second. A right reaches at most as far as the right to read the same resource. Rights to
/// resources that belong to nobody reach `none` or `all`. The rights to administer users and policies stay with
/// supervisors.
#[utoipa::path(
    put,
    path = "/v1/roles/{role}/policy",
    params(("role" = Role, Path, description = "The role.", example = "manager")),
    responses((status = 200, description = "The changed policy."))
)]
async fn replace_role_policy(
    scope: Scope<RolePolicy, Update>,
    _: RecentlyAuthenticated,
    role: Path<Role>,
    seen: IfMatch,
    change: Change,
    new: Body<NewRolePolicy>,
) -> Result<Changed<RolePolicyView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let policy = queries::replace(tx, &scope, *role, &seen, new).await?;
            Reply::ok(&RolePolicyView::of(policy, tx.actor()))
        })
        .await
}

/// Get what the caller may do
///
/// Use it after sign-in to decide what to offer on the screen.
///
/// Every right with its reach, and the limits, as they are in force for this caller now.
#[utoipa::path(
    get,
    path = "/v1/me/permissions",
    responses((status = 200, description = "The caller's rights."))
)]
async fn get_own_permissions(SignedIn(caller): SignedIn, _: Query<NoParams>) -> Result<Json<OwnPermissions>> {
    Ok(Json(OwnPermissions::of(&caller)))
}
