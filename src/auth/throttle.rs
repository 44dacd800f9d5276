//! Throttling of guesses, counted in the database so that all servers share the count.
//!
//! An attempt is counted before its password is checked, and the count is taken back when the password was right. So no
//! more passwords than the limit are hashed, even when many attempts run at once. Accounts that do not exist are
//! counted like others, so that no answer tells them apart.
//!
//! A known device has a budget of its own, apart from those of the account and of the network. Besides the budgets of
//! five minutes, there is a limit on failures in a row. Only a success or a reset of the password resets that count.

use std::{collections::BTreeSet, net::IpAddr};

use chrono::Duration;
use diesel::{
    ExpressionMethods, QueryDsl, sql_query,
    sql_types::{Array, BigInt, Integer, Text, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::device::Device;
use crate::{
    db::schema::sign_in_streaks,
    error::{Result, Standing},
    http::address,
    values::Instant,
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

/// Maximum number of failures in a row: for an account from unknown devices, and for each known device (NIST SP
/// 800-63B-4, 3.2.2).
const MAX_STREAK: i32 = 100;

/// One attempt to sign in, counted as failed until it succeeds.
pub struct Attempt {
    account: String,
    device: Option<String>,
    network: Option<String>,
    spent: bool,
}

#[derive(diesel::QueryableByName)]
struct Counted {
    #[diesel(sql_type = Integer)]
    failures: i32,
    #[diesel(sql_type = BigInt)]
    seconds_left: i64,
}

impl Attempt {
    /// Counts an attempt on `account` from `address`, or of a known device of its user.
    ///
    /// # Errors
    /// 429 when there were too many.
    pub async fn begin(
        db: &mut AsyncPgConnection,
        account: &str,
        device: Option<&Device>,
        address: Option<IpAddr>,
        limits: Limits,
        now: Instant,
    ) -> Result<Self> {
        let account = account_subject(account);
        if let Some(device) = device.map(Device::subject) {
            count(db, "device", &device, limits.per_account, now).await?;
            if streak(db, &device, now).await? <= MAX_STREAK {
                return Ok(Self { account, device: Some(device), network: None, spent: false });
            }
            // Somebody has stolen this token and guesses with it, so the attempt counts as one without a token.
        }
        let network = format!("network {}", address::network(address));
        count(db, "account", &account, limits.per_account, now).await?;
        count(db, "network", &network, limits.per_network, now).await?;
        let spent = streak(db, &account, now).await? > MAX_STREAK;
        Ok(Self { account, device: None, network: Some(network), spent })
    }

    /// Whether there were so many failures in a row that even a right password is refused. The password is checked all
    /// the same, so that the time of the answer reveals nothing.
    pub fn is_spent(&self) -> bool {
        self.spent
    }

    /// The password was right: the failures of the account or the device are forgotten, the count of the network goes
    /// down by one, and the streaks end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn succeed(self, db: &mut AsyncPgConnection) -> Result<()> {
        sql_query(
            "WITH forgotten AS (DELETE FROM sign_in_failures WHERE subject = $1), \
                  ended AS (DELETE FROM sign_in_streaks WHERE subject IN ($1, $2)) \
             UPDATE sign_in_failures SET failures = failures - 1 WHERE subject = $3 AND failures > 0",
        )
        .bind::<Text, _>(self.device.as_ref().unwrap_or(&self.account))
        .bind::<Text, _>(&self.account)
        .bind::<Text, _>(self.network.unwrap_or_default())
        .execute(db)
        .await?;
        Ok(())
    }
}

/// Takes one counted attempt back, because it succeeded.
///
/// # Errors
/// When the database fails.
pub async fn take_back(db: &mut AsyncPgConnection, what: &str, address: Option<IpAddr>) -> Result<()> {
    sql_query("UPDATE sign_in_failures SET failures = failures - 1 WHERE subject = $1 AND failures > 0")
        .bind::<Text, _>(format!("{what} network {}", address::network(address)))
        .execute(db)
        .await?;
    Ok(())
}

/// Counts a request of the kind `what`, which needs no sign-in, from `address`, and on `account` when it names one. It
/// stays counted whether it succeeds or not, until [`take_back`]. Sign-ins are counted apart, so that such requests
/// keep nobody from signing in.
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
        count(db, "account", &format!("{what} account {account}"), limits.per_account, now).await?;
    }
    count(db, "network", &format!("{what} network {}", address::network(address)), limits.per_network, now).await
}

/// Ends the streak of an account, because its password was replaced.
///
/// # Errors
/// When the database fails.
pub async fn forget_streak(db: &mut AsyncPgConnection, account: &str) -> Result<()> {
    diesel::delete(sign_in_streaks::table.find(account_subject(account))).execute(db).await?;
    Ok(())
}

/// Forgets the attempts with these e-mail addresses, because whoever they are of was erased.
///
/// # Errors
/// When the database fails.
pub async fn forget_addresses(db: &mut AsyncPgConnection, addresses: &BTreeSet<String>) -> Result<()> {
    let accounts: Vec<String> = addresses.iter().map(|address| format!("account {address}")).collect();
    sql_query(
        "WITH accounts AS (SELECT unnest($1) AS account), \
              streaks AS (DELETE FROM sign_in_streaks USING accounts WHERE right(subject, length(account)) = account) \
         DELETE FROM sign_in_failures USING accounts WHERE right(subject, length(account)) = account",
    )
    .bind::<Array<Text>, _>(accounts)
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes streaks that no longer matter: of accounts that do not exist, and of devices whose tokens have expired.
///
/// # Errors
/// When the database fails.
pub async fn sweep(db: &mut AsyncPgConnection, now: Instant) -> Result<()> {
    sql_query(
        "DELETE FROM sign_in_streaks WHERE last_at <= $1 AND subject LIKE 'account %' \
             AND NOT EXISTS (SELECT FROM users WHERE 'account ' || email = subject) \
         OR last_at <= $2 AND subject LIKE 'device %'",
    )
    .bind::<Timestamptz, _>(now.after(-Duration::days(1)))
    .bind::<Timestamptz, _>(now.after(-Duration::days(366)))
    .execute(db)
    .await?;
    Ok(())
}

fn account_subject(account: &str) -> String {
    format!("account {account}")
}

/// Counts one more failure in a row, and returns how many there are now.
async fn streak(db: &mut AsyncPgConnection, subject: &str, now: Instant) -> Result<i32> {
    let row = (sign_in_streaks::subject.eq(subject), sign_in_streaks::failures.eq(1), sign_in_streaks::last_at.eq(now));
    let more = sign_in_streaks::failures + 1;
    let failures = diesel::insert_into(sign_in_streaks::table)
        .values(row)
        .on_conflict(sign_in_streaks::subject)
        .do_update()
        .set((sign_in_streaks::failures.eq(more), sign_in_streaks::last_at.eq(now)))
        .returning(sign_in_streaks::failures)
        .get_result(db)
        .await?;
    Ok(failures)
}

async fn count(
    db: &mut AsyncPgConnection,
    policy: &'static str,
    subject: &str,
    limit: u32,
    now: Instant,
) -> Result<()> {
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
    let seconds = |number: i64| u64::try_from(number).unwrap_or(1).max(1);
    let (window, reset) = (seconds(WINDOW.num_seconds()), seconds(counted.seconds_left));
    Err(Standing { policy, quota: limit, window, remaining: 0, reset }.refusal())
}
