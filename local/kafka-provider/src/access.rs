//! A connection to a cluster's brokers with the operator's own certificate, which may do everything.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

use crate::broker::{BrokerError, Connection};
use crate::cluster::{Names, text};

/// The listener that brokers use among themselves.
const REPLICATION_PORT: u16 = 9091;

#[derive(Debug, Error)]
pub enum AccessError {
    #[error("Secret {0} is not there yet")]
    Missing(String),
    #[error("cannot read a Secret")]
    Kubernetes(#[from] kube::Error),
    #[error("Secret {name} holds no good certificate or key: {reason}")]
    Certificate { name: String, reason: String },
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

/// Connects through the bootstrap Service: to whichever broker is ready.
pub async fn connect(client: &Client, names: &Names) -> Result<Connection, AccessError> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &names.namespace);
    let trust = part(&secrets, &names.trust_bundle(), "cluster-ca.crt").await?;
    let name = names.operator_certificate();
    let chain = part(&secrets, &name, "cluster-operator.crt").await?;
    let key = part(&secrets, &name, "cluster-operator.key").await?;
    let config = tls(&trust, &chain, &key).map_err(|reason| AccessError::Certificate { name, reason })?;
    Ok(Connection::open(&names.bootstrap_host(), REPLICATION_PORT, Some(Arc::new(config))).await?)
}

async fn part(secrets: &Api<Secret>, name: &str, key: &str) -> Result<String, AccessError> {
    let secret = secrets.get_opt(name).await?;
    secret.and_then(|secret| text(&secret, key)).ok_or_else(|| AccessError::Missing(name.to_owned()))
}

fn tls(trust: &str, chain: &str, key: &str) -> Result<ClientConfig, String> {
    let certificates = |pem: &str| -> Result<Vec<CertificateDer<'static>>, String> {
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(|error| error.to_string())
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(trust)? {
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| error.to_string())?;
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_client_auth_cert(certificates(chain)?, key)
        .map_err(|error| error.to_string())
}
