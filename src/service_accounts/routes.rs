//! `/v1/service-accounts`.

use actix_web::web::{Data, Path};

use super::{
    api_keys,
    bodies::{NewApiKey, RotateApiKey},
    leaked,
    model::{ServiceAccount, ServiceAccountFilter, ServiceAccountPatch, ServiceAccountTerms},
    queries,
    view::{ApiKeyView, MadeApiKey, ServiceAccountView},
};
use crate::{
    access::{ApiKeyId, Create, Read, RecentlyAuthenticated, Scope, Update, UserId},
    change::Change,
    clock::Clock,
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, IfMatch, NoContent, NoParams, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on service accounts and their keys.
pub fn routes(api: &mut Routes) {
    api.add(
        "service accounts",
        [
            endpoint!(list_service_accounts),
            endpoint!(create_service_account),
            endpoint!(get_service_account),
            endpoint!(update_service_account),
            endpoint!(block_service_account),
            endpoint!(unblock_service_account),
            endpoint!(list_api_keys),
            endpoint!(create_api_key),
            endpoint!(get_api_key),
            endpoint!(delete_api_key),
            endpoint!(rotate_api_key),
        ],
    );
    leaked::routes(api);
}

/// List service accounts
///
/// Use it to see which programs have access, and when each was last used.
#[utoipa::path(
    get,
    path = "/v1/service-accounts",
    responses((status = 200, description = "A page of the service accounts."))
)]
async fn list_service_accounts(
    scope: Scope<ServiceAccount, Read>,
    query: ListQuery<ServiceAccountFilter>,
    db: Db,
) -> Result<Page<ServiceAccountView>> {
    let db = db.reader(query.cost).await?;
    let page = queries::list(&db, &scope, &query).await?;
    Ok(page.map(|account| ServiceAccountView::of(account, scope.actor())))
}

/// Create a service account
///
/// Use it before a program, such as an ERP or a telephone system, is connected.
///
/// The account has the rights of its role that are among its scopes. A scope adds nothing to the role: what the role
/// cannot do, the account cannot do either. No account can change users, service accounts, sessions or roles. Nobody
/// can give an account more rights than they have themselves.
#[utoipa::path(
    post,
    path = "/v1/service-accounts",
    responses((status = 201, description = "The new service account."))
)]
async fn create_service_account(
    scope: Scope<ServiceAccount, Create>,
    change: Change,
    new: Body<ServiceAccountTerms>,
) -> Result<Created<ServiceAccountView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let account = queries::insert(tx, &scope, new).await?;
            Reply::created(&ServiceAccountView::of(account, tx.actor()))
        })
        .await
}

/// Get a service account
///
/// Use it to show one service account, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/service-accounts/{id}",
    params(("id" = UserId, Path, description = "The service account.")),
    responses((status = 200, description = "The service account."))
)]
async fn get_service_account(
    scope: Scope<ServiceAccount, Read>,
    id: Path<UserId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<ServiceAccountView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let account = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(ServiceAccountView::of(account, scope.actor()), fields))
}

/// Change a service account
///
/// Use it to give a program fewer rights, or others.
///
/// A new role, team, scope or network takes effect at once, also for keys and tokens that were issued before.
#[utoipa::path(
    patch,
    path = "/v1/service-accounts/{id}",
    params(("id" = UserId, Path, description = "The service account.")),
    responses((status = 200, description = "The changed service account.")),
    extensions(("x-recent-authentication" = json!(["allowed_networks", "role", "scopes", "team_id"])))
)]
async fn update_service_account(
    scope: Scope<ServiceAccount, Update>,
    id: Path<UserId>,
    seen: IfMatch,
    change: Change,
    patch: Body<ServiceAccountPatch>,
) -> Result<Changed<ServiceAccountView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let account = queries::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&ServiceAccountView::of(account, tx.actor()))
        })
        .await
}

/// Block a service account
///
/// Use it when a program misbehaves or is taken out of service.
///
/// Its keys, and the tokens that they were exchanged for, are refused at once.
#[utoipa::path(
    post,
    path = "/v1/service-accounts/{id}/block",
    params(("id" = UserId, Path, description = "The service account.")),
    responses((status = 200, description = "The blocked service account."))
)]
async fn block_service_account(
    scope: Scope<ServiceAccount, Update>,
    id: Path<UserId>,
    seen: IfMatch,
    change: Change,
) -> Result<Changed<ServiceAccountView>> {
    change
        .run(async |tx| {
            let account = queries::block(tx, &scope, *id, &seen).await?;
            Reply::ok(&ServiceAccountView::of(account, tx.actor()))
        })
        .await
}

/// Unblock a service account
///
/// Use it when the cause of the block is gone.
///
/// Its keys are accepted again, until they expire.
#[utoipa::path(
    post,
    path = "/v1/service-accounts/{id}/unblock",
    params(("id" = UserId, Path, description = "The service account.")),
    responses((status = 200, description = "The active service account."))
)]
async fn unblock_service_account(
    scope: Scope<ServiceAccount, Update>,
    _: RecentlyAuthenticated,
    id: Path<UserId>,
    seen: IfMatch,
    change: Change,
) -> Result<Changed<ServiceAccountView>> {
    change
        .run(async |tx| {
            let account = queries::unblock(tx, &scope, *id, &seen).await?;
            Reply::ok(&ServiceAccountView::of(account, tx.actor()))
        })
        .await
}

/// List the keys of a service account
///
/// Use it to find keys that expire soon or are not used any more.
///
/// Newest first, with keys that have expired. Secrets are left out.
#[utoipa::path(
    get,
    path = "/v1/service-accounts/{id}/keys",
    params(("id" = UserId, Path, description = "The service account.")),
    responses((status = 200, description = "A page of the account's keys."))
)]
async fn list_api_keys(
    scope: Scope<ServiceAccount, Read>,
    id: Path<UserId>,
    query: ListQuery<NoParams>,
    db: Db,
    clock: Data<Clock>,
) -> Result<Page<ApiKeyView>> {
    let db = db.reader(query.cost).await?;
    let page = api_keys::list(&db, &scope, *id, &query).await?;
    let now = clock.now();
    Ok(page.map(|key| ApiKeyView::of(key, scope.actor(), now)))
}

/// Make a key of a service account
///
/// Use it to let a program in for the first time.
///
/// Only this answer ever shows the key. At most two keys of an account are valid at once: one in use and one that
/// replaces it.
#[utoipa::path(
    post,
    path = "/v1/service-accounts/{id}/keys",
    params(("id" = UserId, Path, description = "The service account.")),
    responses((status = 201, description = "The new key, whole."))
)]
async fn create_api_key(
    scope: Scope<ServiceAccount, Update>,
    _: RecentlyAuthenticated,
    id: Path<UserId>,
    change: Change,
    new: Body<NewApiKey>,
) -> Result<Created<MadeApiKey>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let (key, text) = api_keys::insert(tx, &scope, *id, new).await?;
            Reply::created(&MadeApiKey::new(key, &text, tx.actor(), tx.now()))
        })
        .await
}

/// Get a key of a service account
///
/// Use it to see when a key expires and when it was last used.
///
/// Without its secret, which nobody can get again.
#[utoipa::path(
    get,
    path = "/v1/service-accounts/{id}/keys/{key_id}",
    params(("id" = UserId, Path, description = "The service account."), ("key_id" = ApiKeyId, Path, description = "The key.")),
    responses((status = 200, description = "The key."))
)]
async fn get_api_key(
    scope: Scope<ServiceAccount, Read>,
    ids: Path<(UserId, ApiKeyId)>,
    query: Query<OneParams>,
    db: Db,
    clock: Data<Clock>,
) -> Result<Tagged<ApiKeyView>> {
    let fields = query.0.fields()?;
    let (account, id) = ids.into_inner();
    let db = db.reader(Cost::Small).await?;
    let key = api_keys::find(&db, &scope, account, id).await?;
    Ok(Tagged::new(ApiKeyView::of(key, scope.actor(), clock.now()), fields))
}

/// Revoke a key of a service account
///
/// Use it when a key is no longer needed, and at once when somebody else may have seen it.
///
/// The key, and the tokens that it was exchanged for, are refused at once on this server, and on every other server
/// within a second.
#[utoipa::path(
    delete,
    path = "/v1/service-accounts/{id}/keys/{key_id}",
    params(("id" = UserId, Path, description = "The service account."), ("key_id" = ApiKeyId, Path, description = "The key.")),
    responses((status = 204, description = "The key is gone."))
)]
async fn delete_api_key(
    scope: Scope<ServiceAccount, Update>,
    ids: Path<(UserId, ApiKeyId)>,
    seen: IfMatch,
    change: Change,
) -> Result<NoContent> {
    change
        .run(async |tx| {
            api_keys::delete(tx, &scope, ids.into_inner(), &seen).await?;
            Ok(Reply::no_content())
        })
        .await
}

/// Replace a key of a service account
///
/// Use it regularly: the program changes to the new key while the old one still works.
///
/// Makes its successor, with the same name, scopes and networks. Only this answer ever shows the new key. The old key
/// stays valid for `overlap_hours`, a day when left out.
#[utoipa::path(
    post,
    path = "/v1/service-accounts/{id}/keys/{key_id}/rotate",
    params(("id" = UserId, Path, description = "The service account."), ("key_id" = ApiKeyId, Path, description = "The key to be replaced.")),
    responses((status = 201, description = "The new key, whole."))
)]
async fn rotate_api_key(
    scope: Scope<ServiceAccount, Update>,
    _: RecentlyAuthenticated,
    ids: Path<(UserId, ApiKeyId)>,
    change: Change,
    rotation: Body<RotateApiKey>,
) -> Result<Created<MadeApiKey>> {
    let Body(rotation) = rotation;
    change
        .run(async |tx| {
            let (key, text) = api_keys::rotate(tx, &scope, ids.into_inner(), rotation).await?;
            Reply::created(&MadeApiKey::new(key, &text, tx.actor(), tx.now()))
        })
        .await
}
