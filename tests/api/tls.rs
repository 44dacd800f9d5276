//! TLS connections to the database: which servers each `sslmode` accepts, and which it refuses.
//!
//! The local Postgres has no TCP port. A relay in front of its socket speaks TLS, like a server with `ssl = on`.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use liaison::{db::Target, secrets::random_text};
use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, crypto::aws_lc_rs};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream, UnixStream},
};
use tokio_rustls::TlsAcceptor;

use crate::harness::TestApp;

/// The first message of a client that wants TLS: its length, and the code of the request.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A TLS server in front of the database of a test.
struct Relay {
    port: u16,
    database: String,
    authority: PathBuf,
}

impl Relay {
    /// Starts a relay with a certificate for `name` from its own authority.
    async fn start(app: &TestApp, name: &str) -> Self {
        Self::with(app, certified(name)).await
    }

    async fn with(app: &TestApp, (acceptor, authority): (TlsAcceptor, PathBuf)) -> Self {
        let (folder, database) = socket_of(app.url());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        actix_web::rt::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                actix_web::rt::spawn(relay(client, acceptor.clone(), folder.clone()));
            }
        });
        Self { port, database, authority }
    }

    /// Connects to `host`, and sends a query to the database.
    async fn reach(&self, host: &str, parameters: &str) -> Result<(), String> {
        let (port, database) = (self.port, &self.database);
        let url = format!("postgres://liaison@{host}:{port}/{database}?{parameters}");
        reach(&url).await
    }

    /// The same for a server with this name, as if it were on another machine.
    async fn reach_named(&self, host: &str, parameters: &str) -> Result<(), String> {
        self.reach(host, &format!("hostaddr=127.0.0.1&{parameters}")).await
    }

    fn trusting(&self, mode: &str) -> String {
        format!("sslmode={mode}&{}", self.root())
    }

    fn root(&self) -> String {
        format!("sslrootcert={}", self.authority.display())
    }
}

async fn reach(url: &str) -> Result<(), String> {
    let target = Target::parse(url).map_err(|error| error.to_string())?;
    let mut connection: AsyncPgConnection = target.connect().await.map_err(|error| error.to_string())?;
    connection.batch_execute("SELECT 1").await.map_err(|error| error.to_string())
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.authority);
    }
}

/// The folder of the socket and the name of the database.
fn socket_of(url: &str) -> (PathBuf, String) {
    let config: tokio_postgres::Config = url.parse().unwrap();
    let [tokio_postgres::config::Host::Unix(folder)] = config.get_hosts() else { panic!("{url} is no socket") };
    (folder.clone(), config.get_dbname().unwrap().to_owned())
}

/// A certificate for `name`, and a file with its authority's certificate.
fn certified(name: &str) -> (TlsAcceptor, PathBuf) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    (acceptor(&certificate, key), authority_file(&issuer.pem()))
}

/// The same, but self-signed, as `openssl req -x509` makes it.
fn self_made(name: &str) -> (TlsAcceptor, PathBuf) {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let file = authority_file(&certificate.pem());
    (acceptor(&certificate, key), file)
}

fn authority_file(pem: &str) -> PathBuf {
    let file = std::env::temp_dir().join(format!("liaison-ca-{}.pem", random_text::<9>().unwrap()));
    std::fs::write(&file, pem).unwrap();
    file
}

fn acceptor(certificate: &Certificate, key: KeyPair) -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn relay(mut client: TcpStream, acceptor: TlsAcceptor, folder: PathBuf) -> std::io::Result<()> {
    let mut first = [0; 8];
    client.read_exact(&mut first).await?;
    if first != SSL_REQUEST {
        // Like a pg_hba.conf with only hostssl entries.
        return Ok(());
    }
    client.write_all(b"S").await?;
    let mut encrypted = acceptor.accept(client).await?;
    let mut server = UnixStream::connect(folder.join(".s.PGSQL.5432")).await?;
    copy_bidirectional(&mut encrypted, &mut server).await.map(|_| ())
}

#[actix_web::test]
async fn a_way_without_a_known_authority_is_encrypted_and_no_more() {
    let app = TestApp::start().await;
    let relay = Relay::start(&app, "db.example").await;
    for mode in ["allow", "prefer", "require"] {
        relay.reach("localhost", &format!("sslmode={mode}")).await.unwrap();
    }
    relay.reach("localhost", "application_name=x").await.unwrap();
    assert!(relay.reach("localhost", "sslmode=disable").await.is_err());
    for mode in ["verify-ca", "verify-full"] {
        let refused = relay.reach("localhost", &format!("sslmode={mode}")).await.unwrap_err();
        assert!(refused.contains("UnknownIssuer") || refused.contains("no certificate in it"), "{refused}");
    }
}

#[actix_web::test]
async fn the_name_is_checked_by_verify_full_alone() {
    let app = TestApp::start().await;
    let right = Relay::start(&app, "localhost").await;
    let wrong = Relay::start(&app, "db.example").await;
    for mode in ["require", "verify-ca"] {
        wrong.reach("localhost", &wrong.trusting(mode)).await.unwrap();
    }
    let refused = wrong.reach("localhost", &wrong.trusting("verify-full")).await.unwrap_err();
    assert!(refused.contains("not valid for name"), "{refused}");
    right.reach("localhost", &right.trusting("verify-full")).await.unwrap();
}

#[actix_web::test]
async fn a_self_made_certificate_may_be_its_own_authority() {
    let app = TestApp::start().await;
    let (right, wrong) =
        (Relay::with(&app, self_made("localhost")).await, Relay::with(&app, self_made("db.example")).await);
    right.reach("localhost", &right.trusting("verify-full")).await.unwrap();
    wrong.reach("localhost", &wrong.trusting("verify-ca")).await.unwrap();
    assert!(wrong.reach("localhost", &wrong.trusting("verify-full")).await.unwrap_err().contains("not valid for name"));
    assert!(right.reach("localhost", &wrong.trusting("verify-ca")).await.is_err());
}

#[actix_web::test]
async fn a_certificate_of_another_authority_is_refused() {
    let app = TestApp::start().await;
    let (relay, other) = (Relay::start(&app, "localhost").await, Relay::start(&app, "localhost").await);
    for mode in ["require", "verify-ca", "verify-full"] {
        let refused = relay.reach("localhost", &other.trusting(mode)).await.unwrap_err();
        assert!(refused.contains("UnknownIssuer") || refused.contains("BadSignature"), "{mode}: {refused}");
    }
}

#[actix_web::test]
async fn of_several_hosts_the_first_that_answers_serves() {
    let app = TestApp::start().await;
    let relay = Relay::start(&app, "localhost").await;
    // Nothing listens at the first host.
    let hosts = format!("127.0.0.1:{},localhost", closed_port().await);
    relay.reach(&hosts, &relay.trusting("verify-full")).await.unwrap();
}

/// A server without TLS: it says so, and counts the bytes that it still gets.
async fn plain() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    actix_web::rt::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut first = [0; 8];
            let asked = client.read_exact(&mut first).await.is_ok() && first == SSL_REQUEST;
            let _ = client.write_all(b"N").await;
            let mut rest = [0; 100];
            let more = client.read(&mut rest).await.unwrap_or_default();
            counted.fetch_add(more + if asked { 0 } else { 8 }, Ordering::SeqCst);
        }
    });
    (port, sent)
}

/// ASVS 12.3.1, 12.3.2, 12.3.4: nothing is sent in clear text to another machine, and by default its name is checked.
#[actix_web::test]
async fn a_server_of_another_machine_must_prove_its_name_and_is_never_spoken_to_in_clear() {
    let app = TestApp::start().await;
    let relay = Relay::start(&app, "db.example").await;
    relay.reach_named("db.example", &relay.root()).await.unwrap();
    let refused = relay.reach_named("other.example", &relay.root()).await.unwrap_err();
    assert!(refused.contains("not valid for name"), "{refused}");
    let refused = relay.reach_named("db.example", "application_name=x").await.unwrap_err();
    assert!(refused.contains("UnknownIssuer") || refused.contains("no certificate in it"), "{refused}");
    for mode in ["allow", "prefer"] {
        let refused = relay.reach_named("db.example", &format!("sslmode={mode}")).await.unwrap_err();
        assert!(refused.contains("may fall back to clear text"), "{refused}");
    }
    relay.reach_named("db.example", "sslmode=require").await.unwrap();

    let (port, sent) = plain().await;
    let to = |host: &str, parameters: &str| format!("postgres://u@{host}:{port}/db?{parameters}");
    let root = relay.root();
    for parameters in [root.as_str(), "sslmode=require", &relay.trusting("verify-full")] {
        let url = to("db.example", &format!("hostaddr=127.0.0.1&{parameters}"));
        assert!(reach(&url).await.is_err(), "{parameters}");
    }
    assert_eq!(sent.load(Ordering::SeqCst), 0, "not even who asks is told");
    // On this machine, the default may fall back to no TLS.
    assert!(reach(&to("127.0.0.1", "application_name=x")).await.is_err());
    assert!(sent.load(Ordering::SeqCst) > 0);
}

async fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}
