//! Limits how many requests a worker answers at once. More requests wait in a queue, as long as the wait is short: a
//! server that accepts more than it can do answers nobody in time.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, time::Duration};

use actix_web::{
    Error as ActixError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use tokio::{sync::oneshot, time::Instant};

use super::rate::UNLIMITED;
use crate::{
    error::{Error, ProblemType, Result},
    telemetry::{Metrics, QueueMeter},
};

/// The most requests of a class that a worker answers at once. Each takes a bounded amount of memory, and with more at
/// once none would finish sooner.
const RUNNING: usize = 64;
/// The most requests that wait in the queue.
const WAITING: usize = 512;
/// How long the last request in the queue may have to wait, as estimated from the worker's pace.
const PATIENCE: Duration = Duration::from_millis(500);
/// Seconds after which a refused caller may try again.
const RETRY_AFTER: u64 = 1;
/// The weight of the latest time between two answers in the average.
const WEIGHT: f64 = 0.05;

/// The gates of one worker. Reads have their own gate, so that changes that all wait for the same thing do not block
/// them.
pub struct Gates {
    reads: Gate,
    changes: Gate,
}

impl Gates {
    /// Open gates, which report to `metrics`.
    pub fn new(metrics: &Metrics) -> Self {
        Self { reads: Gate::new(metrics.class("read")), changes: Gate::new(metrics.class("change")) }
    }
}

/// Lets requests of one class in. A worker is one thread, so the gate needs no lock.
#[derive(Clone)]
struct Gate(Rc<RefCell<Inner>>);

struct Inner {
    /// The meter of all workers together.
    meter: QueueMeter,
    running: usize,
    waiting: VecDeque<oneshot::Sender<Place>>,
    /// Seconds between two answers while other requests waited, on average.
    pace: f64,
    /// When a waiting request last got a place. It is `None` once a place has come free while nobody waited: the time
    /// until the next handover then says nothing about the pace.
    last_done: Option<Instant>,
}

/// The right of one request to run. The request that has waited longest gets it next.
struct Place(Option<Gate>);

impl Gate {
    fn new(meter: QueueMeter) -> Self {
        Self(Rc::new(RefCell::new(Inner { meter, running: 0, waiting: VecDeque::new(), pace: 0.0, last_done: None })))
    }

    /// A place, at once or when one comes free.
    ///
    /// # Errors
    /// 503 at once when the wait would be too long.
    async fn enter(&self) -> Result<Place> {
        let turn = {
            let mut inner = self.0.borrow_mut();
            if inner.running < RUNNING {
                inner.running += 1;
                inner.meter.running.inc();
                return Ok(Place(Some(self.clone())));
            }
            if inner.is_full() {
                return Err(Error::new(ProblemType::Overloaded).retry_after(RETRY_AFTER));
            }
            let (place, turn) = oneshot::channel();
            inner.waiting.push_back(place);
            inner.meter.waiting.inc();
            turn
        };
        let since = Instant::now();
        let place = turn.await.map_err(Error::internal)?;
        self.0.borrow().meter.waited(since.elapsed());
        Ok(place)
    }

    /// Gives the place of a finished request to the next one.
    fn leave(&self) {
        let mut place = Place(Some(self.clone()));
        loop {
            let Some(next) = self.0.borrow_mut().next() else { break };
            match next.send(place) {
                Ok(()) => {
                    self.0.borrow_mut().handed_on();
                    return;
                }
                // The waiting request has been given up.
                Err(unwanted) => place = unwanted,
            }
        }
        place.0 = None;
        let mut inner = self.0.borrow_mut();
        inner.running -= 1;
        inner.meter.running.dec();
        inner.last_done = None;
    }
}

impl Inner {
    #[expect(clippy::cast_precision_loss, reason = "at most 512")]
    fn is_full(&self) -> bool {
        let waiting = self.waiting.len();
        waiting >= WAITING || waiting as f64 * self.pace > PATIENCE.as_secs_f64()
    }

    fn next(&mut self) -> Option<oneshot::Sender<Place>> {
        let next = self.waiting.pop_front()?;
        self.meter.waiting.dec();
        Some(next)
    }

    /// Notes that a waiting request got the place of a finished one. Requests that were given up while they waited say
    /// nothing about the pace.
    fn handed_on(&mut self) {
        let now = Instant::now();
        if let Some(last) = self.last_done {
            self.pace += WEIGHT * (now.duration_since(last).as_secs_f64() - self.pace);
        }
        self.last_done = Some(now);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(gate) = self.0.take() {
            gate.leave();
        }
    }
}

/// Lets `request` wait for its turn, or refuses it before it is processed at all. Probes do not wait.
///
/// # Errors
/// Only errors of the framework itself, which our handlers do not cause.
pub async fn bound<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, ActixError> {
    let gates = request.app_data::<Data<Gates>>().filter(|_| !UNLIMITED.contains(&request.path()));
    let gate = gates.map(|gates| if request.method().is_safe() { &gates.reads } else { &gates.changes }).cloned();
    let Some(gate) = gate else {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    };
    match gate.enter().await {
        Ok(_place) => next.call(request).await.map(ServiceResponse::map_into_left_body),
        Err(refused) => Ok(request.error_response(refused).map_into_right_body()),
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use futures_util::FutureExt;
    use tokio::time::sleep;

    use super::{Gate, Place, RUNNING, WAITING};
    use crate::{http::Operations, telemetry::Metrics};

    fn gate() -> Gate {
        Gate::new(Metrics::new(Arc::new(Operations::of([]))).class("read"))
    }

    fn filled(gate: &Gate) -> Vec<Place> {
        (0..RUNNING).map(|_| gate.enter().now_or_never().unwrap().unwrap()).collect()
    }

    #[tokio::test]
    async fn those_who_wait_come_in_their_turn() {
        let gate = gate();
        let mut places = filled(&gate);
        let (mut first, mut second) = (Box::pin(gate.enter()), Box::pin(gate.enter()));
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        places.pop();
        assert!((&mut second).now_or_never().is_none());
        let place = first.now_or_never().unwrap().unwrap();
        drop(place);
        assert!(second.now_or_never().is_some());
    }

    #[tokio::test]
    async fn who_is_gone_keeps_no_place() {
        let gate = gate();
        let mut places = filled(&gate);
        let mut gone = Box::pin(gate.enter());
        assert!((&mut gone).now_or_never().is_none());
        drop(gone);
        places.clear();
        assert_eq!(gate.0.borrow().running, 0);
        assert_eq!(filled(&gate).len(), RUNNING);
    }

    #[tokio::test]
    async fn a_place_that_was_given_to_one_who_goes_is_given_on() {
        let gate = gate();
        let mut places = filled(&gate);
        let (mut goes, mut stays) = (Box::pin(gate.enter()), Box::pin(gate.enter()));
        assert!((&mut goes).now_or_never().is_none());
        assert!((&mut stays).now_or_never().is_none());
        places.pop();
        drop(goes);
        assert!(stays.now_or_never().is_some());
    }

    #[tokio::test]
    async fn no_more_wait_than_there_is_room_for() {
        let gate = gate();
        let _places = filled(&gate);
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(gate.enter())).collect();
        assert!(waiting.iter_mut().all(|turn| turn.now_or_never().is_none()));
        let refused = gate.enter().now_or_never().unwrap().err().unwrap();
        assert_eq!(refused.problem().code(), "overloaded");
    }

    #[tokio::test]
    async fn the_metrics_tell_who_runs_and_who_waits() {
        let gate = gate();
        let counts = || {
            let inner = gate.0.borrow();
            (inner.meter.running.get(), inner.meter.waiting.get())
        };
        let mut places = filled(&gate);
        let full = i64::try_from(RUNNING).unwrap();
        let (mut waits, mut goes) = (Box::pin(gate.enter()), Box::pin(gate.enter()));
        assert!((&mut waits).now_or_never().is_none());
        assert!((&mut goes).now_or_never().is_none());
        assert_eq!(counts(), (full, 2));
        drop(goes);
        places.pop();
        assert_eq!(counts(), (full, 1));
        drop(waits.now_or_never().unwrap().unwrap());
        drop(places);
        assert_eq!(counts(), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn none_waits_longer_than_patience_at_the_pace_there_is() {
        let gate = gate();
        let mut places = filled(&gate);
        let mut waiting: Vec<_> = (0..60).map(|_| Box::pin(gate.enter())).collect();
        assert!(waiting.iter_mut().all(|turn| turn.now_or_never().is_none()));
        for _ in 0..30 {
            sleep(Duration::from_millis(30)).await;
            places.pop();
        }
        // 30 requests wait, and the last answers took about 30 ms each, so the last request would wait for 900 ms.
        assert!(gate.enter().now_or_never().unwrap().is_err());
        drop(waiting);
        drop(places);
        assert!(gate.enter().now_or_never().unwrap().is_ok());
    }
}
