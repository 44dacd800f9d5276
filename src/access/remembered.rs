//! Remembers what was read from the database for a second, or until the rights of a caller change.

use std::{hash::Hash, sync::Arc};

use diesel_async::AsyncPgConnection;
use moka::future::Cache;

use super::rights_epoch::{self, Epoch};
use crate::{
    db::{Cost, Db},
    error::{Error, Result},
    values::Instant,
};

/// How long a change of a user, a session or a policy by another server may go unseen.
const SEEN_WITHIN: chrono::Duration = chrono::Duration::seconds(1);

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
    pub(super) now: Instant,
    pub(super) epoch: Epoch,
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use chrono::Duration;
    use futures_util::future::join_all;
    use moka::future::Cache;
    use tokio::task::yield_now;

    use super::{AsOf, known_or};
    use crate::{
        error::{Error, ProblemType},
        values::Instant,
    };

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
