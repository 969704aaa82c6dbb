//! The products of a range of ids: a segment, and what changed since it was made.

use std::sync::Arc;

use super::Shape;
use super::delta::{Delta, Text};
use super::needle::Needle;
use super::segment::{Segment, Texts, copy};

/// A delta of this many is never worth a new segment.
const SMALL: usize = 256;
/// Beyond that, an eighth of the segment: searching a delta is reading it.
const SHARE: usize = 8;
const LARGEST_DELTA_BYTES: usize = 4 << 20;

#[derive(Clone, Debug)]
pub(super) struct Shard {
    /// The lowest id that belongs here.
    pub(super) first: u64,
    segment: Arc<Segment>,
    delta: Arc<Delta>,
}

impl Shard {
    pub(super) fn empty(first: u64) -> Self {
        Self::new(first, Segment::default())
    }

    pub(super) fn new(first: u64, segment: Segment) -> Self {
        Self { first, segment: Arc::new(segment), delta: Arc::default() }
    }

    pub(super) fn with(&self, changes: Vec<(u64, Option<Text>)>) -> Self {
        Self { first: self.first, segment: self.segment.clone(), delta: Arc::new(self.delta.with(changes)) }
    }

    /// Appends to `found`, until it holds `wanted`.
    pub(super) fn search(&self, needle: &Needle, after: u64, wanted: usize, found: &mut Vec<u64>) {
        let changed = self.delta.entries();
        let changed = &changed[changed.partition_point(|(id, _)| *id <= after)..];
        let is_in = |text: &Option<Text>| text.as_ref().is_some_and(|text| needle.is_in(text.bytes()));
        let mut changed = changed.iter().filter(|(_, text)| is_in(text)).map(|(id, _)| *id).peekable();
        let mut kept = self.segment.matches(needle, after).filter(|id| !self.delta.has(*id)).peekable();
        while found.len() < wanted {
            let next = match (changed.peek(), kept.peek()) {
                (Some(new), Some(old)) if new < old => changed.next(),
                (_, Some(_)) => kept.next(),
                (_, None) => changed.next(),
            };
            match next {
                Some(id) => found.push(id),
                None => break,
            }
        }
    }

    pub(super) fn is_due(&self) -> bool {
        self.delta.entries().len() > SMALL.max(self.segment.len() / SHARE)
            || self.delta.text_bytes() > LARGEST_DELTA_BYTES
    }

    pub(super) fn delta_len(&self) -> usize {
        self.delta.entries().len()
    }

    /// At least as many as there are.
    pub(super) fn most_products(&self) -> usize {
        self.segment.len() + self.delta_len()
    }

    pub(super) fn most_bytes(&self) -> usize {
        self.segment.text_bytes() + self.delta.text_bytes()
    }

    pub(super) fn products(&self) -> usize {
        let changed = self.delta.entries();
        let replaced = changed.iter().filter(|(id, _)| self.segment.has(*id)).count();
        let there = changed.iter().filter(|(_, text)| text.is_some()).count();
        self.segment.len() - replaced + there
    }

    pub(super) fn text_bytes(&self) -> usize {
        self.segment.text_bytes() + self.delta.text_bytes()
    }

    pub(super) fn bytes(&self) -> usize {
        self.segment.bytes() + self.delta.bytes()
    }

    /// Memory to make it anew, beside what is there: about what its segment took, and what came since.
    pub(super) fn making(&self) -> usize {
        self.segment.making() + self.delta.bytes()
    }

    /// The products as they are now, in id order.
    fn entries(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut old = self.segment.entries().peekable();
        let mut new = self.delta.entries().iter().peekable();
        std::iter::from_fn(move || {
            loop {
                let Some((id, text)) = new.next_if(|(new, _)| old.peek().is_none_or(|(old, _)| new <= old)) else {
                    return old.next();
                };
                old.next_if(|(old, _)| old == id);
                if let Some(text) = text {
                    return Some((*id, text.bytes()));
                }
            }
        })
    }
}

/// Neighbours made anew as one, or as several of equal size where one would be too large. Never none.
pub(super) fn rebuilt(shards: &[Shard], shape: Shape) -> Vec<Shard> {
    let (products, bytes) = shards
        .iter()
        .flat_map(Shard::entries)
        .fold((0_usize, 0_usize), |(products, bytes), (_, text)| (products + 1, bytes + text.len()));
    let parts = products.div_ceil(shape.products).max(bytes.div_ceil(shape.bytes)).max(1);
    let each = products.div_ceil(parts).max(1);
    let mut first = shards[0].first;
    let mut new = Vec::new();
    let mut texts = Texts::default();
    for (id, text) in shards.iter().flat_map(Shard::entries) {
        if texts.len() == each {
            new.push(Shard::new(first, Segment::of(std::mem::take(&mut texts))));
            first = id;
        }
        texts.push(id, copy(text));
    }
    new.push(Shard::new(first, Segment::of(texts)));
    new
}
