//! What a session is.

use actix_web::{HttpRequest, http::header};
use chrono::Duration;
use diesel::prelude::{Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{SessionId, UserId},
    db::schema::sessions,
    http::address,
    values::{Entity, Instant, Resource},
};

/// How long a session lasts, however often it is refreshed.
pub const ABSOLUTE: Duration = Duration::days(30);
/// How long a session lasts when it is not refreshed.
pub const IDLE: Duration = Duration::days(7);
/// Maximum number of sessions of one user at a time. The next one ends the session that has been unused longest.
pub const MAX_LIVE: i64 = 50;

/// Where a session is used from, as its user said or the request showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceInfo {
    /// The program, by its OAuth `client_id`.
    pub client: Option<String>,
    /// What the user calls the device.
    pub device: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The network address.
    pub address: Option<String>,
}

impl DeviceInfo {
    /// Where `request` comes from.
    pub fn of(request: &HttpRequest, client: String, device: Option<String>) -> Self {
        let user_agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        Self {
            client: Some(client),
            device,
            user_agent: user_agent.map(|agent| agent.chars().take(200).collect()),
            address: address::of(request).map(|address| address.to_string()),
        }
    }
}

/// A person's session: from a sign-in to its end.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
#[schema(as = SessionFields)]
pub struct Session {
    /// Identifier.
    pub id: SessionId,
    /// Whose session it is.
    pub user_id: UserId,
    /// When the user signed in.
    pub created_at: Instant,
    /// When the user last proved who they are: at the sign-in, or at a confirmation since.
    pub authenticated_at: Instant,
    /// When it was begun or last refreshed: at most 15 minutes before its last request.
    pub last_used_at: Instant,
    /// When it ends at the latest.
    pub expires_at: Instant,
    /// When it was ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub ended_at: Option<Instant>,
    /// Business: The program that signed in, by the `client_id` it gave.
    #[schema(max_length = 100)]
    pub client: Option<String>,
    /// Personal: What the user called the device when signing in.
    #[schema(max_length = 100)]
    pub device: Option<String>,
    /// Personal: The `User-Agent` that it was last refreshed with.
    #[schema(max_length = 200)]
    pub user_agent: Option<String>,
    /// Personal: The network address that it was last refreshed from.
    #[schema(max_length = 45, example = "192.0.2.7")]
    pub address: Option<String>,
}

impl Resource for Session {
    const NAME: &'static str = "sessions";
}

impl Entity for Session {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    /// A session changes once: it ends.
    fn version(&self) -> i64 {
        1 + i64::from(self.ended_at.is_some())
    }
}

/// A session as it is listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f",
    "user_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "created_at": "2026-11-24T09:30:00Z",
    "authenticated_at": "2026-11-24T10:05:00Z", "last_used_at": "2026-11-24T10:15:00Z",
    "expires_at": "2026-12-24T09:30:00Z", "client": "first-party", "device": "Anna's laptop", "user_agent": "Mozilla/5.0", "address": "192.0.2.7", "current": true, "actions": ["delete"]}))]
pub struct SessionView {
    #[serde(flatten)]
    session: Session,
    /// Whether it is the session of this very request.
    current: bool,
    /// What the caller may do with the session now.
    actions: Vec<&'static str>,
}

impl SessionView {
    /// `session` as a caller whose session is `current` sees it.
    pub fn of(session: Session, current: Option<SessionId>) -> Self {
        Self { current: Some(session.id) == current, session, actions: vec!["delete"] }
    }
}

/// Live sessions have no filters; they are few.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionFilter {}
