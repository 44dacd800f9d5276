//! Requests that the server makes to other servers.

use std::{sync::Arc, time::Duration};

use rustls::crypto::aws_lc_rs;
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig},
};

/// A client that trusts the system's certificate authorities and uses the proxy that the environment names. It waits for a
/// whole answer for `patience`, and blocks its thread meanwhile. An answer with an error status is not an error here.
pub fn client(patience: Duration) -> Agent {
    let trusted: Vec<_> = rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&trusted))
        .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
        .build();
    let settings = Agent::config_builder().timeout_global(Some(patience)).http_status_as_error(false).tls_config(tls);
    settings.user_agent(concat!("liaison/", env!("CARGO_PKG_VERSION"))).build().new_agent()
}
