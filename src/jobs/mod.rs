//! Background jobs, which run regularly and not for a request.

use std::{rc::Rc, time::Duration};

use actix_web::{rt, web::Data};
use tokio::{
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, timeout, timeout_at},
};

use crate::{
    clock::Clock,
    db::closing_leases,
    error::{Error, Result},
    lifecycle::Lifecycle,
    telemetry::Telemetry,
};

/// How long a step may take: a database that does not answer must not block a job forever. What a step has committed
/// stays, and the next step does the rest.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a shutdown waits for the running steps.
const FAREWELL: Duration = Duration::from_secs(10);

/// The jobs of a server. Each does its step at once and then regularly. A step that fails is logged, counted and tried
/// again. Several servers may do the same step at the same time.
pub struct Jobs {
    clock: Data<Clock>,
    lifecycle: Data<Lifecycle>,
    telemetry: Data<Telemetry>,
    running: Vec<(&'static str, JoinHandle<()>)>,
}

impl Jobs {
    /// No jobs yet.
    pub fn new(clock: Data<Clock>, lifecycle: Data<Lifecycle>, telemetry: Data<Telemetry>) -> Self {
        Self { clock, lifecycle, telemetry, running: Vec::new() }
    }

    /// Starts the job `name`, which does `step` every `period`.
    pub fn every(&mut self, name: &'static str, period: Duration, step: impl AsyncFn() -> Result<()> + 'static) {
        self.within(PATIENCE, name, period, step);
    }

    /// Like [`Jobs::every`], but a step may take as long as `patience`.
    pub fn within(
        &mut self,
        patience: Duration,
        name: &'static str,
        period: Duration,
        step: impl AsyncFn() -> Result<()> + 'static,
    ) {
        let (clock, lifecycle, step) = (Data::clone(&self.clock), Data::clone(&self.lifecycle), Rc::new(step));
        let seconds = move || clock.now().utc().timestamp();
        let meter = self.telemetry.metrics.job(name, seconds());
        let job = async move {
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                // A shutdown interrupts only the wait for the next step, never a step.
                tokio::select! {
                    biased;
                    () = lifecycle.stopped() => return,
                    _ = ticks.tick() => {}
                }
                let done = in_time(patience, step()).await;
                if let Err(error) = &done {
                    tracing::error!(job = name, %error, "a background job failed; trying again");
                }
                meter.ran(done.is_ok(), seconds());
            }
        };
        self.running.push((name, rt::spawn(job)));
    }

    /// Ends every job after its current step.
    pub async fn finish(self) {
        self.lifecycle.stop();
        let deadline = Instant::now() + FAREWELL;
        for (name, mut job) in self.running {
            if timeout_at(deadline, &mut job).await.is_err() {
                tracing::warn!(job = name, "a background job was broken off");
                job.abort();
            }
        }
    }
}

/// The result of `step`, or an error if it takes longer than `patience`; then its connections are closed.
async fn in_time(patience: Duration, step: impl Future<Output = Result<()>>) -> Result<()> {
    let done = timeout(patience, closing_leases(step)).await;
    done.unwrap_or_else(|_late| Err(Error::internal(format!("given up after {} s", patience.as_secs()))))
}

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Duration};

    use super::in_time;

    #[tokio::test]
    async fn a_step_that_gets_no_answer_is_given_up() {
        assert!(in_time(Duration::from_millis(10), pending()).await.is_err());
        assert!(in_time(Duration::from_secs(10), async { Ok(()) }).await.is_ok());
    }
}
