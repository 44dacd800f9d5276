//! The app as a server with a socket, for behaviour that a call in this process does not show.

use std::{net::SocketAddr, time::Duration};

use actix_web::{dev::ServerHandle, rt};
use liaison::{db::PoolSettings, server};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{TestApp, TestUser};

/// Longer than anything that tests wait for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server of one worker; it stops at the test's end.
pub struct Served {
    pub address: SocketAddr,
    handle: ServerHandle,
}

impl TestApp {
    /// Serves this app on a port of its own.
    pub fn served(&self) -> Served {
        let settings = PoolSettings { max_size: 4, ..PoolSettings::default() };
        let listen = "127.0.0.1:0".parse().unwrap();
        let (server, address) = server::start(listen, 1, &self.login(), settings, self.parts()).unwrap();
        let handle = server.handle();
        rt::spawn(server);
        Served { address, handle }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

impl Served {
    pub async fn connect(&self) -> Connection<TcpStream> {
        Connection(TcpStream::connect(self.address).await.unwrap())
    }

    /// Sends `bytes`, and returns everything that arrives until the server closes.
    pub async fn exchange(&self, bytes: &[u8]) -> String {
        let mut connection = self.connect().await;
        connection.write(bytes).await;
        connection.rest().await
    }
}

/// A connection to a server.
pub struct Connection<S>(pub S);

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Sends the bytes; returns whether that succeeded.
    pub async fn write(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok() && self.0.flush().await.is_ok()
    }

    /// Everything that arrives until the server closes.
    pub async fn rest(&mut self) -> String {
        let mut all = Vec::new();
        // A server that closes with bytes unread resets the connection.
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut all)).await.unwrap();
        String::from_utf8(all).unwrap()
    }

    /// The status of GET `path` as `user`; the connection stays open.
    pub async fn get(&mut self, path: &str, user: &TestUser) -> u16 {
        let token = user.token();
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        assert!(self.write(head.as_bytes()).await);
        self.answer().await
    }

    /// Reads one answer and returns its status.
    pub async fn answer(&mut self) -> u16 {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, self.0.read_u8()).await.unwrap().unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        let mut body = vec![0; length.parse().unwrap()];
        timeout(PATIENCE, self.0.read_exact(&mut body)).await.unwrap().unwrap();
        head.split(' ').nth(1).unwrap().parse().unwrap()
    }
}
