//! Programs that exchange an API key for an access token: their way to sign in.

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Map, Value, json};

use super::{Content, Journal, Origin, Outcome, fields};
use crate::{
    access::{ApiKeyId, UserId},
    db::{
        Db,
        schema::{api_keys, users},
    },
    error::{Error, ProblemType, Result},
};

const BY_KEY: (&str, &str) = ("method", "client_credentials");

impl Journal {
    /// Records that a program of the service account `account` got an access token for `key`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn key_exchanged(&self, db: &mut AsyncPgConnection, account: UserId, key: ApiKeyId) -> Result<()> {
        let origin = Origin { actor_id: Some(account), api_key_id: Some(key), ..self.origin.clone() };
        self.insert(db, about(Some(account), Outcome::Done, fields(&[BY_KEY])), &origin).await
    }

    /// Records that a program that claims to have `key` was refused a token with `error`. Only so many refusals are
    /// recorded in a minute, those of persons included; the rest are counted. Of what the program sent, only the id of
    /// an existing key is stored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn key_refused(&self, db: &Db, key: ApiKeyId, error: &Error) -> Result<()> {
        let problem = error.problem();
        if !matches!(problem, ProblemType::TooManyRequests | ProblemType::InvalidScope | ProblemType::InvalidClient) {
            // The request failed before anything was decided.
            return Ok(());
        }
        let (mut db, is_recorded) = self.admitted(db).await?;
        let found = owner(&mut db, key).await?;
        if !is_recorded {
            self.count(found.map(|(account, _)| account));
            return Ok(());
        }
        let cause = match (problem, &found) {
            (ProblemType::TooManyRequests, _) => "throttled",
            (ProblemType::InvalidScope, _) => "wrong_scope",
            (_, None) => "unknown_key",
            (_, Some((_, status))) if status != "active" => "blocked_account",
            (_, Some(_)) => "refused_key",
        };
        let mut changes = fields(&[BY_KEY, ("cause", cause)]);
        if found.is_some() {
            changes.insert("api_key_id".to_owned(), json!({"to": key}));
        }
        let account = found.map(|(account, _)| account);
        self.insert(&mut db, about(account, Outcome::Refused, changes), &self.origin).await
    }
}

async fn owner(db: &mut AsyncPgConnection, key: ApiKeyId) -> Result<Option<(UserId, String)>> {
    let found = api_keys::table
        .inner_join(users::table.on(users::id.eq(api_keys::account_id)))
        .filter(api_keys::id.eq(key))
        .select((users::id, users::status))
        .first(db)
        .await;
    Ok(found.optional()?)
}

fn about(account: Option<UserId>, outcome: Outcome, changes: Map<String, Value>) -> Content<'static> {
    Content {
        action: "signed_in",
        resource: "service_accounts",
        resource_id: account.map(UserId::uuid),
        client_id: None,
        outcome,
        changes,
        personal: &[],
    }
}
