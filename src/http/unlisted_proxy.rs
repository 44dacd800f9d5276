//! Notices a proxy that nobody has listed: all requests come from one address, and name others that they come from. All
//! callers then share one caller's limits, and the log does not tell them apart.

use std::{
    net::IpAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// After so many requests in a row from one address it is taken for a proxy.
const ENOUGH: u32 = 100;

/// What is known of the sender of `X-Forwarded-For` who is not trusted.
#[derive(Debug, Default)]
pub struct UnlistedProxy {
    /// Whether there is nothing more to find out.
    settled: AtomicBool,
    sender: Mutex<Option<(IpAddr, u32)>>,
}

impl UnlistedProxy {
    /// Notes a request from `peer`, who is no trusted proxy, and whether it names addresses that it comes from. Returns
    /// whether `peer` is to be told of now, which happens once.
    pub fn note(&self, peer: IpAddr, is_forwarded: bool) -> bool {
        if self.settled.load(Ordering::Relaxed) {
            return false;
        }
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let count = match *sender {
            Some((known, count)) if known == peer => count + 1,
            None => 1,
            Some(_) => 0,
        };
        // Somebody comes directly, or several do: there is no proxy before all.
        let is_direct = !is_forwarded || count == 0;
        *sender = Some((peer, count));
        self.settled.store(is_direct || count >= ENOUGH, Ordering::Relaxed);
        !is_direct && count == ENOUGH
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::UnlistedProxy;

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, last).into()
    }

    #[test]
    fn a_proxy_before_all_callers_is_told_of_once() {
        let proxy = UnlistedProxy::default();
        let told: Vec<usize> = (1..=300).filter(|_| proxy.note(address(1), true)).collect();
        assert_eq!(told, [100]);
    }

    #[test]
    fn who_comes_directly_or_from_elsewhere_shows_that_there_is_none() {
        for (peer, is_forwarded) in [(address(1), false), (address(2), true)] {
            let proxy = UnlistedProxy::default();
            assert!(!proxy.note(address(1), true) && !proxy.note(peer, is_forwarded));
            assert!((0..300).all(|_| !proxy.note(address(1), true)));
        }
    }
}
