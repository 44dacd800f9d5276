//! TLS of the server itself, by rustls: 1.2 and 1.3 with its default suites, nothing older (ASVS 12.1.1).
//!
//! The files are read again while the server runs, so that a renewed certificate needs no restart.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Where the certificate and its key are, as PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The certificate, followed by those of its authorities.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Files {
    /// Reads both files.
    ///
    /// # Errors
    /// When a file cannot be read, when there is no certificate or no key in it, or when the key belongs to another
    /// certificate.
    pub fn read(&self) -> Result<Certificate, String> {
        let told = |path: &PathBuf, problem: &dyn fmt::Display| format!("{}: {problem}", path.display());
        let chain: Vec<CertificateDer> = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .map_err(|error| told(&self.certificate, &error))?;
        if chain.is_empty() {
            return Err(told(&self.certificate, &"there is no certificate in it"));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| told(&self.key, &error))?;
        let certified = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider());
        let certified = certified.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => told(&self.key, &"the key of another certificate"),
            error => told(&self.key, &error),
        })?;
        Ok(Certificate(Arc::new(certified)))
    }
}

/// A certificate with its key.
#[derive(Clone)]
pub struct Certificate(Arc<CertifiedKey>);

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate(…)")
    }
}

/// The certificate in use, and where a newer one is looked for.
pub struct Renewed {
    files: Files,
    current: RwLock<Certificate>,
}

impl fmt::Debug for Renewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewed").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Renewed {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// As [`Files::read`].
    pub fn new(files: Files) -> Result<Arc<Self>, String> {
        let current = RwLock::new(files.read()?);
        Ok(Arc::new(Self { files, current }))
    }

    /// Looks for a newer certificate regularly, for as long as it is awaited.
    pub async fn look_regularly(&self) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            ticks.tick().await;
            self.look();
        }
    }

    /// Starts to use the certificate in the files. If the files do not fit together, as in the middle of a renewal, the
    /// old certificate stays in use.
    pub fn look(&self) {
        match self.files.read() {
            Ok(read) if read.0.cert != self.current().0.cert => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = read;
                tracing::info!("a renewed certificate is in use");
            }
            Ok(_) => {}
            Err(problem) => tracing::warn!(problem, "the certificate cannot be read again; the old one stays in use"),
        }
    }

    fn current(&self) -> Certificate {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Renewed {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current().0)
    }
}

/// The configuration for rustls. The server adds the protocols of ALPN.
///
/// # Errors
/// Only if these constants are wrong.
pub fn config(certificate: Arc<Renewed>) -> Result<ServerConfig, String> {
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    Ok(config)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use rcgen::{CertificateParams, KeyPair};

    use super::{Files, Renewed};
    use crate::secrets::random_text;

    fn pair() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let folder = std::env::temp_dir().join(format!("liaison-tls-{}", random_text::<9>().unwrap()));
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn files(&self, certificate: &str, key: &str) -> Files {
            let files = Files { certificate: self.0.join("cert.pem"), key: self.0.join("key.pem") };
            fs::write(&files.certificate, certificate).unwrap();
            fs::write(&files.key, key).unwrap();
            files
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn files_that_do_not_serve_are_told() {
        let folder = Folder::new();
        let ((certificate, key), (_, other)) = (pair(), pair());
        for (certificate, key, told) in [
            (certificate.as_str(), other.as_str(), "another certificate"),
            ("", &key, "cert.pem: there is no certificate"),
            (&certificate, "", "key.pem: "),
            (&certificate, &certificate, "key.pem: "),
            (&key, &key, "cert.pem: "),
        ] {
            let problem = folder.files(certificate, key).read().unwrap_err();
            assert!(problem.contains(told), "{problem}");
        }
        let nowhere = Files { certificate: "/nowhere/cert.pem".into(), key: "/nowhere/key.pem".into() };
        assert!(nowhere.read().unwrap_err().contains("/nowhere/cert.pem"));
    }

    #[test]
    fn a_renewed_certificate_is_taken_into_use_and_a_broken_one_is_not() {
        let folder = Folder::new();
        let ((first, first_key), (second, second_key)) = (pair(), pair());
        let renewed = Renewed::new(folder.files(&first, &first_key)).unwrap();
        let before = renewed.current().0.cert.clone();
        folder.files(&second, &first_key);
        renewed.look();
        assert_eq!(renewed.current().0.cert, before);
        folder.files(&second, &second_key);
        renewed.look();
        assert_ne!(renewed.current().0.cert, before);
    }
}
