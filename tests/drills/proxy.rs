//! A network between server and Postgres that can be disturbed.

use std::{path::PathBuf, time::Duration};

use tokio::{
    io::{self, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    runtime::{Builder, Runtime},
    sync::watch,
    time::sleep,
};

use crate::postgres::Postgres;

/// The state of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Passes everything on at once.
    Fair,
    /// Passes everything on, each piece with this delay.
    Slow(Duration),
    /// Holds everything back until the weather changes.
    Stalled,
    /// Forgets the existing connections without telling either end: what they send is accepted and discarded, even when
    /// the weather is fair again. New connections are held back until then.
    Forgetful,
    /// Resets every connection, and every new one.
    Resetting,
}

/// A TCP proxy in front of a Postgres.
pub struct Proxy {
    weather: watch::Sender<Weather>,
    port: u16,
    _runtime: Runtime,
}

impl Proxy {
    pub fn before(postgres: &Postgres) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let weather = watch::Sender::new(Weather::Fair);
        runtime.spawn(accept(listener, postgres.socket(), weather.subscribe()));
        Self { weather, port, _runtime: runtime }
    }

    /// The URL of the database behind the proxy, for its owner.
    pub fn url(&self) -> String {
        format!("postgres://liaison@127.0.0.1:{}/liaison?sslmode=disable", self.port)
    }

    pub fn turn(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

async fn accept(listener: TcpListener, postgres: PathBuf, weather: watch::Receiver<Weather>) {
    while let Ok((near, _)) = listener.accept().await {
        let (postgres, weather) = (postgres.clone(), weather.clone());
        tokio::spawn(async move {
            // Either end may close at any time.
            let _ = serve(near, postgres, weather).await;
        });
    }
}

async fn serve(mut near: TcpStream, postgres: PathBuf, mut weather: watch::Receiver<Weather>) -> io::Result<()> {
    weather.wait_for(|now| !matches!(now, Weather::Stalled | Weather::Forgetful)).await.map_err(io::Error::other)?;
    let mut far = UnixStream::connect(postgres).await?;
    let (mut from_near, mut to_near) = near.split();
    let (mut from_far, mut to_far) = far.split();
    let ended = async {
        tokio::select! {
            ended = pass(&mut from_near, &mut to_far, weather.clone()) => ended,
            ended = pass(&mut from_far, &mut to_near, weather.clone()) => ended,
        }
    };
    let mut change = weather.clone();
    let turned = change.wait_for(|now| matches!(now, Weather::Resetting | Weather::Forgetful));
    let turned = tokio::select! {
        ended = ended => return ended,
        turned = turned => *turned.map_err(io::Error::other)?,
    };
    match turned {
        Weather::Forgetful => swallow(&mut from_near).await,
        // Closing the connection then sends a reset.
        _ => near.set_zero_linger(),
    }
}

/// Passes on what arrives, as the weather allows.
async fn pass(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    mut weather: watch::Receiver<Weather>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        let now = *weather.wait_for(|now| *now != Weather::Stalled).await.map_err(io::Error::other)?;
        if let Weather::Slow(later) = now {
            sleep(later).await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}

/// Reads and discards everything until the end.
async fn swallow(from: &mut (impl AsyncReadExt + Unpin)) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    while from.read(&mut buffer).await? > 0 {}
    Ok(())
}
