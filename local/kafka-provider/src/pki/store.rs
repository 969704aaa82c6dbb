//! PKCS#12 stores, which Java clients like better than PEM.

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use x509_parser::pem::Pem;

use super::leaf::first_der;
use super::{Authority, Issued, PkiError};

/// A trust store with every certificate of the authority, under the names of the Secret's keys.
pub fn trust_store(authority: &Authority) -> Result<Vec<u8>, PkiError> {
    let mut store = KeyStore::new();
    let current = [("ca.crt".to_owned(), authority.certificate.clone())];
    for (alias, pem) in current.into_iter().chain(authority.old.clone()) {
        let certificate = Certificate::from_der(&first_der(&pem)?).map_err(failed)?;
        store.add_entry(&alias, KeyStoreEntry::Certificate(certificate));
    }
    store.writer(&authority.password).write().map_err(failed)
}

/// A key store with a user's key and certificate, and the certificate of who signed it.
pub fn key_store(user: &str, issued: &Issued, authority: &str, password: &str) -> Result<Vec<u8>, PkiError> {
    let key = Pem::iter_from_buffer(issued.key.as_bytes())
        .next()
        .and_then(Result::ok)
        .ok_or_else(|| PkiError::Pem("no key".into()))?;
    let key = PrivateKey::from_der(&key.contents).map_err(failed)?;
    let chain = [first_der(&issued.certificate)?, first_der(authority)?]
        .iter()
        .map(|der| Certificate::from_der(der).map_err(failed))
        .collect::<Result<Vec<_>, _>>()?;
    let mut store = KeyStore::new();
    store.add_entry(user, KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(user.as_bytes(), key, chain)));
    store.writer(password).write().map_err(failed)
}

fn failed(error: p12_keystore::error::Error) -> PkiError {
    PkiError::Store(error.to_string())
}
