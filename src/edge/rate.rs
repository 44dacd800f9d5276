//! Limits the requests per minute: a token bucket for each caller, in the memory of each server process.
//!
//! A flood from one caller empties only that caller's bucket. The sign-in's own limits are counted in the database
//! ([`crate::auth::throttle`]).

use std::{cell::Cell, hash::Hash, num::NonZeroU32, rc::Rc, sync::Arc, time::Duration};

use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{HeaderMap, HeaderName, HeaderValue},
    web::Data,
};
use governor::{
    Quota, RateLimiter,
    middleware::StateInformationMiddleware,
    state::keyed::{DashMapStateStore, ShrinkableKeyedStateStore},
};

use crate::{
    access::{Identified, UserId},
    clock::Clock,
    error::{Result, Standing},
    http::address,
};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Probes are always answered. If they were refused, a server that is merely busy would be restarted, which makes it
/// worse.
pub const UNLIMITED: [&str; 2] = ["/livez", "/readyz"];

/// Seconds over which a quota is counted.
const WINDOW: u64 = 60;

/// The most buckets of networks. While there are so many, all networks share one more bucket, until old buckets are
/// forgotten.
const MAX_NETWORKS: usize = 100_000;

/// How often buckets that are full again are forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// How many requests a minute are allowed; `None` is without limit.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// For one user or service account.
    pub caller: Option<NonZeroU32>,
    /// For everyone who is not signed in, from one network: an IPv4 /24 or an IPv6 /56.
    pub anonymous: Option<NonZeroU32>,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { caller: NonZeroU32::new(6000), anonymous: NonZeroU32::new(600) }
    }
}

/// Adds the headers that say how much of each limit the caller has left.
pub fn tell(headers: &mut HeaderMap, standings: impl IntoIterator<Item = Standing>) {
    let (policies, limits): (Vec<_>, Vec<_>) = standings
        .into_iter()
        .map(|standing| {
            let Standing { policy, quota, window, remaining, reset } = standing;
            (format!("\"{policy}\";q={quota};w={window}"), format!("\"{policy}\";r={remaining};t={reset}"))
        })
        .unzip();
    for (name, items) in [(RATE_LIMIT_POLICY, policies), (RATE_LIMIT, limits)] {
        if let (false, Ok(value)) = (items.is_empty(), HeaderValue::from_str(&items.join(", "))) {
            headers.insert(name, value);
        }
    }
}

/// What the answer will say about the caller's rate limit, stored with the request.
#[derive(Clone, Default)]
pub struct Slate(Rc<Cell<Option<Standing>>>);

impl Slate {
    /// What was noted.
    pub fn read(&self) -> Option<Standing> {
        self.0.get()
    }
}

/// The buckets of one server process.
pub struct Rates {
    callers: Option<Buckets<UserId>>,
    networks: Option<Buckets<Arc<str>>>,
}

impl Rates {
    /// Begins with full buckets.
    pub fn new(quotas: Quotas, clock: &Clock) -> Self {
        Self {
            callers: quotas.caller.map(|quota| Buckets::new(quota, clock)),
            networks: quotas.anonymous.map(|quota| Buckets::new(quota, clock)),
        }
    }

    /// Forgets buckets that are full again, at regular intervals, for as long as it is awaited.
    pub async fn forget_regularly(&self) {
        let mut ticks = tokio::time::interval(FORGET_EVERY);
        loop {
            ticks.tick().await;
            self.forget();
        }
    }

    /// Forgets buckets that are full again: they are as good as new ones.
    pub fn forget(&self) {
        self.callers.iter().for_each(Buckets::forget);
        self.networks.iter().for_each(Buckets::forget);
    }

    /// Takes one request out of the bucket of the sender of `request`.
    fn take(&self, request: &HttpRequest) -> Option<Result<Standing, Standing>> {
        if let Some(Identified::Caller(caller)) = request.extensions().get::<Identified>() {
            return self.callers.as_ref().map(|buckets| buckets.take(&caller.user_id));
        }
        let network: Arc<str> = address::network(address::of(request)).into();
        self.networks.as_ref().map(|buckets| buckets.take_within(network, MAX_NETWORKS, "others".into()))
    }
}

/// Takes `request` out of its caller's bucket, and notes what the answer will say.
///
/// # Errors
/// 429 when the bucket is empty.
pub fn take(request: &HttpRequest) -> Result<()> {
    if UNLIMITED.contains(&request.path()) {
        return Ok(());
    }
    let Some(rates) = request.app_data::<Data<Rates>>() else { return Ok(()) };
    let Some(taken) = rates.take(request) else { return Ok(()) };
    let slate = request.extensions().get::<Slate>().cloned().unwrap_or_default();
    match taken {
        Ok(standing) => {
            slate.0.set(Some(standing));
            Ok(())
        }
        Err(standing) => Err(standing.refusal()),
    }
}

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, Clock, StateInformationMiddleware>;

struct Buckets<K: Hash + Eq + Clone> {
    quota: NonZeroU32,
    clock: Clock,
    limiter: Limiter<K>,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    fn new(quota: NonZeroU32, clock: &Clock) -> Self {
        let limiter = RateLimiter::new(Quota::per_minute(quota), DashMapStateStore::default(), clock.clone());
        Self { quota, clock: clock.clone(), limiter }
    }

    fn take(&self, key: &K) -> Result<Standing, Standing> {
        let refill = Duration::from_secs(WINDOW) / self.quota.get();
        match self.limiter.check_key(key) {
            Ok(state) => Ok(self.standing(state.remaining_burst_capacity(), refill)),
            Err(until) => Err(self.standing(0, until.wait_time_from(governor::clock::Clock::now(&self.clock)))),
        }
    }

    /// As [`Buckets::take`]; once there are `most` buckets, out of the bucket of `others` instead.
    fn take_within(&self, key: K, most: usize, others: K) -> Result<Standing, Standing> {
        let key = if self.limiter.len() < most { key } else { others };
        self.take(&key)
    }

    fn standing(&self, remaining: u32, more_in: Duration) -> Standing {
        let reset = more_in.as_millis().div_ceil(1000).max(1);
        let reset = u64::try_from(reset).unwrap_or(WINDOW);
        Standing { policy: "default", quota: self.quota.get(), window: WINDOW, remaining, reset }
    }

    fn forget(&self)
    where
        DashMapStateStore<K>: ShrinkableKeyedStateStore<K>,
    {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use actix_web::http::header::HeaderMap;
    use chrono::Duration;

    use super::{Buckets, tell};
    use crate::{clock::Clock, error::Standing};

    fn buckets(quota: u32) -> (Buckets<&'static str>, Clock) {
        let clock = Clock::standing("2026-11-24T10:00:00Z".parse().unwrap());
        (Buckets::new(NonZeroU32::new(quota).unwrap(), &clock), clock)
    }

    #[test]
    fn a_bucket_empties_and_fills_again_evenly() {
        let (buckets, clock) = buckets(6);
        for left in (0..6).rev() {
            let standing = buckets.take(&"ann").unwrap();
            assert_eq!((standing.quota, standing.remaining, standing.reset), (6, left, 10));
        }
        assert_eq!(buckets.take(&"ann").unwrap_err().reset, 10);
        clock.advance(Duration::milliseconds(9_500));
        assert_eq!(buckets.take(&"ann").unwrap_err().reset, 1);
        clock.advance(Duration::milliseconds(500));
        assert_eq!(buckets.take(&"ann").unwrap().remaining, 0);
        assert!(buckets.take(&"ann").is_err());
        clock.advance(Duration::hours(1));
        assert_eq!(buckets.take(&"ann").unwrap().remaining, 5);
    }

    #[test]
    fn each_key_has_its_own_bucket() {
        let (buckets, _) = buckets(1);
        assert!(buckets.take(&"ann").is_ok() && buckets.take(&"ann").is_err());
        assert!(buckets.take(&"bob").is_ok());
    }

    #[test]
    fn there_are_never_more_buckets_than_allowed() {
        let (buckets, clock) = buckets(1);
        let names = ["a", "b", "c", "d", "e"];
        let taken = names.map(|name| buckets.take_within(name, 3, "others").is_ok());
        // The fourth key has the bucket of all others, and the fifth finds it empty.
        assert_eq!(taken, [true, true, true, true, false]);
        assert_eq!(buckets.limiter.len(), 4);
        clock.advance(Duration::minutes(2));
        buckets.forget();
        assert_eq!(buckets.limiter.len(), 0);
        assert!(buckets.take_within("e", 3, "others").is_ok());
    }

    #[test]
    fn standings_are_told_as_structured_fields() {
        let mut headers = HeaderMap::new();
        let default = Standing { policy: "default", quota: 6000, window: 60, remaining: 5999, reset: 1 };
        let account = Standing { policy: "account", quota: 10, window: 300, remaining: 0, reset: 240 };
        tell(&mut headers, [default, account]);
        assert_eq!(headers.get("ratelimit-policy").unwrap(), r#""default";q=6000;w=60, "account";q=10;w=300"#);
        assert_eq!(headers.get("ratelimit").unwrap(), r#""default";r=5999;t=1, "account";r=0;t=240"#);
        let mut headers = HeaderMap::new();
        tell(&mut headers, []);
        assert!(headers.is_empty());
    }
}
