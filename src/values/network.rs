//! IP networks: the networks that callers may come from, and the network that is shown in place of a caller's address.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::values::{Checked, Invalid, Rule};

/// A network in CIDR form (RFC 4632, RFC 4291), in its canonical text.
pub type Network = Checked<NetworkRule>;

/// See [`Network`].
#[derive(Debug)]
pub struct NetworkRule;
impl Rule for NetworkRule {
    const NAME: &'static str = "Network";
    const ABOUT: &'static str =
        "An IPv4 or IPv6 network in CIDR form without bits after the prefix; one address is a network of its own.";
    const MAX: usize = 43;
    const PATTERN: &'static str = r"^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$";
    const EXAMPLE: &'static str = "192.0.2.0/24";

    fn check(text: &str) -> Result<String, Invalid> {
        let network = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_not_one_address) => text.parse().map_err(|_ignored| Invalid::Network)?,
        };
        // Addresses are compared in their canonical form, so an IPv4-mapped network would never match.
        let mapped = matches!(network.addr(), IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
        let exact = network.trunc() == network && !mapped;
        exact.then(|| network.to_string()).ok_or(Invalid::Network)
    }
}

/// The network around `address`, to show where the address itself must not be known: an IPv4 /24 or an IPv6 /56.
pub fn around(address: IpAddr) -> IpNet {
    match address.to_canonical() {
        IpAddr::V4(v4) => Ipv4Net::new_assert(v4, 24).trunc().into(),
        IpAddr::V6(v6) => Ipv6Net::new_assert(v6, 56).trunc().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Network, around};

    #[test]
    fn a_network_is_taken_in_its_canonical_form() {
        for (text, canonical) in [
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:DB8:0::/48", "2001:db8::/48"),
            ("2001:db8::1", "2001:db8::1/128"),
        ] {
            assert_eq!(Network::parse(text).unwrap().as_str(), canonical, "{text}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "192.0.2.7/24",
            "192.0.2.0/33",
            "192.0.2.0/-1",
            "192.0.2/24",
            "example.com",
            "::ffff:192.0.2.0/120",
            "2001:db8::1/48",
            "192.0.2.0/24 ",
            "192.0.2.0/24/24",
        ] {
            assert!(Network::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn neighbours_share_the_network_around_them() {
        let of = |text: &str| around(text.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.7"), "192.0.2.0/24");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.0/24");
        assert_eq!(of("2001:db8:0:1ff::2"), "2001:db8:0:100::/56");
    }
}
