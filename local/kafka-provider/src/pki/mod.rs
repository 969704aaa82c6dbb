//! The two certificate authorities of a cluster and what they sign.
//!
//! Strimzi uses RSA keys; these are ECDSA P-256, because no pure Rust way makes a 4096 bit RSA key
//! in bearable time. Clients see no difference.

mod authority;
mod error;
mod leaf;
mod password;
mod store;

pub use authority::{Authority, Policy};
pub use error::PkiError;
pub use leaf::{Issued, Leaf, is_current, not_after};
pub use password::random_password;
pub use store::{key_store, trust_store};
