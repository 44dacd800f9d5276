//! Where a request comes from.

use std::net::IpAddr;

use actix_web::{HttpRequest, web::Data};

use crate::app::State;

/// The address of the caller of `request`, seen through the trusted proxies in front; `None` where the transport has no
/// addresses.
pub fn of(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let Some(state) = request.app_data::<Data<State>>() else { return Some(peer.to_canonical()) };
    let forwarded: Vec<&str> =
        request.headers().get_all("x-forwarded-for").map(|value| value.to_str().unwrap_or_default()).collect();
    Some(state.edge.proxies.client(peer, forwarded.into_iter()))
}

/// The network of an address: an IPv4 /24 or an IPv6 /56. Attackers have many addresses of one network; so have innocent
/// neighbours few.
pub fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Some(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{:x}::/56", d & 0xff00)
        }
    }
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
