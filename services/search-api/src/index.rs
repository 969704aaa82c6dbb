//! Which products contain a text, in memory. Holds ids and folded texts alone; price and stock stay in MySQL. Pure.
//!
//! The catalogue is cut by id into [`shard::Shard`]s of up to 65,536 products. Each has an immutable
//! [`segment::Segment`] (texts in one piece of memory, postings of three bytes) and a small delta of what changed since.
//! An index is a value: a change makes a new one that shares all shards it did not touch, so a reader keeps what it has
//! and is never waited for. A shard whose delta has grown is made anew, one at a time.

mod builder;
mod delta;
pub mod needle;
mod postings;
mod segment;
mod shard;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use builder::Builder;
pub use delta::Text;
use needle::Needle;
use shard::Shard;

/// Bounds of a shard. Smaller ones are for tests.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Most products, at most 65,536: within a segment a product has a 16-bit number.
    pub products: usize,
    /// Most bytes of folded text, so that making one anew needs little memory.
    pub bytes: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self { products: 1 << 16, bytes: 32 << 20 }
    }
}

/// Sizes, for metrics and limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    pub products: usize,
    /// Folded texts.
    pub text_bytes: usize,
    /// All memory the index holds.
    pub bytes: usize,
    pub shards: usize,
    /// The most that making one shard takes beside `bytes`: the shard itself, and tables that live only so long.
    pub making: usize,
}

impl Size {
    /// Bytes while the shard that takes the most is made anew beside the old one.
    pub fn peak(&self) -> usize {
        self.bytes + self.making
    }
}

/// An immutable index; cheap to clone.
#[derive(Clone, Debug)]
pub struct Index {
    shape: Shape,
    /// By lowest id; the first begins at 0, so that every id has its shard.
    shards: Arc<[Shard]>,
}

impl Index {
    pub fn empty(shape: Shape) -> Self {
        Self { shape, shards: Arc::new([Shard::empty(0)]) }
    }

    fn of(shape: Shape, shards: Vec<Shard>) -> Self {
        if shards.is_empty() { Self::empty(shape) } else { Self { shape, shards: shards.into() } }
    }

    /// The lowest `wanted` ids above `after` whose texts contain the needle, in order.
    pub fn search(&self, needle: &Needle, after: u64, wanted: usize) -> Vec<u64> {
        let mut found = Vec::new();
        let first = self.shard_of(after);
        for shard in &self.shards[first..] {
            shard.search(needle, after, wanted, &mut found);
            if found.len() >= wanted {
                break;
            }
        }
        found
    }

    /// The index after these products changed: to a text, or to nothing when the product is gone.
    #[must_use]
    pub fn with(&self, changes: BTreeMap<u64, Option<Text>>) -> Self {
        let mut shards = self.shards.to_vec();
        let mut changes = changes.into_iter().peekable();
        while let Some((id, _)) = changes.peek() {
            let at = self.shard_of(*id);
            let end = shards.get(at + 1).map_or(u64::MAX, |next| next.first - 1);
            let mut mine = Vec::new();
            while let Some(change) = changes.next_if(|(id, _)| *id <= end) {
                mine.push(change);
            }
            shards[at] = shards[at].with(mine);
        }
        Self { shape: self.shape, shards: shards.into() }
    }

    /// Has a part that should be made anew.
    pub fn is_due(&self) -> bool {
        self.shards.iter().any(Shard::is_due)
    }

    /// The index with one shard made anew, the one that needs it most; None when none does. Takes tens of
    /// milliseconds for a full shard.
    pub fn compacted(&self) -> Option<Self> {
        let due = (0..self.shards.len())
            .filter(|at| self.shards[*at].is_due())
            .max_by_key(|at| self.shards[*at].delta_len())?;
        // Small neighbours become one, so that deletes do not leave a shard each.
        let joined = |range: &std::ops::RangeInclusive<usize>| {
            self.shards.get(range.clone()).is_some_and(|shards| {
                shards.iter().map(Shard::most_products).sum::<usize>() <= self.shape.products / 2
                    && shards.iter().map(Shard::most_bytes).sum::<usize>() <= self.shape.bytes / 2
            })
        };
        let with_neighbour = [due..=due + 1, due.wrapping_sub(1)..=due].into_iter().find(joined);
        let range = with_neighbour.unwrap_or(due..=due);
        let new = shard::rebuilt(&self.shards[range.clone()], self.shape);
        let mut shards = self.shards.to_vec();
        shards.splice(range, new);
        Some(Self { shape: self.shape, shards: shards.into() })
    }

    pub fn size(&self) -> Size {
        self.shards.iter().fold(Size { shards: self.shards.len(), ..Size::default() }, |size, shard| Size {
            products: size.products + shard.products(),
            text_bytes: size.text_bytes + shard.text_bytes(),
            bytes: size.bytes + shard.bytes(),
            making: size.making.max(shard.making()),
            ..size
        })
    }

    fn shard_of(&self, id: u64) -> usize {
        self.shards.partition_point(|shard| shard.first <= id) - 1
    }
}

#[cfg(test)]
mod tests;
