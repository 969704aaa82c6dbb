//! What changed in a shard since its segment was made.

use std::sync::Arc;

use crate::folding::Folding;

/// A byte that UTF-8 never has: it ends name and description, so that no needle reaches over an end. Two follow the
/// description, so that each character begins a trigram and short needles find theirs.
pub(super) const END: u8 = 0xFF;

/// A product's folded name and description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(Arc<[u8]>);

impl Text {
    pub fn new(name: &str, description: &str, folding: &Folding) -> Self {
        let mut bytes = Vec::with_capacity(name.len() + description.len() + 3);
        Self::write(name, description, folding, &mut bytes);
        Self(bytes.into())
    }

    pub(super) fn write(name: &str, description: &str, folding: &Folding, bytes: &mut Vec<u8>) {
        folding.fold(name, bytes);
        bytes.push(END);
        folding.fold(description, bytes);
        bytes.extend([END, END]);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// By id. A product that is gone stays as None: the segment still has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Delta {
    entries: Vec<(u64, Option<Text>)>,
    text_bytes: usize,
}

impl Delta {
    /// Both in id order; `newer` wins.
    pub(super) fn with(&self, newer: Vec<(u64, Option<Text>)>) -> Self {
        let mut entries = Vec::with_capacity(self.entries.len() + newer.len());
        let mut older = self.entries.iter().peekable();
        for (id, text) in newer {
            while let Some(entry) = older.next_if(|(older, _)| *older < id) {
                entries.push(entry.clone());
            }
            older.next_if(|(older, _)| *older == id);
            entries.push((id, text));
        }
        entries.extend(older.cloned());
        let text_bytes = entries.iter().filter_map(|(_, text)| text.as_ref()).map(|text| text.bytes().len()).sum();
        Self { entries, text_bytes }
    }

    pub(super) fn entries(&self) -> &[(u64, Option<Text>)] {
        &self.entries
    }

    pub(super) fn has(&self, id: u64) -> bool {
        self.entries.binary_search_by_key(&id, |(id, _)| *id).is_ok()
    }

    pub(super) fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    pub(super) fn bytes(&self) -> usize {
        // An Arc has two counters beside its bytes.
        self.text_bytes + self.entries.capacity() * size_of::<(u64, Option<Text>)>() + self.entries.len() * 16
    }
}
