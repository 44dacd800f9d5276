//! Who is calling: read from the database for every token, and cached for at most a second.

use std::{
    future::{Ready, ready},
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use aws_lc_rs::digest;
use diesel::{ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, QueryDsl, dsl::array};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use moka::future::Cache;
use uuid::Uuid;

use super::{
    Limits, Policy, Role,
    api_key_caller::{ApiKeyRow, ApiKeyUses},
    restriction::Restriction,
    rights_epoch::{self, Epoch},
};
use crate::{
    db::{
        Cost, Db, Jsonb,
        schema::{account_team_members, role_policies, second_factors, sessions, users},
    },
    error::{Error, ProblemType, Result},
    values::{Id, Instant},
};

/// Labels of identifiers whose rows several slices refer to.
pub mod label {
    use crate::values::Resource;

    /// Of users.
    #[derive(Debug)]
    pub enum User {}
    impl Resource for User {
        const NAME: &'static str = "users";
    }
    /// Of teams.
    #[derive(Debug)]
    pub enum Team {}
    impl Resource for Team {
        const NAME: &'static str = "teams";
    }
    /// Of sessions.
    #[derive(Debug)]
    pub enum Session {}
    impl Resource for Session {
        const NAME: &'static str = "sessions";
    }
    /// Of API keys.
    #[derive(Debug)]
    pub enum ApiKey {}
}

/// A user's identifier.
pub type UserId = Id<label::User>;
/// A team's identifier.
pub type TeamId = Id<label::Team>;
/// A session's identifier.
pub type SessionId = Id<label::Session>;
/// An API key's identifier.
pub type ApiKeyId = Id<label::ApiKey>;

/// The clients whose account teams a user is on.
pub type AccountTeams = Arc<[Uuid]>;

/// The departments that a service account works for.
pub type Departments = Arc<[Uuid]>;

/// How long a change of a user, a session or a policy by another server may go unseen.
const SEEN_WITHIN: chrono::Duration = chrono::Duration::seconds(1);
/// How long a value that nobody asks for any more stays in memory.
const KEPT: Duration = Duration::from_mins(1);

/// What a caller is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The session of a person.
    Session(SessionId),
    /// An API key of a service account: the key itself, or a token that it was exchanged for.
    Key(ApiKeyId),
}

/// A user who is signed in, or a service account with its key.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user.
    pub user_id: UserId,
    /// Their team.
    pub team_id: TeamId,
    /// What they are known by.
    pub credential: Credential,
    /// What they may do: the policy of their role, narrowed to the scopes of a service account.
    pub policy: Arc<Policy>,
    /// The clients that count as their own besides those that they own.
    pub account_teams: AccountTeams,
    /// The departments whose orders are all that they see of orders; `None` for a caller who is bound to none.
    pub departments: Option<Departments>,
    /// What they have to do before anything else.
    pub restriction: Option<Restriction>,
    /// The epoch in which all of this was true.
    pub epoch: Epoch,
}

impl Caller {
    /// Their role.
    pub fn role(&self) -> Role {
        self.policy.role
    }

    /// Their session; a service account has none.
    pub fn session(&self) -> Option<SessionId> {
        match self.credential {
            Credential::Session(session) => Some(session),
            Credential::Key(_) => None,
        }
    }

    /// A digest of everything that decides what they may see and do: their role with its policy, narrowed by a key's
    /// scopes, their team, their account teams and their departments.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn rights_digest(&self) -> Result<Vec<u8>> {
        let mut account_teams = self.account_teams.to_vec();
        account_teams.sort_unstable();
        let mut rights = digest::Context::new(&digest::SHA256);
        rights.update(self.policy.digest()?);
        // All ids have the same length, so that none can be mistaken for part of another.
        for id in std::iter::once(self.team_id.as_uuid()).chain(&account_teams) {
            rights.update(id.as_bytes());
        }
        if let Some(departments) = &self.departments {
            rights.update(b"departments");
            departments.iter().for_each(|id| rights.update(id.as_bytes()));
        }
        Ok(rights.finish().as_ref().to_vec())
    }

    /// The caller of `request`.
    ///
    /// # Errors
    /// 401 without a valid token, 403 for a caller who has something else to do first, or the error that kept the
    /// server from checking.
    pub fn of(request: &HttpRequest) -> Result<Arc<Self>> {
        match request.extensions().get::<Identified>() {
            Some(Identified::Caller(caller)) => {
                caller.restriction.map_or(Ok(()), |restriction| restriction.admit(request.path()))?;
                Ok(Arc::clone(caller))
            }
            Some(Identified::Refused) => Err(Error::new(ProblemType::Unauthorized).with("error", "invalid_token")),
            Some(Identified::Unavailable(cause)) => Err(Error::unavailable(cause)),
            None => Err(Error::new(ProblemType::Unauthorized)),
        }
    }
}

/// Any caller who is signed in, for operations that need no right.
#[derive(Clone, Debug)]
pub struct SignedIn(pub Arc<Caller>);

impl FromRequest for SignedIn {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Caller::of(request).map(Self))
    }
}

/// A caller who is a person, for operations that make no sense for a service account, such as changing a password.
#[derive(Clone, Debug)]
pub struct Person(pub Arc<Caller>);

impl Person {
    /// The caller of `request`.
    ///
    /// # Errors
    /// The errors of [`Caller::of`], and 403 for a service account.
    pub fn of(request: &HttpRequest) -> Result<Self> {
        let caller = Caller::of(request)?;
        match caller.credential {
            Credential::Session(_) => Ok(Self(caller)),
            Credential::Key(_) => Err(not_a_person()),
        }
    }
}

/// The error for a service account.
pub(crate) fn not_a_person() -> Error {
    Error::new(ProblemType::Forbidden).detail(
        "This is for persons; a service account has no such thing.",
        "Это только для людей; у служебной учётной записи такого нет.",
    )
}

impl FromRequest for Person {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// The result of checking the request's token; absent when there was none.
#[derive(Clone, Debug)]
pub enum Identified {
    /// A valid token of an active user.
    Caller(Arc<Caller>),
    /// A token that is not valid, or no longer valid.
    Refused,
    /// The database could not be asked.
    Unavailable(String),
}

/// Whether the table of `resource` decides what callers may do.
pub fn decides_about_callers(resource: &str) -> bool {
    matches!(resource, "users" | "sessions" | "roles" | "service_accounts" | "api_keys")
}

/// Caches sessions, keys and policies for a second, so that each of them is read at most that often. What is known since
/// an earlier epoch is read again at once.
#[derive(Clone)]
pub struct Callers {
    sessions: Cache<SessionId, Remembered<Option<SessionRow>>>,
    pub(super) keys: Cache<ApiKeyId, Remembered<Option<Arc<ApiKeyRow>>>>,
    pub(super) uses: ApiKeyUses,
    policies: Cache<Role, Remembered<Arc<Policy>>>,
    /// The latest epoch that this server has seen.
    latest: Arc<AtomicI64>,
}

/// A value, the epoch in which it was true, and when it was loaded by the server's own clock. Tests can set that clock, but
/// not the clock of the cache.
#[derive(Clone, Debug)]
pub(super) struct Remembered<V> {
    pub(super) value: V,
    pub(super) epoch: Epoch,
    at: Instant,
}

impl<V> Remembered<V> {
    fn is_good(&self, as_of: AsOf) -> bool {
        self.epoch >= as_of.epoch && (as_of.now.utc() - self.at.utc()).abs() < SEEN_WITHIN
    }
}

/// From when a remembered value must be.
#[derive(Clone, Copy, Debug)]
pub(super) struct AsOf {
    now: Instant,
    epoch: Epoch,
}

#[derive(Clone, Debug)]
struct SessionRow {
    user_id: UserId,
    team_id: TeamId,
    role: Role,
    must_change_password: bool,
    has_second_factor: bool,
    expires_at: Instant,
    account_teams: AccountTeams,
}

impl Default for Callers {
    fn default() -> Self {
        Self {
            sessions: Cache::builder().max_capacity(100_000).time_to_live(KEPT).build(),
            keys: Cache::builder().max_capacity(100_000).time_to_live(KEPT).build(),
            uses: ApiKeyUses::default(),
            policies: Cache::builder().max_capacity(10).time_to_live(KEPT).build(),
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
        let lacks_second_factor = policy.limits.second_factor_required && !row.has_second_factor;
        Ok(Some(Arc::new(Caller {
            user_id: row.user_id,
            team_id: row.team_id,
            credential: Credential::Session(session),
            policy,
            account_teams: row.account_teams,
            departments: None,
            restriction: Restriction::of(row.must_change_password, lacks_second_factor),
            epoch: epoch.min(known.epoch),
        })))
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

    /// Forgets everything, so that a change made on this server takes effect on it at once.
    pub fn forget(&self) {
        self.sessions.invalidate_all();
        self.keys.invalidate_all();
        self.policies.invalidate_all();
    }

    async fn session(&self, db: &Db, session: SessionId, now: Instant) -> Result<Remembered<Option<SessionRow>>> {
        let load = async |db: &AsyncPgConnection| load_session(db, session).await;
        remembered(&self.sessions, session, self.as_of(now), db, load).await
    }
}

/// The value that `cache` stored for `key`, if it is as new as `as_of` asks, or else the result of `load`, which runs once
/// for all callers that wait for it.
pub(super) async fn remembered<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>(
    cache: &Cache<K, Remembered<V>>,
    key: K,
    as_of: AsOf,
    db: &Db,
    load: impl AsyncFnOnce(&AsyncPgConnection) -> Result<V>,
) -> Result<Remembered<V>> {
    known_or(cache, key, as_of, async || {
        let db = db.reader(Cost::Small).await?;
        // The epoch is read first: a value that is newer than its epoch is only looked up once more.
        let epoch = rights_epoch::read(&db).await?;
        Ok((load(&db).await?, epoch))
    })
    .await
}

async fn known_or<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>(
    cache: &Cache<K, Remembered<V>>,
    key: K,
    as_of: AsOf,
    load: impl AsyncFnOnce() -> Result<(V, Epoch)>,
) -> Result<Remembered<V>> {
    if let Some(known) = cache.get(&key).await {
        if known.is_good(as_of) {
            return Ok(known);
        }
        cache.invalidate(&key).await;
    }
    let load = async { load().await.map(|(value, epoch)| Remembered { value, epoch, at: as_of.now }) };
    // Boxed, since its state would otherwise be part of the future of every request, even of those that the cache
    // answers.
    let loaded = Box::pin(cache.try_get_with(key, load)).await;
    loaded.map_err(|error: Arc<Error>| error.copy())
}

async fn load_session(mut db: &AsyncPgConnection, session: SessionId) -> Result<Option<SessionRow>> {
    type Row = (UserId, TeamId, Role, bool, Option<Instant>, Instant, Vec<Uuid>);
    let memberships = account_team_members::table
        .filter(account_team_members::user_id.eq(sessions::user_id))
        .select(account_team_members::client_id);
    let row: Option<Row> = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .left_join(second_factors::table.on(second_factors::user_id.eq(sessions::user_id)))
        .filter(sessions::id.eq(session))
        .filter(sessions::ended_at.is_null())
        .filter(users::status.eq("active"))
        .select((
            users::id,
            users::team_id,
            users::role,
            users::must_change_password,
            second_factors::confirmed_at.nullable(),
            sessions::expires_at,
            array(memberships),
        ))
        .first(&mut db)
        .await
        .optional()?;
    Ok(row.map(|(user_id, team_id, role, must_change_password, confirmed_at, expires_at, memberships)| SessionRow {
        user_id,
        team_id,
        role,
        must_change_password,
        has_second_factor: confirmed_at.is_some(),
        expires_at,
        account_teams: memberships.into(),
    }))
}

/// The policy of `role`, read in the open transaction.
///
/// # Errors
/// When the database fails.
pub async fn load_policy(mut db: &AsyncPgConnection, role: Role) -> Result<Policy> {
    type Row = (
        Option<crate::values::Percent>,
        Option<crate::values::Amount>,
        Option<crate::values::Amount>,
        Option<crate::values::Amount>,
        bool,
        bool,
        Jsonb<super::policy::Grants>,
    );
    let (
        max_discount_percent,
        max_contract_amount,
        max_order_amount,
        self_approval_up_to,
        may_own_key_clients,
        second_factor_required,
        Jsonb(grants),
    ): Row = role_policies::table
        .find(role)
        .select((
            role_policies::max_discount_percent,
            role_policies::max_contract_amount,
            role_policies::max_order_amount,
            role_policies::self_approval_up_to,
            role_policies::may_own_key_clients,
            role_policies::second_factor_required,
            role_policies::grants,
        ))
        .first(&mut db)
        .await?;
    let limits = Limits {
        max_discount_percent,
        max_contract_amount,
        max_order_amount,
        self_approval_up_to,
        may_own_key_clients,
        second_factor_required,
    };
    Ok(Policy::new(role, limits, &grants))
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, collections::HashSet, sync::Arc};

    use chrono::Duration;
    use futures_util::future::join_all;
    use moka::future::Cache;
    use tokio::task::yield_now;
    use uuid::Uuid;

    use super::{AsOf, Caller, Credential, known_or};
    use crate::{
        access::{policy::Policy, role::Role},
        error::{Error, ProblemType},
        values::{Id, Instant},
    };

    #[test]
    fn each_account_team_counts_among_the_rights_and_their_order_does_not() {
        let caller = Caller {
            user_id: Id::generate(),
            team_id: Id::generate(),
            credential: Credential::Session(Id::generate()),
            policy: Arc::new(Policy::initial(Role::Manager)),
            account_teams: [].into(),
            departments: None,
            restriction: None,
            epoch: 0,
        };
        let digest = |clients: &[u128]| {
            let account_teams = clients.iter().copied().map(Uuid::from_u128).collect();
            Caller { account_teams, ..caller.clone() }.rights_digest().unwrap()
        };
        let several: [&[u128]; 8] = [&[], &[1], &[2], &[3], &[1, 2], &[1, 3], &[2, 3], &[1, 2, 3]];
        assert_eq!(several.iter().map(|clients| digest(clients)).collect::<HashSet<_>>().len(), several.len());
        assert_eq!(digest(&[1, 2]), digest(&[2, 1]));
        assert_eq!(digest(&[1, 2, 3]), digest(&[3, 1, 2]));
        let moved = Caller { team_id: Id::generate(), ..caller.clone() };
        assert_ne!(moved.rights_digest().unwrap(), caller.rights_digest().unwrap());
    }

    #[actix_web::test]
    async fn all_who_want_the_same_ask_once_a_second_and_a_failure_is_not_remembered() {
        let (cache, asked) = (Cache::new(10), Cell::new(0));
        let now: Instant = "2026-11-24T10:00:00Z".parse().unwrap();
        let ask = async |fails: bool| {
            asked.set(asked.get() + 1);
            yield_now().await;
            if fails { Err(Error::new(ProblemType::Unavailable)) } else { Ok((7, 0)) }
        };
        let as_of = |now| AsOf { now, epoch: 0 };
        assert!(known_or(&cache, "key", as_of(now), async || ask(true).await).await.is_err());
        assert_eq!(asked.get(), 1);
        for (after, asked_before) in [(0, 2), (0, 2), (999, 2), (1000, 3), (1999, 3), (2000, 4), (-1000, 5)] {
            let now = now.after(Duration::milliseconds(after));
            let all = join_all((0..5).map(|_| known_or(&cache, "key", as_of(now), async || ask(false).await))).await;
            assert!(all.into_iter().all(|answer| answer.is_ok_and(|known| known.value == 7)));
            assert_eq!(asked.get(), asked_before, "{after}");
        }
    }

    #[actix_web::test]
    async fn what_is_known_since_an_earlier_epoch_is_asked_for_again() {
        let (cache, asked) = (Cache::new(10), Cell::new(0));
        let now: Instant = "2026-11-24T10:00:00Z".parse().unwrap();
        for (epoch, expected) in [(3, 1), (3, 1), (2, 1), (4, 2), (4, 2)] {
            let load = async || {
                asked.set(asked.get() + 1);
                Ok(((), epoch))
            };
            assert!(known_or(&cache, "key", AsOf { now, epoch }, load).await.is_ok());
            assert_eq!(asked.get(), expected, "{epoch}");
        }
    }
}
