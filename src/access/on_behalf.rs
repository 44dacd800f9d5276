//! Somebody who asked for work that is done in the background: it is done with the rights that they have by then.

use std::sync::Arc;

use diesel::{ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, QueryDsl, dsl::array};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Absent, ApiKeyId, Caller, Credential, Locale, OfOrganization, Reach, Role, SessionId, TeamId, UserId,
    api_key_caller::load_key,
    load::{absent_of, load_policy},
    locale::{load_locale, zone_of},
    restriction::Restriction,
    rights_epoch,
};
use crate::{
    custom,
    db::schema::{account_team_members, second_factors, users},
    error::Result,
    values::{Instant, Language, TimeZone},
};

/// Whom work is done for, and what they were known by when they asked for it.
#[derive(Clone, Debug)]
pub struct OnBehalf {
    /// The user.
    pub user: UserId,
    /// The session or the key. A session may be over by now; a key must still be good.
    pub credential: Credential,
    /// The rights that a program had then. It gets no others later.
    pub scopes: Option<Vec<String>>,
}

impl OnBehalf {
    /// Whoever calls now.
    pub fn of(caller: &Caller) -> Self {
        let has = |(name, reach): (&String, &Reach)| (*reach != Reach::None).then(|| name.clone());
        let scopes = caller.session().is_none().then(|| caller.policy.grants().iter().filter_map(has).collect());
        Self { user: caller.user_id, credential: caller.credential, scopes }
    }

    /// As it was written down. `None` without a session and a key.
    pub fn known(
        user: UserId,
        session: Option<SessionId>,
        key: Option<ApiKeyId>,
        scopes: Option<Vec<String>>,
    ) -> Option<Self> {
        let credential = session.map(Credential::Session).or(key.map(Credential::Key))?;
        Some(Self { user, credential, scopes })
    }

    /// The session, of a person.
    pub fn session(&self) -> Option<SessionId> {
        match self.credential {
            Credential::Session(session) => Some(session),
            Credential::Key(_) => None,
        }
    }

    /// The key, of a program.
    pub fn api_key(&self) -> Option<ApiKeyId> {
        match self.credential {
            Credential::Session(_) => None,
            Credential::Key(key) => Some(key),
        }
    }

    /// The caller with the rights of this moment. `None` when they may do nothing any more: they are blocked, have something
    /// else to do first, or their key is no longer good.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn caller(&self, db: &AsyncPgConnection, now: Instant) -> Result<Option<Arc<Caller>>> {
        // Read first: what is read afterwards is as of this epoch or a later one.
        let epoch = rights_epoch::read(db).await?;
        let organization = OfOrganization { locale: load_locale(db).await?, custom: custom::load(db).await? };
        let caller = match self.credential {
            Credential::Session(_) => self.person(db, organization, now).await?,
            Credential::Key(key) => self.program(db, key, organization, now).await?,
        };
        Ok(caller.map(|caller| Arc::new(Caller { epoch, ..caller })))
    }

    async fn program(
        &self,
        db: &AsyncPgConnection,
        key: ApiKeyId,
        organization: OfOrganization,
        now: Instant,
    ) -> Result<Option<Caller>> {
        let Some(row) = load_key(db, key).await?.filter(|row| row.lasts_until() > now) else { return Ok(None) };
        let policy = Arc::new(load_policy(db, row.role()).await?);
        Ok(Some(row.caller(key, &policy, Some(self.scopes.as_deref().unwrap_or_default()), organization, 0)))
    }

    async fn person(
        &self,
        mut db: &AsyncPgConnection,
        organization: OfOrganization,
        now: Instant,
    ) -> Result<Option<Caller>> {
        type Row = ((TeamId, Role, bool), Option<Instant>, Vec<Uuid>, (Option<TimeZone>, Option<Language>));
        let memberships = account_team_members::table
            .filter(account_team_members::user_id.eq(users::id))
            .select(account_team_members::client_id);
        let row: Option<Row> = users::table
            .left_join(second_factors::table.on(second_factors::user_id.eq(users::id)))
            .filter(users::id.eq(self.user))
            .filter(users::kind.eq("person"))
            .filter(users::status.eq("active"))
            .select((
                (users::team_id, users::role, users::must_change_password),
                second_factors::confirmed_at.nullable(),
                array(memberships),
                (users::timezone, users::language),
            ))
            .first(&mut db)
            .await
            .optional()?;
        let Some(((team_id, role, must_change_password), confirmed_at, memberships, (timezone, language))) = row else {
            return Ok(None);
        };
        let policy = load_policy(db, role).await?;
        let lacks_second_factor = policy.limits.second_factor_required && confirmed_at.is_none();
        if Restriction::of(must_change_password, lacks_second_factor).is_some() {
            return Ok(None);
        }
        let mut absent = Vec::new();
        for (user_id, role) in absent_of(db, self.user, now).await? {
            absent.push(Absent { user_id, policy: Arc::new(load_policy(db, role).await?) });
        }
        Ok(Some(Caller {
            user_id: self.user,
            team_id,
            credential: self.credential,
            policy: Arc::new(policy),
            account_teams: memberships.into(),
            absent: absent.into(),
            departments: None,
            locale: Locale {
                zone: timezone.as_ref().map(zone_of).transpose()?.unwrap_or(organization.locale.zone),
                language: language.unwrap_or(organization.locale.language),
                ..organization.locale
            },
            organization: organization.locale,
            custom: organization.custom,
            restriction: None,
            epoch: 0,
        }))
    }
}
