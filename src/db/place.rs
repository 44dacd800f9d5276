//! The places that a database URL names, and the way to one of them.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream, lookup_host},
};
use tokio_postgres::{Config, config::Host};

/// The port of a URL that names none.
const PORT: u16 = 5432;

/// One host of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where to connect.
    pub(super) host: Host,
    /// The name that the server has to prove; empty where there is none.
    pub(super) name: String,
    port: u16,
}

/// A socket to a server.
pub(super) enum Socket {
    Network(TcpStream),
    Local(UnixStream),
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Network(socket) => Pin::new(socket).poll_read(cx, buffer),
            Self::Local(socket) => Pin::new(socket).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Network(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Local(socket) => Pin::new(socket).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Network(socket) => Pin::new(socket).poll_flush(cx),
            Self::Local(socket) => Pin::new(socket).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Network(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Local(socket) => Pin::new(socket).poll_shutdown(cx),
        }
    }
}

impl Place {
    /// The places of a URL, as libpq reads it: an address (`hostaddr`) takes precedence over a name, which is then only
    /// proved. `None` when the numbers of hosts, addresses and ports differ, or there is no host.
    pub(super) fn all(config: &Config) -> Option<Vec<Self>> {
        let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
        let count = hosts.len().max(addresses.len());
        let fits = |length: usize| length == 0 || length == count;
        if count == 0 || !fits(hosts.len()) || !fits(addresses.len()) || !(ports.len() <= 1 || fits(ports.len())) {
            return None;
        }
        let place = |number: usize| {
            let (named, address) = (hosts.get(number), addresses.get(number));
            let host = address.map(|address| Host::Tcp(address.to_string())).or_else(|| named.cloned())?;
            let name = match named {
                Some(Host::Tcp(name)) => name.clone(),
                _ => String::new(),
            };
            let port = ports.get(number).or(ports.first()).copied().unwrap_or(PORT);
            Some(Self { host, name, port })
        };
        (0..count).map(place).collect()
    }

    /// The addresses of a host on a network; none for a Unix socket.
    pub(super) async fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        match &self.host {
            Host::Unix(_) => Ok(Vec::new()),
            Host::Tcp(name) => {
                let found: Vec<_> = lookup_host((name.as_str(), self.port)).await?.collect();
                match found.is_empty() {
                    true => Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address")),
                    false => Ok(found),
                }
            }
        }
    }

    /// A socket to this place, at `address` if it is on a network.
    pub(super) async fn connect(&self, address: Option<SocketAddr>, config: &Config) -> io::Result<Socket> {
        match (&self.host, address) {
            (Host::Unix(folder), _) => {
                let socket = UnixStream::connect(folder.join(format!(".s.PGSQL.{}", self.port))).await?;
                Ok(Socket::Local(socket))
            }
            (Host::Tcp(_), Some(address)) => {
                let socket = TcpStream::connect(address).await?;
                socket.set_nodelay(true)?;
                watch_for_silence(&socket, config)?;
                Ok(Socket::Network(socket))
            }
            (Host::Tcp(name), None) => Err(io::Error::new(io::ErrorKind::NotFound, format!("{name} has no address"))),
        }
    }
}

fn watch_for_silence(socket: &TcpStream, config: &Config) -> io::Result<()> {
    let socket = SockRef::from(socket);
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(config.get_tcp_user_timeout().copied())?;
    if !config.get_keepalives() {
        return Ok(());
    }
    let mut probes = TcpKeepalive::new().with_time(config.get_keepalives_idle());
    if let Some(interval) = config.get_keepalives_interval() {
        probes = probes.with_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        probes = probes.with_retries(retries);
    }
    socket.set_tcp_keepalive(&probes)
}

#[cfg(test)]
mod tests {
    use super::Place;

    fn places(url: &str) -> Option<Vec<String>> {
        let all = Place::all(&url.parse().unwrap())?;
        Some(all.iter().map(|place| format!("{:?} {} {}", place.host, place.name, place.port)).collect())
    }

    #[test]
    fn hosts_are_read_as_libpq_reads_them() {
        for (url, read) in [
            ("postgres://u@a,b:6000/db", vec![r#"Tcp("a") a 5432"#, r#"Tcp("b") b 6000"#]),
            ("host=a,b port=6000 user=u", vec![r#"Tcp("a") a 6000"#, r#"Tcp("b") b 6000"#]),
            ("postgres:///db?host=/run/pg", vec![r#"Unix("/run/pg")  5432"#]),
            ("host=a hostaddr=10.0.0.1 user=u", vec![r#"Tcp("10.0.0.1") a 5432"#]),
            ("hostaddr=10.0.0.1 user=u", vec![r#"Tcp("10.0.0.1")  5432"#]),
        ] {
            assert_eq!(places(url).unwrap(), read, "{url}");
        }
        for url in ["user=u", "host=a,b hostaddr=10.0.0.1 user=u", "host=a,b,c port=1,2 user=u"] {
            assert_eq!(places(url), None, "{url}");
        }
    }
}
