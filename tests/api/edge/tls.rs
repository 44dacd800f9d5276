//! HTTPS. ASVS 12.1.1, 12.2.1, 4.1.2

use std::{fs, path::PathBuf, sync::Arc};

use liaison::{
    edge::{Edge, tls::Files},
    secrets::random_text,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, crypto::aws_lc_rs, version};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::harness::{Connection, Served, TestApp};

/// A server with a certificate for localhost, and the authority of the certificate.
struct Secure {
    server: Served,
    app: TestApp,
    roots: RootCertStore,
    folder: PathBuf,
}

impl Drop for Secure {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Secure {
    async fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("liaison-https-{}", random_text::<9>().unwrap()));
        fs::create_dir_all(&folder).unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let files = Files { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
        fs::write(&files.certificate, certificate.pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(issuer.der().clone()).unwrap();
        let app = TestApp::behind(Edge { tls: Some(files), ..Edge::default() }).await;
        let server = app.served();
        Self { server, app, roots, folder }
    }

    async fn connect(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        protocols: &[&str],
    ) -> Connection<TlsStream<TcpStream>> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let connector = TlsConnector::from(Arc::new(config));
        let stream = TcpStream::connect(self.server.address).await.unwrap();
        Connection(connector.connect("localhost".try_into().unwrap(), stream).await.unwrap())
    }
}

#[actix_web::test]
async fn https_is_spoken_in_its_versions_of_today() {
    let secure = Secure::start().await;
    let sue = secure.app.supervisor().await;
    for only in [&version::TLS13, &version::TLS12] {
        let mut connection = secure.connect(&[only], &["http/1.1"]).await;
        assert_eq!(connection.0.get_ref().1.protocol_version(), Some(only.version));
        assert_eq!(connection.get("/v1/me", &sue).await, 200);
    }
}

/// HTTP/2 has no bound on the memory that a connection may fill before its request is looked at.
#[actix_web::test]
async fn http_1_1_is_spoken_alone() {
    let secure = Secure::start().await;
    let sue = secure.app.supervisor().await;
    let mut connection = secure.connect(&[&version::TLS13], &["h2", "http/1.1"]).await;
    assert_eq!(connection.0.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(connection.get("/v1/me", &sue).await, 200);
}

/// A redirect would come too late: by then the token has been sent in clear text.
#[actix_web::test]
async fn plain_http_is_not_redirected_but_ended() {
    let secure = Secure::start().await;
    let mut connection = secure.server.connect().await;
    connection.write(b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n").await;
    let mut answer = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut connection.0, &mut answer).await;
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
}

#[actix_web::test]
async fn tls_1_1_is_refused() {
    let secure = Secure::start().await;
    // A ClientHello of TLS 1.1 that offers TLS_RSA_WITH_AES_128_CBC_SHA and TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA.
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 4, 0, 0x2f, 0xc0, 0x13, 1, 0]);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.append(&mut hello);
    let mut connection = secure.server.connect().await;
    connection.write(&record).await;
    let mut answer = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut connection.0, &mut answer).await;
    // The answer is empty or an alert, never a ServerHello (record type 22).
    assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
}
