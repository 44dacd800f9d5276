//! Service accounts and keys as a caller sees them.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{ApiKey, ServiceAccount};
use crate::{
    access::{Actor, Reach, api_key::public_id},
    http::View,
    users::UserStatus,
    values::Instant,
};

/// A service account, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceAccount, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z", "name": "ERP",
    "description": "Takes orders over; ask the warehouse.", "role": "supervisor",
    "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "status": "active", "scopes": ["orders:read", "orders:execute"],
    "allowed_networks": ["192.0.2.0/24"], "department_ids": ["01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31"], "actions": ["update", "block"]}))]
pub struct ServiceAccountView {
    #[serde(flatten)]
    account: ServiceAccount,
    /// What the caller may do with the account now.
    actions: Vec<&'static str>,
}

impl ServiceAccountView {
    /// `account` as `actor` sees it.
    pub fn of(account: ServiceAccount, actor: &Actor) -> Self {
        let actions = match (may_update(actor), account.status) {
            (false, _) => Vec::new(),
            (true, UserStatus::Active) => vec!["update", "block"],
            (true, UserStatus::Blocked) => vec!["update", "unblock"],
        };
        Self { account, actions }
    }
}

impl View for ServiceAccountView {
    type Row = ServiceAccount;

    fn row(&self) -> &ServiceAccount {
        &self.account
    }
}

fn may_update(actor: &Actor) -> bool {
    actor.reach("service_accounts:update") > Reach::None
}

/// A key without its secret, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z",
    "account_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "name": "Production", "scopes": null, "allowed_networks": [],
    "expires_at": "2027-02-22T09:30:00Z", "last_used_on": "2026-11-24", "last_used_network": "192.0.2.0/24",
    "client_id": "02vNTTFhX7wYUqBc8rGy3z", "actions": ["rotate", "delete"]}))]
pub struct ApiKeyView {
    #[serde(flatten)]
    key: ApiKey,
    /// The part of the key that is not secret: the `client_id` to ask for an access token with.
    #[schema(min_length = 22, max_length = 22)]
    client_id: String,
    /// What the caller may do with the key now.
    actions: Vec<&'static str>,
}

impl ApiKeyView {
    /// `key` as `actor` sees it at `now`.
    pub fn of(key: ApiKey, actor: &Actor, now: Instant) -> Self {
        let actions = match (may_update(actor), key.expires_at > now) {
            (false, _) => Vec::new(),
            (true, true) => vec!["rotate", "delete"],
            (true, false) => vec!["delete"],
        };
        Self { client_id: public_id(key.id), key, actions }
    }
}

impl View for ApiKeyView {
    type Row = ApiKey;

    fn row(&self) -> &ApiKey {
        &self.key
    }
}

/// A key that was just made: the only answer that shows it whole.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z",
    "account_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "name": "Production", "scopes": null, "allowed_networks": [],
    "expires_at": "2027-02-22T09:30:00Z", "last_used_on": null, "last_used_network": null,
    "client_id": "02vNTTFhX7wYUqBc8rGy3z", "actions": ["rotate", "delete"],
    "key": "lsn_02vNTTFhX7wYUqBc8rGy3z_ThisIsAnExampleAndNoSecretAtAll000000000000AbCdEf"}))]
pub struct MadeApiKey {
    #[serde(flatten)]
    view: ApiKeyView,
    /// The key itself, for `Authorization: Bearer`. It is shown this once and cannot be had again.
    #[schema(min_length = 76, max_length = 76, pattern = "^lsn_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}$")]
    key: String,
}

impl MadeApiKey {
    /// `key` with its text.
    pub fn new(key: ApiKey, text: &SecretString, actor: &Actor, now: Instant) -> Self {
        Self { view: ApiKeyView::of(key, actor, now), key: text.expose_secret().to_owned() }
    }
}

impl View for MadeApiKey {
    type Row = ApiKey;

    fn row(&self) -> &ApiKey {
        self.view.row()
    }
}
