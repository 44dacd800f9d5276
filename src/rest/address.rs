//! Where a request comes from.

use std::net::IpAddr;

use actix_web::HttpRequest;

/// The address of the caller of `request`; `None` where the transport has no addresses.
pub fn of(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|peer| peer.ip().to_canonical())
}
