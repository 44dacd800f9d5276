//! Who is calling: read from the database for every token, kept for at most a second.

use std::{sync::Arc, time::Duration};

use actix_web::{HttpMessage, HttpRequest};
use diesel::{ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use moka::future::Cache;

use super::{
    policy::{Limits, Policy},
    restriction::Restriction,
    role::Role,
};
use crate::{
    db::{
        Db, Jsonb,
        schema::{role_policies, second_factors, sessions, users},
    },
    error::{Error, ProblemType, Result},
    rest::{id::Id, time::Instant},
};

/// Labels of identifiers whose rows several slices refer to.
pub mod label {
    /// Of users.
    #[derive(Debug)]
    pub enum User {}
    /// Of teams.
    #[derive(Debug)]
    pub enum Team {}
    /// Of sessions.
    #[derive(Debug)]
    pub enum Session {}
}

/// A user's identifier.
pub type UserId = Id<label::User>;
/// A team's identifier.
pub type TeamId = Id<label::Team>;
/// A session's identifier.
pub type SessionId = Id<label::Session>;

/// How long a change of a user, a session or a policy by another server may go unseen.
const SEEN_WITHIN: Duration = Duration::from_secs(1);

/// A user who is signed in.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user.
    pub user_id: UserId,
    /// Their team.
    pub team_id: TeamId,
    /// The session of the access token.
    pub session_id: SessionId,
    /// What their role may do.
    pub policy: Arc<Policy>,
    /// What they have to do before anything else.
    pub restriction: Option<Restriction>,
}

impl Caller {
    /// Their role.
    pub fn role(&self) -> Role {
        self.policy.role
    }

    /// The caller of `request`.
    ///
    /// # Errors
    /// 401 without a valid token, 403 for who has something else to do first, or what kept the server from checking.
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

/// What came of the request's token; absent when there was none.
#[derive(Clone, Debug)]
pub enum Identified {
    /// A valid token of an active user.
    Caller(Arc<Caller>),
    /// A token that is not valid, or no longer.
    Refused,
    /// The database could not be asked.
    Unavailable(String),
}

/// Remembers sessions and policies for a second, so that a caller costs a query at most that often.
#[derive(Clone)]
pub struct Callers {
    sessions: Cache<SessionId, Option<SessionRow>>,
    policies: Cache<Role, Arc<Policy>>,
}

#[derive(Clone, Debug)]
struct SessionRow {
    user_id: UserId,
    team_id: TeamId,
    role: Role,
    must_change_password: bool,
    has_second_factor: bool,
    expires_at: Instant,
}

impl Default for Callers {
    fn default() -> Self {
        Self {
            sessions: Cache::builder().max_capacity(100_000).time_to_live(SEEN_WITHIN).build(),
            policies: Cache::builder().max_capacity(10).time_to_live(SEEN_WITHIN).build(),
        }
    }
}

impl Callers {
    /// The caller behind `session`, when it and its user are still good.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn find(&self, db: &Db, session: SessionId, now: Instant) -> Result<Option<Arc<Caller>>> {
        let Some(row) = self.session(db, session).await? else { return Ok(None) };
        if row.expires_at <= now {
            return Ok(None);
        }
        let policy = self.policy(db, row.role).await?;
        let lacks_second_factor = policy.limits.second_factor_required && !row.has_second_factor;
        Ok(Some(Arc::new(Caller {
            user_id: row.user_id,
            team_id: row.team_id,
            session_id: session,
            policy,
            restriction: Restriction::of(row.must_change_password, lacks_second_factor),
        })))
    }

    /// The policy of `role`.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn policy(&self, db: &Db, role: Role) -> Result<Arc<Policy>> {
        let load = async {
            let mut db = db.connect().await?;
            load_policy(&mut db, role).await.map(Arc::new)
        };
        self.policies.try_get_with(role, load).await.map_err(|error| shared(&error))
    }

    /// Forgets everything, so that a change made here is in force here at once.
    pub fn forget(&self) {
        self.sessions.invalidate_all();
        self.policies.invalidate_all();
    }

    async fn session(&self, db: &Db, session: SessionId) -> Result<Option<SessionRow>> {
        let load = async {
            let mut db = db.connect().await?;
            load_session(&mut db, session).await
        };
        self.sessions.try_get_with(session, load).await.map_err(|error| shared(&error))
    }
}

/// The error of a query that several requests waited for.
fn shared(error: &Arc<Error>) -> Error {
    match error.problem() {
        ProblemType::Unavailable => Error::unavailable(error),
        _ => Error::internal(error),
    }
}

async fn load_session(db: &mut AsyncPgConnection, session: SessionId) -> Result<Option<SessionRow>> {
    type Row = (UserId, TeamId, Role, bool, Option<Instant>, Instant);
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
        ))
        .first(db)
        .await
        .optional()?;
    Ok(row.map(|(user_id, team_id, role, must_change_password, confirmed_at, expires_at)| SessionRow {
        user_id,
        team_id,
        role,
        must_change_password,
        has_second_factor: confirmed_at.is_some(),
        expires_at,
    }))
}

async fn load_policy(db: &mut AsyncPgConnection, role: Role) -> Result<Policy> {
    type Row = (
        Option<crate::rest::number::Percent>,
        Option<crate::rest::number::Amount>,
        Option<crate::rest::number::Amount>,
        bool,
        bool,
        Jsonb<super::policy::Grants>,
    );
    let (
        max_discount_percent,
        max_contract_amount,
        max_order_amount,
        may_own_key_clients,
        second_factor_required,
        Jsonb(grants),
    ): Row = role_policies::table
        .find(role)
        .select((
            role_policies::max_discount_percent,
            role_policies::max_contract_amount,
            role_policies::max_order_amount,
            role_policies::may_own_key_clients,
            role_policies::second_factor_required,
            role_policies::grants,
        ))
        .first(db)
        .await?;
    let limits = Limits {
        max_discount_percent,
        max_contract_amount,
        max_order_amount,
        may_own_key_clients,
        second_factor_required,
    };
    Ok(Policy::new(role, limits, &grants))
}
