//! TLS to the database: checks the certificate of its server, as far as the protection asks for it.

use std::{fs::File, io::BufReader, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};

use super::{TargetError, protection::Protection};

pub(super) fn client_config(protection: Protection, root: Option<&str>) -> Result<ClientConfig, TargetError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let authorities = match root {
        _ if protection < Protection::VerifyCa => None,
        None | Some("system") => {
            Some(Authorities::new("system", rustls_native_certs::load_native_certs().certs, &provider)?)
        }
        Some(path) => Some(Authorities::new(path, read_certificates(path)?, &provider)?),
    };
    let by_name = protection == Protection::VerifyFull;
    let verifier = Verifier { authorities, by_name, provider: Arc::clone(&provider) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

fn read_certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, TargetError> {
    let wrong = |error: String| TargetError::RootCertificates(path.to_owned(), error);
    let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
    CertificateDer::pem_reader_iter(BufReader::new(file))
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(error.to_string()))
}

/// The certificate authorities that are trusted.
#[derive(Debug)]
struct Authorities {
    certificates: Vec<CertificateDer<'static>>,
    chain: Arc<WebPkiServerVerifier>,
}

impl Authorities {
    fn new(
        from: &str,
        certificates: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, TargetError> {
        let mut store = RootCertStore::empty();
        let (added, _) = store.add_parsable_certificates(certificates.iter().cloned());
        if added == 0 {
            return Err(TargetError::RootCertificates(from.to_owned(), "no certificate in it".to_owned()));
        }
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
            .build()
            .map_err(|error| TlsError::General(error.to_string()))?;
        Ok(Self { certificates, chain })
    }
}

/// Checks what `sslmode` asks for, and always that the server has the key of its certificate.
#[derive(Debug)]
struct Verifier {
    authorities: Option<Authorities>,
    by_name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        use CertificateError::{
            Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        };
        let Some(Authorities { certificates, chain }) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is checked last: when only the name is wrong, the chain is right.
            Err(TlsError::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) if !self.by_name => {}
            Err(TlsError::InvalidCertificate(
                error @ (Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }),
            )) => return Err(error.into()),
            // A self-signed certificate that was given as its own authority.
            Err(_) if certificates.iter().any(|known| known == end_entity) => {
                if self.by_name {
                    verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                }
            }
            other => return other,
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
