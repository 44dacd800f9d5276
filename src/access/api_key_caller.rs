//! The callers behind API keys: service accounts, with the rights of their role narrowed by the key.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, PgExpressionMethods, QueryDsl, dsl::array,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ipnet::IpNet;
use moka::sync::Cache;
use uuid::Uuid;

use super::{
    AbsentColleagues, AccountTeams, ApiKeyId, Caller, Callers, Credential, Departments, Epoch, OfOrganization, Policy,
    Role, TeamId, UserId,
    api_key::Presented,
    remembered::{Remembered, remembered},
};
use crate::{
    db::{
        Db, Jsonb,
        schema::{account_team_members, api_keys, service_accounts, users},
    },
    error::Result,
    values::{Instant, network},
};

/// From where and when a key is used.
#[derive(Clone, Copy, Debug)]
pub struct Occasion {
    /// The caller's address, when there is one.
    pub address: Option<IpAddr>,
    /// The moment.
    pub now: Instant,
}

/// What a request needs to know about a key.
#[derive(Clone, Debug)]
pub(super) struct ApiKeyRow {
    user_id: UserId,
    team_id: TeamId,
    role: Role,
    secret_digest: Vec<u8>,
    scopes: Vec<String>,
    expires_at: Instant,
    account_teams: AccountTeams,
    departments: Option<Departments>,
    /// The account's networks and the key's.
    networks: [Networks; 2],
    /// A policy, and the same policy narrowed to the scopes.
    narrowed: OnceLock<[Arc<Policy>; 2]>,
}

/// Where callers may come from.
#[derive(Clone, Debug)]
enum Networks {
    Everywhere,
    Only(Vec<IpNet>),
}

impl Networks {
    /// Without texts, callers may come from everywhere. A text that is not a network lets nobody in.
    fn of(texts: &[String]) -> Self {
        match texts {
            [] => Self::Everywhere,
            _ => Self::Only(texts.iter().filter_map(|text| text.parse().ok()).collect()),
        }
    }

    fn include(&self, address: Option<IpAddr>) -> bool {
        match (self, address) {
            (Self::Everywhere, _) => true,
            (Self::Only(_), None) => false,
            (Self::Only(networks), Some(address)) => networks.iter().any(|network| network.contains(&address)),
        }
    }
}

impl ApiKeyRow {
    fn is_good(&self, on: Occasion) -> bool {
        self.expires_at > on.now && self.networks.iter().all(|networks| networks.include(on.address))
    }

    /// When the key ends.
    pub(super) fn lasts_until(&self) -> Instant {
        self.expires_at
    }

    /// The role of its account.
    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// The caller, with only those rights that the role, the scopes of the account and the key, and the scopes of the
    /// token include.
    pub(super) fn caller(
        &self,
        key: ApiKeyId,
        policy: &Arc<Policy>,
        of_token: Option<&[String]>,
        OfOrganization { locale: organization, custom }: OfOrganization,
        epoch: Epoch,
    ) -> Caller {
        Caller {
            user_id: self.user_id,
            team_id: self.team_id,
            credential: Credential::Key(key),
            policy: match of_token {
                None => self.narrowed(policy),
                Some(of_token) => Arc::new(policy.narrowed(&self.scopes_among(of_token))),
            },
            account_teams: Arc::clone(&self.account_teams),
            absent: AbsentColleagues::default(),
            departments: self.departments.clone(),
            locale: organization,
            organization,
            custom,
            restriction: None,
            epoch,
        }
    }

    fn scopes_among(&self, of_token: &[String]) -> Vec<&str> {
        self.scopes.iter().filter(|scope| of_token.contains(scope)).map(String::as_str).collect()
    }

    /// `policy` narrowed to the scopes of the account and the key. Made only once, as long as the key and the policy
    /// are cached.
    fn narrowed(&self, policy: &Arc<Policy>) -> Arc<Policy> {
        let scopes = || self.scopes.iter().map(String::as_str).collect::<Vec<_>>();
        let [whole, narrowed] =
            self.narrowed.get_or_init(|| [Arc::clone(policy), Arc::new(policy.narrowed(&scopes()))]);
        match Arc::ptr_eq(whole, policy) {
            true => Arc::clone(narrowed),
            false => Arc::new(policy.narrowed(&scopes())),
        }
    }
}

impl Callers {
    /// The caller who presents a key. `None` unless the key and its account are valid now and from this address.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn of_key(&self, db: &Db, key: &Presented, on: Occasion) -> Result<Option<Arc<Caller>>> {
        let known = self.key(db, key.id, on.now).await?;
        let Some(row) = known.value.as_ref() else { return Ok(None) };
        // The secret is checked first: a caller without it learns nothing about the rest.
        if !key.matches(&row.secret_digest) || !row.is_good(on) {
            return Ok(None);
        }
        self.admit(db, key.id, row, known.epoch, None, on).await.map(Some)
    }

    /// The caller behind an access token that was issued for `key`, narrowed to `scopes` when the token is.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn of_key_token(
        &self,
        db: &Db,
        key: ApiKeyId,
        scopes: Option<&[String]>,
        on: Occasion,
    ) -> Result<Option<Arc<Caller>>> {
        let known = self.key(db, key, on.now).await?;
        match known.value.as_ref() {
            Some(row) if row.is_good(on) => self.admit(db, key, row, known.epoch, scopes, on).await.map(Some),
            _ => Ok(None),
        }
    }

    async fn admit(
        &self,
        db: &Db,
        key: ApiKeyId,
        row: &ApiKeyRow,
        of_row: Epoch,
        scopes: Option<&[String]>,
        on: Occasion,
    ) -> Result<Arc<Caller>> {
        let Remembered { value: policy, epoch, .. } = self.policy(db, row.role, on.now).await?;
        let of_organization =
            OfOrganization { locale: self.organization(db, on.now).await?, custom: self.custom(db, on.now).await? };
        self.uses.note(db, key, on);
        Ok(Arc::new(row.caller(key, &policy, scopes, of_organization, epoch.min(of_row))))
    }

    async fn key(&self, db: &Db, key: ApiKeyId, now: Instant) -> Result<Remembered<Option<Arc<ApiKeyRow>>>> {
        let load = async |db: &AsyncPgConnection| load_key(db, key).await;
        remembered(&self.keys, key, self.as_of(now), db, load).await
    }
}

pub(super) async fn load_key(mut db: &AsyncPgConnection, key: ApiKeyId) -> Result<Option<Arc<ApiKeyRow>>> {
    type Texts = Jsonb<Vec<String>>;
    type Row =
        ((UserId, TeamId, Role), (Texts, Texts, Jsonb<Vec<Uuid>>), (Vec<u8>, Option<Texts>, Texts, Instant), Vec<Uuid>);
    let memberships = account_team_members::table
        .filter(account_team_members::user_id.eq(service_accounts::id))
        .select(account_team_members::client_id);
    let row: Option<Row> = api_keys::table
        .inner_join(service_accounts::table)
        .inner_join(users::table.on(users::id.eq(service_accounts::id)))
        .filter(api_keys::id.eq(key))
        .filter(users::kind.eq("service"))
        .filter(users::status.eq("active"))
        .select((
            (users::id, users::team_id, users::role),
            (service_accounts::scopes, service_accounts::allowed_networks, service_accounts::department_ids),
            (api_keys::secret_digest, api_keys::scopes, api_keys::allowed_networks, api_keys::expires_at),
            array(memberships),
        ))
        .first(&mut db)
        .await
        .optional()?;
    Ok(row.map(
        |((user_id, team_id, role), (Jsonb(of_account), Jsonb(networks), Jsonb(departments)), of_key, memberships)| {
            let (secret_digest, scopes, Jsonb(key_networks), expires_at) = of_key;
            let kept = |scope: &String| scopes.as_ref().is_none_or(|Jsonb(scopes)| scopes.contains(scope));
            Arc::new(ApiKeyRow {
                user_id,
                team_id,
                role,
                secret_digest,
                scopes: of_account.into_iter().filter(kept).collect(),
                expires_at,
                account_teams: memberships.into(),
                departments: (!departments.is_empty()).then(|| departments.into()),
                networks: [Networks::of(&networks), Networks::of(&key_networks)],
                narrowed: OnceLock::new(),
            })
        },
    ))
}

/// Writes down when and from where keys are used: a day and a network, no more.
#[derive(Clone)]
pub(super) struct ApiKeyUses {
    noted: Cache<ApiKeyId, Instant>,
}

/// How often one server writes down that a key is used.
const NOTED_EVERY: chrono::Duration = chrono::Duration::minutes(1);

impl Default for ApiKeyUses {
    fn default() -> Self {
        Self { noted: Cache::builder().max_capacity(10_000).build() }
    }
}

impl ApiKeyUses {
    /// Notes that `key` is used. A new day or network is written in the background, so that the request does not wait
    /// for it.
    fn note(&self, db: &Db, key: ApiKeyId, on: Occasion) {
        if self.noted.get(&key).is_some_and(|last| on.now < last.after(NOTED_EVERY)) {
            return;
        }
        self.noted.insert(key, on.now);
        let db = db.clone();
        actix_web::rt::spawn(async move {
            if let Err(error) = write_use(&db, key, on).await {
                tracing::warn!(%error, %key, "the use of a key was not written down");
            }
        });
    }
}

async fn write_use(db: &Db, key: ApiKeyId, on: Occasion) -> Result<()> {
    let day = on.now.day();
    let network = on.address.map(|address| network::around(address).to_string());
    let mut db = db.connect().await?;
    diesel::update(api_keys::table.find(key))
        .filter(
            api_keys::last_used_on
                .is_distinct_from(day)
                .or(api_keys::last_used_network.is_distinct_from(network.clone())),
        )
        .set((api_keys::last_used_on.eq(day), api_keys::last_used_network.eq(network)))
        .execute(&mut db)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Networks;

    fn include(networks: &[&str], address: Option<&str>) -> bool {
        let texts: Vec<String> = networks.iter().map(|text| (*text).to_owned()).collect();
        Networks::of(&texts).include(address.map(|text| text.parse().unwrap()))
    }

    #[test]
    fn callers_come_from_the_allowed_networks() {
        assert!(include(&[], Some("192.0.2.1")) && include(&[], None));
        let networks = ["192.0.2.0/24", "2001:db8::/48"];
        assert!(include(&networks, Some("192.0.2.255")) && include(&networks, Some("2001:db8:0:1::1")));
        for address in ["192.0.3.0", "2001:db8:1::1", "::1"] {
            assert!(!include(&networks, Some(address)), "{address}");
        }
        assert!(!include(&networks, None), "nobody knows from where");
    }

    #[test]
    fn a_text_that_is_no_network_lets_nobody_in() {
        assert!(!include(&["everywhere"], Some("192.0.2.1")));
    }
}
