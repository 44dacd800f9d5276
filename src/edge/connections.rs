//! How many connections there may be: as many as the process may have open files, and from one network only its share.

use std::{
    any::Any,
    collections::HashMap,
    net::IpAddr,
    os::fd::AsRawFd,
    sync::{Arc, Mutex, PoisonError},
};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{dev::Extensions, rt::net::TcpStream};
use nix::sys::{
    resource::{Resource, getrlimit, setrlimit},
    socket::{Shutdown, shutdown},
};

use crate::http::{Proxies, address};

/// The files that are kept for everything but connections of callers: probes, the log, certificates.
const KEPT_FILES: usize = 64;
/// The share of one network may be as small as this.
const LEAST_SHARE: usize = 16;

/// Raises the number of files that the process may have open as far as the system lets it. Returns the number.
pub fn raise_open_files() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return usize::MAX };
    let raised = soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    usize::try_from(if raised { hard } else { soft }).unwrap_or(usize::MAX)
}

/// How many connections each worker may have: what the settings say, or fewer when so many files cannot be open. Each
/// worker may have `database` connections to the database.
pub fn of_worker(settings: usize, files: usize, workers: usize, database: usize) -> usize {
    let left = files.saturating_sub(KEPT_FILES) / workers.max(1);
    settings.min(left.saturating_sub(database)).max(1)
}

/// The open connections of one server process, by network.
pub struct Connections {
    open: Mutex<HashMap<String, usize>>,
    share: usize,
    proxies: Proxies,
}

/// One open connection. It is counted for as long as this exists.
struct Open {
    connections: Arc<Connections>,
    network: String,
}

impl Connections {
    /// No connections yet, of at most `most` altogether. Each network may have half of them; a proxy that is trusted may
    /// have all.
    pub fn new(most: usize, proxies: Proxies) -> Self {
        Self { open: Mutex::default(), share: (most / 2).max(LEAST_SHARE), proxies }
    }

    /// Counts the connection `io`, or closes it when its network has too many. The framework calls this for each new
    /// connection, and drops `extensions` with it.
    pub fn opened(self: &Arc<Self>, io: &dyn Any, extensions: &mut Extensions) {
        let tcp = io.downcast_ref::<TcpStream>();
        let secured = || io.downcast_ref::<TlsStream<TcpStream>>().map(|secured| secured.get_ref().0);
        let Some(tcp) = tcp.or_else(secured) else { return };
        let Ok(peer) = tcp.peer_addr() else { return };
        match self.count(peer.ip()) {
            Some(open) => drop(extensions.insert(open)),
            // A failure means that the connection is closed already.
            None => drop(shutdown(tcp.as_raw_fd(), Shutdown::Both)),
        }
    }

    fn count(self: &Arc<Self>, peer: IpAddr) -> Option<Open> {
        let network = address::network(Some(peer));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(network.clone()).or_default();
        if *count >= self.share && !self.proxies.trusts(peer.to_canonical()) {
            return None;
        }
        *count += 1;
        Some(Open { connections: Arc::clone(self), network })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.network) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(open.remove(&self.network)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, sync::Arc};

    use super::{Connections, of_worker};
    use crate::http::Proxies;

    #[test]
    fn a_network_has_its_share_and_a_trusted_proxy_has_all() {
        let connections = Arc::new(Connections::new(40, Proxies::parse("10.0.0.1").unwrap()));
        let count = |text: &str| connections.count(text.parse::<IpAddr>().unwrap());
        let mut open: Vec<_> = (1..=20).map(|host| count(&format!("192.0.2.{host}")).unwrap()).collect();
        assert!(count("192.0.2.99").is_none() && count("192.0.3.1").is_some());
        open.pop();
        assert!(count("192.0.2.99").is_some());
        let of_proxy: Vec<_> = (0..30).map(|_| count("10.0.0.1").unwrap()).collect();
        drop((open, of_proxy));
        assert!(connections.open.lock().unwrap().is_empty());
    }

    #[test]
    fn connections_leave_files_for_the_rest() {
        assert_eq!(of_worker(5000, 1_048_576, 2, 16), 5000);
        assert_eq!(of_worker(5000, 1024, 2, 16), 464);
        assert_eq!(of_worker(5000, 64, 2, 16), 1);
        assert_eq!(of_worker(2, 1024, 1, 16), 2);
    }
}
