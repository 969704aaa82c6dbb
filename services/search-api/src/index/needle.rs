//! What is searched for, prepared once for all shards.

use memchr::memmem::Finder;

use crate::folding::Folding;

/// A folded text, never empty, with its trigrams.
#[derive(Clone, Debug)]
pub struct Needle {
    finder: Finder<'static>,
    /// Each once.
    trigrams: Vec<u32>,
}

impl Needle {
    /// None for an empty text: that is browsing.
    pub fn new(text: &str, folding: &Folding) -> Option<Self> {
        let mut bytes = Vec::with_capacity(text.len());
        folding.fold(text, &mut bytes);
        if bytes.is_empty() {
            return None;
        }
        let mut trigrams: Vec<u32> = bytes.windows(3).map(trigram).collect();
        trigrams.sort_unstable();
        trigrams.dedup();
        Some(Self { finder: Finder::new(&bytes).into_owned(), trigrams })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.finder.needle()
    }

    pub(super) fn trigrams(&self) -> &[u32] {
        &self.trigrams
    }

    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        self.finder.find(text).is_some()
    }
}

/// Three bytes as a number that sorts as they do.
pub(super) fn trigram(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]])
}
