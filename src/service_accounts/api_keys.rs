//! Every query on the keys of service accounts.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use secrecy::SecretString;

use super::{
    bodies::{NewApiKey, RotateApiKey, breaches_of_lists, ends_at},
    model::{ApiKey, ScopeName, Scopes, ServiceAccount},
    queries::{find as find_account, hold, refuse_more_than_own},
};
use crate::{
    access::{
        ApiKeyId, Read, Scope, Update, UserId,
        api_key::{NewSecret, Presented},
    },
    change::Tx,
    db::{Jsonb, schema::api_keys},
    error::{Error, FieldError, ProblemType, Result},
    http::{IfMatch, NoParams},
    list::{ListQuery, Page, SortBy, SortValue, keyset},
    values::{Entity, Id, Instant, Invalid, Resource, Say},
};

/// How many keys of an account can be valid at once: the one in use, and the one that replaces it.
const MOST_LIVE: i64 = 2;

/// A page of the account's keys, newest first, with those that have expired.
///
/// # Errors
/// 404 when there is no such account.
pub async fn list(
    mut db: &AsyncPgConnection,
    scope: &Scope<ServiceAccount, Read>,
    account: UserId,
    query: &ListQuery<NoParams>,
) -> Result<Page<ApiKey>> {
    find_account(db, scope, account).await?;
    let of_account = || api_keys::table.filter(api_keys::account_id.eq(account)).into_boxed();
    let order = SortBy::column(ApiKey::NAME, "created_at", true);
    let rows =
        keyset(of_account(), order, query.after.clone(), query.limit).select(ApiKey::as_select()).load(&mut db).await?;
    let total = match query.total {
        true => Some(of_account().count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |key: &ApiKey| (SortValue::Instant(key.created_at), key.uuid()))
}

/// One key of the account.
///
/// # Errors
/// 404 when there is none.
pub async fn find(
    db: &AsyncPgConnection,
    _scope: &Scope<ServiceAccount, Read>,
    account: UserId,
    id: ApiKeyId,
) -> Result<ApiKey> {
    find_row(db, account, id).await
}

async fn find_row(mut db: &AsyncPgConnection, account: UserId, id: ApiKeyId) -> Result<ApiKey> {
    api_keys::table
        .filter(api_keys::id.eq(id))
        .filter(api_keys::account_id.eq(account))
        .select(ApiKey::as_select())
        .first(&mut db)
        .await
        .optional()?
        .ok_or_else(Error::not_found)
}

/// Makes a key. Its text is in the answer and nowhere else.
///
/// # Errors
/// 403 for rights that the caller does not have, 409 when two keys are valid already, 422 for values against their
/// rules.
pub async fn insert(
    tx: &mut Tx<'_>,
    scope: &Scope<ServiceAccount, Update>,
    account: UserId,
    new: NewApiKey,
) -> Result<(ApiKey, SecretString)> {
    let account = hold(tx, scope, account).await?;
    let NewApiKey { name, expires_at, scopes, allowed_networks } = new;
    let breaches = breaches_of_lists(scopes.as_deref(), &allowed_networks);
    if !breaches.is_empty() {
        return Err(Error::fields(breaches));
    }
    check_within(scopes.as_deref(), &account)?;
    let now = tx.now();
    let key = ApiKey {
        id: Id::generate(),
        version: 1,
        created_at: now,
        updated_at: now,
        account_id: account.id,
        name,
        scopes: scopes.map(Scopes),
        allowed_networks: Jsonb(allowed_networks),
        expires_at: ends_at(expires_at, now)?,
        last_used_on: None,
        last_used_network: None,
    };
    refuse_more_than_own(tx, account.terms.role, &account.terms.scopes.0).await?;
    save_new(tx, key).await
}

/// Makes the successor of a key. The old key stays valid for a while.
///
/// # Errors
/// 403 for rights that the caller does not have, 409 for a key that has expired or when two keys are valid already.
pub async fn rotate(
    tx: &mut Tx<'_>,
    scope: &Scope<ServiceAccount, Update>,
    (account, id): (UserId, ApiKeyId),
    rotation: RotateApiKey,
) -> Result<(ApiKey, SecretString)> {
    let account = hold(tx, scope, account).await?;
    let old = find_row(tx, account.id, id).await?;
    let now = tx.now();
    if old.expires_at <= now {
        return Err(Error::transition("expired", &["delete"]));
    }
    let ends = rotation.old_ends_at(now)?;
    let successor = ApiKey {
        id: Id::generate(),
        version: 1,
        created_at: now,
        updated_at: now,
        expires_at: ends_at(rotation.expires_at, now)?,
        last_used_on: None,
        last_used_network: None,
        ..old.clone()
    };
    refuse_more_than_own(tx, account.terms.role, &account.terms.scopes.0).await?;
    let made = save_new(tx, successor).await?;
    end_sooner(tx, old, ends).await?;
    Ok(made)
}

async fn save_new(tx: &mut Tx<'_>, key: ApiKey) -> Result<(ApiKey, SecretString)> {
    refuse_third(tx, key.account_id).await?;
    let made = NewSecret::generate(key.id)?;
    diesel::insert_into(api_keys::table)
        .values((key.clone(), api_keys::secret_digest.eq(made.digest)))
        .execute(&mut **tx)
        .await?;
    tx.created(&key);
    Ok((key, made.text))
}

async fn end_sooner(tx: &mut Tx<'_>, before: ApiKey, ends: Instant) -> Result<()> {
    let expires_at = before.expires_at.min(ends);
    let after = ApiKey { version: before.version + 1, updated_at: tx.now(), expires_at, ..before.clone() };
    let changed = (
        api_keys::version.eq(after.version),
        api_keys::updated_at.eq(after.updated_at),
        api_keys::expires_at.eq(after.expires_at),
    );
    diesel::update(api_keys::table.find(after.id)).set(changed).execute(&mut **tx).await?;
    tx.changed("rotated", &before, &after);
    Ok(())
}

/// Refuses a third valid key. The caller has locked the account, so no other key can be made meanwhile.
async fn refuse_third(tx: &mut Tx<'_>, account: UserId) -> Result<()> {
    let now = tx.now();
    let live: i64 = api_keys::table
        .filter(api_keys::account_id.eq(account))
        .filter(api_keys::expires_at.gt(now))
        .count()
        .get_result(&mut **tx)
        .await?;
    if live < MOST_LIVE {
        return Ok(());
    }
    Err(Error::new(ProblemType::Conflict).detail(
        "The account has two valid keys already. Delete one first.",
        "У учётной записи уже два действующих ключа. Сначала удалите один.",
    ))
}

/// Revokes a key by deleting it.
///
/// # Errors
/// 404 or 412.
pub async fn delete(
    tx: &mut Tx<'_>,
    scope: &Scope<ServiceAccount, Update>,
    (account, id): (UserId, ApiKeyId),
    seen: &IfMatch,
) -> Result<()> {
    let account = hold(tx, scope, account).await?;
    let key = find_row(tx, account.id, id).await?;
    seen.check(key.version)?;
    diesel::delete(api_keys::table.find(id)).execute(&mut **tx).await?;
    tx.deleted(&key);
    Ok(())
}

/// Revokes a key that someone found, and returns whether it is one of this server's. Nobody can guess a key, so having
/// it is proof enough.
///
/// # Errors
/// When the database fails.
pub async fn delete_found(tx: &mut Tx<'_>, found: &Presented) -> Result<bool> {
    let kept: Option<(ApiKey, Vec<u8>)> = api_keys::table
        .find(found.id)
        .select((ApiKey::as_select(), api_keys::secret_digest))
        .for_update()
        .first(&mut **tx)
        .await
        .optional()?;
    let Some((key, _)) = kept.filter(|(_, digest)| found.matches(digest)) else { return Ok(false) };
    diesel::delete(api_keys::table.find(key.id)).execute(&mut **tx).await?;
    tx.deleted(&key);
    tx.because("Reported as leaked.");
    Ok(true)
}

fn check_within(scopes: Option<&[ScopeName]>, account: &ServiceAccount) -> Result<()> {
    let say = || Say::new("The account does not have this scope.", "У учётной записи нет этой области прав.");
    let has = |scope: &ScopeName| account.terms.scopes.0.contains(scope);
    let beyond = scopes.into_iter().flatten().enumerate().filter(|(_, scope)| !has(scope));
    let breaches: Vec<FieldError> = beyond
        .map(|(index, _)| FieldError::new(format!("/scopes/{index}"), Invalid::Rule("not_of_account", say())))
        .collect();
    if breaches.is_empty() { Ok(()) } else { Err(Error::fields(breaches)) }
}
