use thiserror::Error;

#[derive(Debug, Error)]
pub enum PkiError {
    #[error("cannot make or read a key or certificate")]
    Rcgen(#[from] rcgen::Error),
    #[error("not a certificate in PEM: {0}")]
    Pem(String),
    #[error("cannot write a PKCS#12 store: {0}")]
    Store(String),
}
