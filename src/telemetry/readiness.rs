//! Whether the server can serve, and why not. The database is asked once a second at most, however often the server is
//! asked.

use std::time::Duration;

use actix_web::web::Data;
use strum::{AsRefStr, EnumIter};
use tokio::{sync::Mutex, time::timeout};

use super::Telemetry;
use crate::{
    access::token_keys::KeyRing,
    clock::Clock,
    db::{Db, closing_leases, migrations},
    error::{Error, ProblemType, Result},
    lifecycle::Lifecycle,
    values::Instant,
};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_millis(900);
/// How long an answer is reused.
const HOLDS: chrono::Duration = chrono::Duration::seconds(1);
/// The `Retry-After` seconds of a draining server: it does not come back, and another server takes its place.
const AFTER_DRAINING: u64 = 5;

/// Why a server is not ready. The answer contains the name in snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    /// The server is about to end.
    Draining,
    /// The database cannot be reached.
    DatabaseUnreachable,
    /// The database does not answer within a second.
    DatabaseSlow,
    /// A migration that this server needs has not run.
    MigrationsPending,
    /// There is no key to sign access tokens with.
    SigningKeyMissing,
}

/// The result of a check.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Why the server is not ready; empty when it is.
    pub reasons: Vec<Reason>,
    cause: Option<String>,
}

impl Findings {
    fn of(reason: Reason, cause: Option<String>) -> Self {
        Self { reasons: vec![reason], cause }
    }

    /// An error when there is a reason not to be ready.
    ///
    /// # Errors
    /// `not_ready`, with the reasons.
    pub fn into_result(self) -> Result<()> {
        if self.reasons.is_empty() {
            return Ok(());
        }
        let wait = if self.reasons.contains(&Reason::Draining) { AFTER_DRAINING } else { 1 };
        let names: Vec<&str> = self.reasons.iter().map(AsRef::as_ref).collect();
        let told = names.join(", ");
        let error = Error::new(ProblemType::NotReady)
            .detail(format!("Not ready: {told}."), format!("Не готов: {told}."))
            .with("reasons", names)
            .retry_after(wait);
        Err(match self.cause {
            Some(cause) => error.because(cause),
            None => error,
        })
    }
}

/// Checks readiness and remembers the last result.
pub struct Readiness {
    clock: Data<Clock>,
    keys: Data<KeyRing>,
    lifecycle: Data<Lifecycle>,
    telemetry: Data<Telemetry>,
    last: Mutex<Option<(Instant, Findings)>>,
}

impl Readiness {
    /// A check that has no result yet.
    pub fn new(
        clock: Data<Clock>,
        keys: Data<KeyRing>,
        lifecycle: Data<Lifecycle>,
        telemetry: Data<Telemetry>,
    ) -> Self {
        Self { clock, keys, lifecycle, telemetry, last: Mutex::default() }
    }

    /// The current state, or the one found within the last second. Callers during a check wait for its result.
    pub async fn check(&self, db: &Db) -> Findings {
        if self.lifecycle.is_draining() {
            self.telemetry.metrics.is_ready_but_for(&[Reason::Draining]);
            return Findings::of(Reason::Draining, None);
        }
        let mut last = self.last.lock().await;
        let now = self.clock.now();
        if let Some((at, findings)) = &*last
            && (now.utc() - at.utc()).abs() < HOLDS
        {
            return findings.clone();
        }
        let findings = match timeout(PATIENCE, closing_leases(self.look(db, now))).await {
            Ok(findings) => findings,
            Err(_late) => Findings::of(Reason::DatabaseSlow, None),
        };
        self.telemetry.metrics.is_ready_but_for(&findings.reasons);
        *last = Some((self.clock.now(), findings.clone()));
        findings
    }

    async fn look(&self, db: &Db, now: Instant) -> Findings {
        let standing = async { migrations::standing(&mut *db.connect().await?).await };
        let mut findings = match standing.await {
            Ok(standing) if standing.pending > 0 => Findings::of(Reason::MigrationsPending, None),
            Ok(_) => Findings::default(),
            Err(error) => Findings::of(Reason::DatabaseUnreachable, Some(error.to_string())),
        };
        if self.keys.current().signing(now).is_none() {
            findings.reasons.push(Reason::SigningKeyMissing);
        }
        findings
    }
}
