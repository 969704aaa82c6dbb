//! Upkeep of the catalogue, for who has the pipeline's token: products put and deleted, stock moved, whole catalogues
//! in and out.
//!
//! Stock is moved by the stock call and an import's stock column alone, and both write the ledger: for every product,
//! available is the sum of its movements. Each of them may be sent again: what is known by its request counts once.

pub(crate) mod delete;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod put;
pub(crate) mod row;
pub(crate) mod stock;
mod write;

use service_runtime::auth::AdminToken;
use sqlx::MySqlPool;

use crate::database::contact::Contact;
pub(crate) use write::WriteError;

/// What the handlers of the upkeep need.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pool: MySqlPool,
    contact: Contact,
    pub(crate) token: AdminToken,
}

impl Catalogue {
    pub fn new(pool: MySqlPool, contact: Contact, token: AdminToken) -> Self {
        Self { pool, contact, token }
    }
}
