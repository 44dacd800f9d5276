//! Which proxies are trusted to report the address of a caller.

use std::{net::IpAddr, sync::Arc};

use ipnet::IpNet;

use super::unlisted_proxy::UnlistedProxy;

/// The networks of the proxies in front of the server (ASVS 4.1.3, 15.3.4).
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    networks: Vec<IpNet>,
    unlisted: Arc<UnlistedProxy>,
}

impl Proxies {
    /// Networks such as `10.0.0.0/8`, or single addresses, separated by commas.
    ///
    /// # Errors
    /// When an entry is neither.
    pub fn parse(list: &str) -> Result<Self, String> {
        let networks = list.split(',').map(str::trim).filter(|network| !network.is_empty());
        Ok(Self { networks: networks.map(network).collect::<Result<_, _>>()?, unlisted: Arc::default() })
    }

    /// Whether `address` is a trusted proxy's.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// The address of the caller. It is `peer`, unless `peer` is a trusted proxy. Then it is the last address in
    /// `forwarded` (the values of `X-Forwarded-For`) that is not a trusted proxy's, or the first one if all are; an
    /// untrusted sender may have written the entries further left. An entry that is no address ends the walk at the
    /// proxy that wrote it.
    pub fn client<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            self.warn_of_unlisted(client, forwarded.count() > 0);
            return client;
        }
        for hop in forwarded.rev().flat_map(|value| value.rsplit(',')) {
            if !self.trusts(client) {
                break;
            }
            match address(hop.trim()) {
                Some(before) => client = before,
                None => break,
            }
        }
        client
    }
}

impl Proxies {
    fn warn_of_unlisted(&self, peer: IpAddr, is_forwarded: bool) {
        if self.unlisted.note(peer, is_forwarded) {
            tracing::warn!(
                %peer,
                "all callers come from this address, which names others in X-Forwarded-For: if it is a proxy of yours, list it \
                 in --trusted-proxies; until then all callers share the limits of one"
            );
        }
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let single = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>()
        .or_else(|_single| single())
        .map_err(|_neither| format!("{text} is not a network or an address; give such as 10.0.0.0/8 or 192.0.2.7"))
}

/// An address, with or without the port that some proxies add.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok();
    address.or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip())).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::Proxies;

    const PROXIES: &str = "10.0.0.0/8, 192.0.2.7, 2001:db8::/32";

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let proxies = Proxies::parse(PROXIES).unwrap();
        proxies.client(peer.parse().unwrap(), forwarded.iter().copied()).to_string()
    }

    /// ASVS 4.1.3
    #[test]
    fn a_stranger_does_not_choose_their_address() {
        assert_eq!(client("198.51.100.1", &["203.0.113.9"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.99, 198.51.100.1"]), "198.51.100.1");
    }

    /// ASVS 15.3.4
    #[test]
    fn trusted_proxies_are_seen_through_from_the_right() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1, 192.0.2.7", "10.1.1.1,2001:db8::7"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["[2a00::1]:4711"]), "2a00::1");
        assert_eq!(client("10.0.0.1", &["[2a00::1]"]), "2a00::1");
        assert_eq!(client("10.0.0.1", &["10.0.0.2, 10.0.0.3"]), "10.0.0.2");
    }

    #[test]
    fn what_is_no_address_is_not_gone_beyond() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[""]), "10.0.0.1");
    }

    #[test]
    fn networks_are_checked() {
        for wrong in ["10.0.0.0/33", "proxy.example", "10.0.0.1-10.0.0.9", "*"] {
            assert!(Proxies::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Proxies::parse("").is_ok());
    }
}
