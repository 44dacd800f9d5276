//! `/v1/roles`.

use actix_web::{get, web::Path};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{model::RolePolicy, queries};
use crate::{
    access::{actions::Read, role::Role, scope::Scope},
    db::Db,
    error::Result,
    rest::{
        etag::Tagged,
        list::{OneParams, Query},
    },
};

/// The operations on roles.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_role_policy);
}

/// Get the policy of a role
///
/// What the users of the role may do, and how far. A change is in force on every server within a second.
#[utoipa::path(
    tag = "roles",
    params(("role" = Role, Path, description = "The role."), OneParams),
    responses((status = 200, description = "The policy of the role.", body = RolePolicy)),
    extensions(("x-permission" = json!("roles:read")))
)]
#[get("/v1/roles/{role}/policy")]
async fn get_role_policy(
    scope: Scope<RolePolicy, Read>,
    role: Path<Role>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<RolePolicy>> {
    let fields = query.0.fields()?;
    let mut db = db.connect().await?;
    let policy = queries::find(&mut db, &scope, *role).await?;
    Ok(Tagged::new(policy, fields))
}
