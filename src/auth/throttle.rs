//! Throttling of guesses, counted in the database so that all servers share the count.
//!
//! An attempt is counted before its password is looked at and taken back when it was right: however many attempts run
//! at once, no more than the limit reach the hash.

use std::net::IpAddr;

use chrono::Duration;
use diesel::{
    sql_query,
    sql_types::{BigInt, Integer, Text, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    error::{Error, ProblemType, Result},
    rest::time::Instant,
};

/// How many attempts may fail within five minutes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For one account.
    pub per_account: u32,
    /// From one network: an IPv4 /24 or an IPv6 /56.
    pub per_network: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_account: 10, per_network: 100 }
    }
}

/// The time over which failures are counted.
const WINDOW: Duration = Duration::minutes(5);

/// One attempt to sign in, counted as failed until it succeeds.
pub struct Attempt {
    account: String,
    network: String,
}

#[derive(diesel::QueryableByName)]
struct Counted {
    #[diesel(sql_type = Integer)]
    failures: i32,
    #[diesel(sql_type = BigInt)]
    seconds_left: i64,
}

impl Attempt {
    /// Counts an attempt on `account` from `address`.
    ///
    /// # Errors
    /// 429 when there were too many.
    pub async fn begin(
        db: &mut AsyncPgConnection,
        account: &str,
        address: Option<IpAddr>,
        limits: Limits,
        now: Instant,
    ) -> Result<Self> {
        let attempt = Self { account: format!("account {account}"), network: format!("network {}", network(address)) };
        count(db, &attempt.account, limits.per_account, now).await?;
        count(db, &attempt.network, limits.per_network, now).await?;
        Ok(attempt)
    }

    /// The password was right: the account's failures are forgotten, and the network has one less.
    ///
    /// # Errors
    /// The database's.
    pub async fn succeed(self, db: &mut AsyncPgConnection) -> Result<()> {
        sql_query(
            "WITH forgotten AS (DELETE FROM sign_in_failures WHERE subject = $1) \
             UPDATE sign_in_failures SET failures = failures - 1 WHERE subject = $2 AND failures > 0",
        )
        .bind::<Text, _>(self.account)
        .bind::<Text, _>(self.network)
        .execute(db)
        .await?;
        Ok(())
    }
}

/// Takes one attempt back that was rightly made.
///
/// # Errors
/// The database's.
pub async fn take_back(db: &mut AsyncPgConnection, what: &str, address: Option<IpAddr>) -> Result<()> {
    sql_query("UPDATE sign_in_failures SET failures = failures - 1 WHERE subject = $1 AND failures > 0")
        .bind::<Text, _>(format!("{what} network {}", network(address)))
        .execute(db)
        .await?;
    Ok(())
}

/// Counts a request that needs no sign-in, `what`, from `address`, and on `account` when it names one; it stays counted
/// whatever comes of it. Sign-ins are counted apart, so that nobody is kept from them by such requests.
///
/// # Errors
/// 429 when there were too many.
pub async fn count_request(
    db: &mut AsyncPgConnection,
    what: &str,
    account: Option<&str>,
    address: Option<IpAddr>,
    limits: Limits,
    now: Instant,
) -> Result<()> {
    if let Some(account) = account {
        count(db, &format!("{what} account {account}"), limits.per_account, now).await?;
    }
    count(db, &format!("{what} network {}", network(address)), limits.per_network, now).await
}

async fn count(db: &mut AsyncPgConnection, subject: &str, limit: u32, now: Instant) -> Result<()> {
    let counted: Counted = sql_query(
        "INSERT INTO sign_in_failures AS seen (subject, failures, window_ends_at) VALUES ($1, 1, $2) \
         ON CONFLICT (subject) DO UPDATE SET \
             failures = CASE WHEN seen.window_ends_at <= $3 THEN 1 ELSE seen.failures + 1 END, \
             window_ends_at = CASE WHEN seen.window_ends_at <= $3 THEN $2 ELSE seen.window_ends_at END \
         RETURNING failures, ceil(extract(epoch FROM window_ends_at - $3))::bigint AS seconds_left",
    )
    .bind::<Text, _>(subject)
    .bind::<Timestamptz, _>(now.after(WINDOW))
    .bind::<Timestamptz, _>(now)
    .get_result(db)
    .await?;
    if u32::try_from(counted.failures).is_ok_and(|failures| failures <= limit) {
        return Ok(());
    }
    let seconds = u64::try_from(counted.seconds_left).unwrap_or(1).max(1);
    Err(Error::new(ProblemType::TooManyRequests).retry_after(seconds))
}

/// Attackers have many addresses of one network; so have innocent neighbours few.
fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Some(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{:x}::/56", d & 0xff00)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn neighbours_share_a_network() {
        let of = |text: &str| network(text.parse().ok());
        assert_eq!(of("192.0.2.7"), of("192.0.2.200"));
        assert_ne!(of("192.0.2.7"), of("192.0.3.7"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_eq!(of("2001:db8:0:101::1"), of("2001:db8:0:1ff::2"));
        assert_ne!(of("2001:db8:0:101::1"), of("2001:db8:0:201::1"));
    }
}
