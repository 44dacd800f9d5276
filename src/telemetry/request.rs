//! One request, from its head to the head of its answer: it is counted, traced, and logged in one line.

use std::{
    cell::Cell,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{HttpMessage, dev::ServiceRequest, http::StatusCode, web::Data};
use opentelemetry::{Context, KeyValue, context::FutureExt, trace::TraceContextExt};

use super::{Telemetry, metrics::Ending, traces};
use crate::{
    access::UserId,
    error::{Error, ProblemType},
    http::Operation,
};

/// Requests that take this long are logged, even if they succeed.
const SLOW: Duration = Duration::from_secs(1);

/// Who sent a request, once that is known. It is kept apart, since the request itself may have been dropped when its
/// answer is ready.
#[derive(Clone, Default)]
pub struct Sender(Rc<Cell<Option<UserId>>>);

impl Sender {
    /// Sets the sender to `user`.
    pub fn is(&self, user: UserId) {
        self.0.set(Some(user));
    }
}

/// Watches a request that is being answered.
pub struct Watch {
    telemetry: Data<Telemetry>,
    operation: Arc<Operation>,
    began: Instant,
    sender: Sender,
    context: Option<Context>,
    is_over: bool,
}

/// How a request was answered.
pub struct Answered<'a> {
    /// The request's id.
    pub request_id: &'a str,
    /// The answer's status.
    pub status: StatusCode,
    /// Why the request failed, if it did.
    pub failure: Option<&'a Error>,
    /// The size of the body in bytes, when it is known before sending.
    pub bytes: Option<u64>,
}

impl Watch {
    /// Begins to watch `request`; `None` only when the app has no telemetry.
    pub fn begin(request: &ServiceRequest) -> Option<Self> {
        let telemetry = request.app_data::<Data<Telemetry>>()?.clone();
        telemetry.metrics.began();
        let operation = Arc::clone(telemetry.metrics.operations.find(request.method(), request.path()));
        let context = telemetry.traces.as_ref().map(|traces| traces.begin(request, &operation));
        let sender = Sender::default();
        request.extensions_mut().insert(sender.clone());
        Some(Self { telemetry, operation, began: Instant::now(), sender, context, is_over: false })
    }

    /// The tracing context to handle the request in, when it is traced.
    pub fn context(&self) -> Option<Context> {
        self.context.clone()
    }

    /// Ends the watch: the answer is ready.
    pub fn end(mut self, answered: &Answered<'_>) {
        self.is_over = true;
        let taken = self.began.elapsed();
        let metrics = &self.telemetry.metrics;
        metrics.ended(&self.operation, Ending::Answered(answered.status), taken);
        if let Some(failure) = answered.failure {
            metrics.refused(failure.problem());
        }
        self.log(answered, taken);
        if let Some(context) = &self.context {
            let user = self.sender.0.get().map(|user| KeyValue::new("user.id", user.to_string()));
            let id = KeyValue::new("liaison.request_id", answered.request_id.to_owned());
            let failed = answered.status.is_server_error();
            let error = failed.then(|| answered.failure.map_or_else(String::new, |failure| failure.problem().code()));
            traces::end(context, answered.status.as_u16(), error, user.into_iter().chain([id]));
        }
    }

    /// Logs one line. A failure with an internal cause is an error; any other 5xx answer is a warning; a refused or
    /// slow request is logged as information, and all others only if the settings ask for it. Requests refused because
    /// of overload are logged once a second at most, with the number of lines held back before.
    fn log(&self, answered: &Answered<'_>, taken: Duration) {
        let Operation { method, path: route, id: operation, .. } = &*self.operation;
        let Answered { request_id, status, failure, bytes } = *answered;
        let problem = failure.map(Error::problem);
        if problem.is_none() && taken < SLOW && !self.telemetry.logs_all_requests {
            return;
        }
        let mut held_back = None;
        if problem == Some(ProblemType::Overloaded) {
            let Some(count) = self.telemetry.overload.take(Instant::now()) else { return };
            held_back = Some(count);
        }
        let code = problem.map(ProblemType::code);
        let (status, is_server_error) = (status.as_u16(), status.is_server_error());
        let user_id = self.sender.0.get().map(tracing::field::display);
        let trace_id = self.context.as_ref().map(|context| context.span().span_context().trace_id());
        let (trace_id, code) = (trace_id.map(tracing::field::display), code.as_deref());
        let ms = (taken.as_secs_f64() * 1e6).round() / 1e3;
        if let Some(cause) = failure.and_then(Error::cause) {
            #[rustfmt::skip]
            tracing::error!(
                request_id, method, route, operation, status, duration_ms = ms, user_id, bytes, trace_id, code, cause,
                "request failed"
            );
        } else if is_server_error {
            #[rustfmt::skip]
            tracing::warn!(
                request_id, method, route, operation, status, duration_ms = ms, user_id, bytes, trace_id, code, held_back,
                "request refused"
            );
        } else {
            // ASVS 16.3.3: attempts to get around a rule are logged, even where nothing is written into the audit log.
            let message = if code.is_some() { "request refused" } else { "request answered" };
            #[rustfmt::skip]
            tracing::info!(
                request_id, method, route, operation, status, duration_ms = ms, user_id, bytes, trace_id, code,
                "{message}"
            );
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        self.telemetry.metrics.ended(&self.operation, Ending::Aborted, self.began.elapsed());
        if let Some(context) = &self.context {
            traces::abort(context);
        }
    }
}

/// Does `work` in `context`.
pub async fn within<T>(context: Option<Context>, work: impl Future<Output = T>) -> T {
    match context {
        Some(context) => work.with_context(context).await,
        None => work.await,
    }
}
