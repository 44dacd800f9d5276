//! A database URL with several hosts: a frozen one does not keep callers from the others.

use std::{path::PathBuf, time::Instant};

use liaison::db::{Cost, Db, Login, PoolSettings, Target};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, UnixStream},
};
use tokio_postgres::config::Host;

use crate::harness::{TestApp, as_server};

/// A host that accepts connections and never answers.
async fn frozen() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    actix_web::rt::spawn(async move {
        let mut held = Vec::new();
        while let Ok((client, _)) = listener.accept().await {
            held.push(client);
        }
    });
    port
}

/// A port in front of the database of `app`, and the name of that.
async fn open(app: &TestApp) -> (u16, String) {
    let config: tokio_postgres::Config = app.url().parse().unwrap();
    let [Host::Unix(folder)] = config.get_hosts() else { panic!("{} is no socket", app.url()) };
    let socket: PathBuf = folder.join(".s.PGSQL.5432");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    actix_web::rt::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = UnixStream::connect(&socket).await.unwrap();
            actix_web::rt::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        }
    });
    (port, config.get_dbname().unwrap().to_owned())
}

async fn milliseconds(work: impl Future) -> u128 {
    let began = Instant::now();
    work.await;
    began.elapsed().as_millis()
}

#[actix_web::test]
async fn a_frozen_first_host_does_not_starve_the_rest() {
    let app = TestApp::start().await;
    let ((port, database), hung, hung_too) = (open(&app).await, frozen().await, frozen().await);
    let hosts = format!("127.0.0.1:{hung},127.0.0.1:{hung_too},127.0.0.1:{port}");
    let url = format!("postgres://liaison@{hosts}/{database}?sslmode=disable");
    let target = Target::parse(&url).unwrap();
    let first = milliseconds(async { target.connect().await.map(drop).unwrap() }).await;
    assert!((1000..1900).contains(&first), "half a second for each: {first}");
    let next = milliseconds(async { target.connect().await.map(drop).unwrap() }).await;
    assert!(next < 400, "the last good one comes first: {next}");

    let db = Db::new(&Login::restricted(as_server(&url)), PoolSettings::default());
    let small = async { db.reader(Cost::Small).await.map(drop).unwrap() };
    let own = async { db.connect().await.map(drop).unwrap() };
    let both = milliseconds(futures_util::future::join(small, own)).await;
    assert!(both < 1900, "before a request gives up: {both}");
}

#[actix_web::test]
async fn of_several_hosts_only_one_that_takes_changes_serves() {
    let app = TestApp::start().await;
    let (port, database) = open(&app).await;
    app.sql(&format!("ALTER DATABASE {database} SET default_transaction_read_only = on")).await;
    let one = format!("postgres://liaison@127.0.0.1:{port}/{database}?sslmode=disable");
    assert!(Target::parse(&one).unwrap().connect().await.is_ok(), "the only one serves what it can");
    let two = one.replacen('@', &format!("@127.0.0.1:{port},"), 1);
    let refused = Target::parse(&two).unwrap().connect().await.map(drop).unwrap_err().to_string();
    assert!(refused.contains("read-only"), "{refused}");
    let any = format!("{two}&target_session_attrs=any");
    assert!(Target::parse(&any).unwrap().connect().await.is_ok(), "the URL decides");
}
