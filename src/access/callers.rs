//! Finds the caller behind a session, and caches what was read, so that not every request asks the database.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use diesel_async::AsyncPgConnection;
use moka::future::Cache;

use super::{
    Absent, AbsentColleagues, ApiKeyId, Caller, Credential, Locale, Policy, Role, SessionId, UserId,
    api_key_caller::{ApiKeyRow, ApiKeyUses},
    load::{SessionRow, load_policy, load_session},
    locale::load_locale,
    remembered::{AsOf, Remembered, remembered},
    restriction::Restriction,
    rights_epoch::Epoch,
};
use crate::{
    custom::{self, Definitions},
    db::Db,
    error::Result,
    values::Instant,
};

/// How long a value that nobody asks for any more stays in memory.
const KEPT: Duration = Duration::from_mins(1);

/// Whether the table of `resource` decides what callers may do, or write.
pub fn decides_about_callers(resource: &str) -> bool {
    matches!(
        resource,
        "users"
            | "sessions"
            | "roles"
            | "service_accounts"
            | "api_keys"
            | "organization"
            | "deputies"
            | "custom_fields"
    )
}

/// Caches sessions, keys and policies for a second, so that each of them is read at most that often. What is known since
/// an earlier epoch is read again at once.
#[derive(Clone)]
pub struct Callers {
    sessions: Cache<SessionId, Remembered<Option<SessionRow>>>,
    pub(super) keys: Cache<ApiKeyId, Remembered<Option<Arc<ApiKeyRow>>>>,
    pub(super) uses: ApiKeyUses,
    policies: Cache<Role, Remembered<Arc<Policy>>>,
    organization: Cache<(), Remembered<Locale>>,
    custom: Cache<(), Remembered<Arc<Definitions>>>,
    /// The latest epoch that this server has seen.
    latest: Arc<AtomicI64>,
}

impl Default for Callers {
    fn default() -> Self {
        Self {
            sessions: Cache::builder().max_capacity(100_000).time_to_live(KEPT).build(),
            keys: Cache::builder().max_capacity(100_000).time_to_live(KEPT).build(),
            uses: ApiKeyUses::default(),
            policies: Cache::builder().max_capacity(10).time_to_live(KEPT).build(),
            organization: Cache::builder().max_capacity(1).time_to_live(KEPT).build(),
            custom: Cache::builder().max_capacity(1).time_to_live(KEPT).build(),
            latest: Arc::default(),
        }
    }
}

impl Callers {
    /// The caller behind `session`, when the session and its user are still valid.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn find(&self, db: &Db, session: SessionId, now: Instant) -> Result<Option<Arc<Caller>>> {
        let known = self.session(db, session, now).await?;
        let Some(row) = known.value.filter(|row| row.expires_at > now) else { return Ok(None) };
        let Remembered { value: policy, epoch, .. } = self.policy(db, row.role, now).await?;
        let organization = self.organization(db, now).await?;
        let custom = self.custom(db, now).await?;
        let absent = self.absent(db, &row.absent, now).await?;
        let lacks_second_factor = policy.limits.second_factor_required && !row.has_second_factor;
        Ok(Some(Arc::new(Caller {
            user_id: row.user_id,
            team_id: row.team_id,
            credential: Credential::Session(session),
            policy,
            account_teams: row.account_teams,
            absent,
            departments: None,
            locale: Locale {
                zone: row.zone.unwrap_or(organization.zone),
                language: row.language.unwrap_or(organization.language),
                ..organization
            },
            organization,
            custom,
            restriction: Restriction::of(row.must_change_password, lacks_second_factor),
            epoch: epoch.min(known.epoch),
        })))
    }

    /// The colleagues whom somebody stands in for, with the policies of their roles.
    async fn absent(&self, db: &Db, colleagues: &[(UserId, Role)], now: Instant) -> Result<AbsentColleagues> {
        let mut absent = Vec::with_capacity(colleagues.len());
        for (user_id, role) in colleagues {
            absent.push(Absent { user_id: *user_id, policy: self.policy(db, *role, now).await?.value });
        }
        Ok(absent.into())
    }

    /// Notes that `epoch` has begun: all that is known since an earlier one is read again.
    pub fn saw(&self, epoch: Epoch) {
        self.latest.fetch_max(epoch, Ordering::Relaxed);
    }

    pub(super) fn as_of(&self, now: Instant) -> AsOf {
        AsOf { now, epoch: AtomicI64::load(&self.latest, Ordering::Relaxed) }
    }

    /// The policy of `role`.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(super) async fn policy(&self, db: &Db, role: Role, now: Instant) -> Result<Remembered<Arc<Policy>>> {
        let load = async |db: &AsyncPgConnection| load_policy(db, role).await.map(Arc::new);
        remembered(&self.policies, role, self.as_of(now), db, load).await
    }

    /// The organisation's time zone and language.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(super) async fn organization(&self, db: &Db, now: Instant) -> Result<Locale> {
        let load = async |db: &AsyncPgConnection| load_locale(db).await;
        Ok(remembered(&self.organization, (), self.as_of(now), db, load).await?.value)
    }

    /// The organisation's own fields.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(super) async fn custom(&self, db: &Db, now: Instant) -> Result<Arc<Definitions>> {
        let load = async |db: &AsyncPgConnection| custom::load(db).await;
        Ok(remembered(&self.custom, (), self.as_of(now), db, load).await?.value)
    }

    /// Forgets everything, so that a change made on this server takes effect on it at once.
    pub fn forget(&self) {
        self.sessions.invalidate_all();
        self.keys.invalidate_all();
        self.policies.invalidate_all();
        self.organization.invalidate_all();
        self.custom.invalidate_all();
    }

    async fn session(&self, db: &Db, session: SessionId, now: Instant) -> Result<Remembered<Option<SessionRow>>> {
        let load = async |db: &AsyncPgConnection| load_session(db, session, now).await;
        remembered(&self.sessions, session, self.as_of(now), db, load).await
    }
}
