//! An index from a stream of products in id order.

use super::delta::Text;
use super::segment::{Segment, Texts};
use super::shard::Shard;
use super::{Index, Shape, Size};
use crate::folding::Folding;

/// Takes products and closes a shard whenever one is full.
#[derive(Debug)]
pub struct Builder {
    shape: Shape,
    shards: Vec<Shard>,
    texts: Texts,
    closed: Size,
}

impl Builder {
    pub fn new(shape: Shape) -> Self {
        Self { shape, shards: Vec::new(), texts: Texts::default(), closed: Size::default() }
    }

    /// `id` is higher than all before.
    pub fn push(&mut self, id: u64, name: &str, description: &str, folding: &Folding) {
        if self.texts.len() >= self.shape.products || self.texts.bytes() >= self.shape.bytes {
            self.close();
        }
        self.texts.push(id, |texts| Text::write(name, description, folding, texts));
    }

    /// What it holds so far; the shard at hand without its postings.
    pub fn size(&self) -> Size {
        Size {
            products: self.closed.products + self.texts.len(),
            text_bytes: self.closed.text_bytes + self.texts.bytes(),
            bytes: self.closed.bytes + self.texts.bytes(),
            shards: self.shards.len(),
            making: self.closed.making,
        }
    }

    pub fn finish(mut self) -> Index {
        self.close();
        Index::of(self.shape, self.shards)
    }

    fn close(&mut self) {
        let texts = std::mem::take(&mut self.texts);
        let Some(lowest) = texts.first() else { return };
        // Every id belongs to a shard, so the first one begins at 0.
        let first = if self.shards.is_empty() { 0 } else { lowest };
        self.closed.products += texts.len();
        self.closed.text_bytes += texts.bytes();
        let shard = Shard::new(first, Segment::of(texts));
        self.closed.bytes += shard.bytes();
        self.closed.making = self.closed.making.max(shard.making());
        self.shards.push(shard);
    }
}
