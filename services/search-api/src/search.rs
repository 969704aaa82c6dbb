//! How products are found. All callers come through [`Search`]; which way a text is looked up is decided here alone.

mod by_key;
mod gate;
mod indexed;
mod like;
pub mod pattern;

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::database::{ReadError, Reads};
use crate::folding::Folding;
use crate::follow::Published;
use crate::products::cursor::Cursor;
use crate::products::query::ListQuery;
use crate::products::{Product, ProductPage};
use indexed::{Indexed, Why};
use like::Like;

/// Limits of the ways to search.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Scans of the whole table at once, in this process: each takes a processor of the server.
    pub like_scans: usize,
    /// Longest scan.
    pub like_time: Duration,
}

/// Answers lists and single products from the committed state.
#[derive(Clone, Debug)]
pub struct Search {
    reads: Reads,
    indexed: Indexed,
    like: Like,
    fallbacks: Family<FallbackLabels, Counter>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FallbackLabels {
    reason: Why,
}

impl Search {
    pub fn new(
        reads: Reads,
        published: Published,
        folding: Arc<Folding>,
        limits: Limits,
        registry: &mut Registry,
    ) -> Self {
        let fallbacks = Family::default();
        registry.register("search_fallbacks", "Searches that the index could not answer", fallbacks.clone());
        let indexed = Indexed::new(reads.clone(), published, folding);
        Self { indexed, like: Like::new(reads.clone(), limits, registry), reads, fallbacks }
    }

    /// One page in id order, and the cursor to the next when there is one.
    ///
    /// # Errors
    /// The database did not answer in time.
    pub async fn page(&self, query: &ListQuery) -> Result<ProductPage, ReadError> {
        // One more than asked for says whether another page follows.
        let wanted = query.limit + 1;
        let mut items = match &query.search {
            None => by_key::browse(&self.reads, query.after, wanted).await?,
            Some(text) => match self.indexed.page(text, query.after, wanted as usize).await? {
                Ok(items) => items,
                Err(reason) => {
                    self.fallbacks.get_or_create(&FallbackLabels { reason }).inc();
                    self.like.page(text, query.after, wanted).await?
                }
            },
        };
        let more = items.len() > query.limit as usize;
        items.truncate(query.limit as usize);
        let last = items.last().filter(|_| more);
        let next_cursor = last.map(|last| Cursor { after: last.id }.encode(query.search.as_deref()));
        Ok(ProductPage { items, next_cursor })
    }

    /// The `wanted` products with the lowest ids above `after`.
    pub(crate) async fn browse(&self, after: u64, wanted: u32) -> Result<Vec<Product>, ReadError> {
        by_key::browse(&self.reads, after, wanted).await
    }

    /// # Errors
    /// The database did not answer in time.
    pub async fn product(&self, id: u64) -> Result<Option<Product>, ReadError> {
        by_key::product(&self.reads, id).await
    }
}
