//! The port that metrics are read at.

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

/// What the text format is called.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Starts to listen; the server runs when it is awaited, and its address tells the port that the system chose for 0.
///
/// # Errors
/// When the address cannot be had.
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
