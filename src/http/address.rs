//! Where a request comes from.

use std::net::IpAddr;

use actix_web::{HttpRequest, web::Data};

use super::Proxies;
use crate::values::network;

/// The address of the caller of `request`, as the trusted proxies in front report it; `None` where the transport has no
/// addresses.
pub fn of(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let Some(proxies) = request.app_data::<Data<Proxies>>() else { return Some(peer.to_canonical()) };
    let forwarded: Vec<&str> =
        request.headers().get_all("x-forwarded-for").map(|value| value.to_str().unwrap_or_default()).collect();
    Some(proxies.client(peer, forwarded.into_iter()))
}

/// The network around an address, by which attempts and requests are counted. An attacker often has many addresses of
/// one network, and a network of this size has few innocent neighbours.
pub fn network(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "unknown".to_owned(), |address| network::around(address).to_string())
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
