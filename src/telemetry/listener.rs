//! The port that serves the metrics.

use std::net::SocketAddr;

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::Server,
    web::{self, Data},
};

use crate::{
    error::{Error, Result},
    telemetry::Telemetry,
};

/// The media type of Prometheus' text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Starts to listen. The server runs when it is awaited. The address returned has the port that the system chose if
/// port 0 was asked for.
///
/// # Errors
/// When it cannot listen on the address.
pub fn start(listen: SocketAddr, telemetry: Data<Telemetry>) -> Result<(Server, SocketAddr)> {
    let server =
        HttpServer::new(move || App::new().app_data(Data::clone(&telemetry)).route("/metrics", web::get().to(read)));
    let bound = server.workers(1).max_connections(64).shutdown_timeout(1).disable_signals().bind(listen);
    let bound = bound.map_err(|error| Error::internal(format!("cannot serve metrics at {listen}: {error}")))?;
    let address = bound.addrs().first().copied().unwrap_or(listen);
    Ok((bound.run(), address))
}

async fn read(telemetry: Data<Telemetry>) -> HttpResponse {
    match telemetry.metrics.render() {
        Ok(text) => HttpResponse::Ok().content_type(TEXT_FORMAT).body(text),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
