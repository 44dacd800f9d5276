//! Traces by OTLP over HTTP, when a collector is configured.

use std::time::Duration;

use actix_web::{
    dev::ServiceRequest,
    http::{
        Version,
        header::{HeaderMap, HeaderName},
    },
};
use async_trait::async_trait;
use opentelemetry::{
    Context, Key, KeyValue,
    propagation::{Extractor, TextMapPropagator},
    trace::{SpanKind, Status, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracer, SdkTracerProvider},
};

use ureq::Agent;

use super::queries;
use crate::{
    error::{Error, Result},
    http::Operation,
    outgoing,
};

/// How long a collector may take to answer unless the environment says otherwise: the default of the OTLP
/// specification.
const PATIENCE: Duration = Duration::from_secs(10);

/// `OTEL_EXPORTER_OTLP_TRACES_TIMEOUT` or `OTEL_EXPORTER_OTLP_TIMEOUT`, in milliseconds. The exporter leaves these
/// timeouts to its HTTP client.
fn patience() -> Duration {
    let named = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
    let set = named.into_iter().find_map(|name| std::env::var(name).ok()?.parse().ok());
    set.map_or(PATIENCE, Duration::from_millis)
}

/// How long the server's shutdown waits for the collector.
const FAREWELL: Duration = Duration::from_secs(5);

/// Where traces go.
#[derive(Clone, Debug)]
pub struct Endpoint(String);

impl Endpoint {
    /// The complete address.
    ///
    /// # Errors
    /// When `url` is not an `http` or `https` address.
    pub fn parse(url: &str) -> Result<Self, &'static str> {
        let sound = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        sound.then(|| Self(url.to_owned())).ok_or("not an address such as http://127.0.0.1:4318")
    }

    /// The address for traces under the address of a collector, as the OTLP specification defines it.
    ///
    /// # Errors
    /// When `url` is not an `http` or `https` address.
    pub fn under(base: &str) -> Result<Self, &'static str> {
        Self::parse(base).map(|Self(base)| Self(format!("{}/v1/traces", base.trim_end_matches('/'))))
    }
}

/// Makes spans and sends them. A span names the operation and its result; it contains no actual path or query, no
/// header and no parameter of a statement.
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    callers: TraceContextPropagator,
}

impl Traces {
    /// Starts tracing. A separate thread sends spans every few seconds, and drops them when the collector does not
    /// accept them.
    ///
    /// # Errors
    /// When the `OTEL_…` variables ask for something that is not supported.
    pub fn start(endpoint: &Endpoint) -> Result<Self> {
        let exporter = SpanExporter::builder().with_http().with_endpoint(&endpoint.0);
        let exporter = exporter.with_http_client(Sender(outgoing::client(patience()))).build();
        let exporter = exporter.map_err(|error| Error::internal(format!("OTEL_EXPORTER_OTLP_ENDPOINT: {error}")))?;
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
        queries::observe();
        Ok(Self { tracer: provider.tracer("liaison"), provider, callers: TraceContextPropagator::new() })
    }

    /// The span of `request` in its context, under the caller's span when there is one (W3C Trace Context).
    pub fn begin(&self, request: &ServiceRequest, operation: &Operation) -> Context {
        let parent = self.callers.extract_with_context(&Context::new(), &Headers(request.headers()));
        let name = format!("{} {}", operation.method, operation.path);
        let span = self.tracer.span_builder(name.trim_end().to_owned()).with_kind(SpanKind::Server).with_attributes([
            KeyValue::new("http.request.method", operation.method.clone()),
            KeyValue::new("http.route", operation.path.clone()),
            KeyValue::new("url.scheme", if request.app_config().secure() { "https" } else { "http" }),
            KeyValue::new("network.protocol.version", version(request.version())),
        ]);
        let span = span.start_with_context(&self.tracer, &parent);
        let context = parent.with_span(span);
        match context.span().is_recording() {
            true => context.with_value(queries::ByTracer(self.tracer.clone())),
            false => context,
        }
    }

    /// Sends the remaining spans and stops tracing.
    pub fn end(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(FAREWELL) {
            tracing::warn!(%error, "the last traces were not taken");
        }
    }

    /// Sends the remaining spans.
    pub fn flush(&self) {
        if let Err(error) = self.provider.force_flush() {
            tracing::warn!(%error, "traces were not taken");
        }
    }
}

/// Sends from the exporter's own thread, which may block.
#[derive(Debug)]
struct Sender(Agent);

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, mut body) = self.0.run(request.map(Vec::from))?.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?.into()))
    }
}

/// Ends the span of `context`.
pub fn end(context: &Context, status: u16, error: Option<String>, attributes: impl IntoIterator<Item = KeyValue>) {
    let span = context.span();
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
    span.set_attributes(attributes);
    if let Some(error) = error {
        span.set_attribute(KeyValue::new("error.type", error));
        span.set_status(Status::error(""));
    }
    span.end();
}

/// Ends the span of a request whose client disconnected.
pub fn abort(context: &Context) {
    let span = context.span();
    span.set_attribute(KeyValue::new("error.type", "aborted"));
    span.set_status(Status::error("its sender went"));
    span.end();
}

/// The resource from `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`; the name is `liaison` if they give none.
fn resource() -> Resource {
    let named = Resource::builder().build();
    let name = named.get(&Key::new("service.name")).map(|name| name.to_string()).unwrap_or_default();
    let ours = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    match name.is_empty() || name.starts_with("unknown_service") {
        true => ours.with_service_name("liaison").build(),
        false => ours.build(),
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "2",
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn traces_have_their_place_under_a_collector() {
        for base in ["http://127.0.0.1:4318", "http://127.0.0.1:4318/"] {
            assert_eq!(Endpoint::under(base).unwrap().0, "http://127.0.0.1:4318/v1/traces");
        }
        assert_eq!(Endpoint::under("https://a.example/otlp").unwrap().0, "https://a.example/otlp/v1/traces");
        assert_eq!(Endpoint::parse("https://a.example/own").unwrap().0, "https://a.example/own");
        for wrong in ["127.0.0.1:4318", "collector", "grpc://127.0.0.1:4317", "http://"] {
            assert!(Endpoint::under(wrong).is_err(), "{wrong}");
        }
    }
}
