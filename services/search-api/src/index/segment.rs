//! Up to 65,536 products in id order: their texts, and which of them a needle can be in. Never changes.

use super::needle::Needle;
use super::postings::{List, Postings};

/// So few candidates are looked at rather than thinned out further.
const FEW: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Segment {
    ids: Vec<u64>,
    /// Where each text ends in `texts`.
    ends: Vec<u32>,
    texts: Vec<u8>,
    postings: Postings,
}

/// A segment without its postings.
#[derive(Debug, Default)]
pub(super) struct Texts {
    ids: Vec<u64>,
    ends: Vec<u32>,
    texts: Vec<u8>,
}

impl Texts {
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn first(&self) -> Option<u64> {
        self.ids.first().copied()
    }

    /// In id order. `write` appends the text.
    pub(super) fn push(&mut self, id: u64, write: impl FnOnce(&mut Vec<u8>)) {
        self.ids.push(id);
        write(&mut self.texts);
        self.ends.push(self.texts.len() as u32);
    }
}

impl Segment {
    pub(super) fn of(mut texts: Texts) -> Self {
        texts.ids.shrink_to_fit();
        texts.ends.shrink_to_fit();
        texts.texts.shrink_to_fit();
        let postings = Postings::of(texts.len(), |number| text(&texts.ends, &texts.texts, number));
        Self { ids: texts.ids, ends: texts.ends, texts: texts.texts, postings }
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn has(&self, id: u64) -> bool {
        self.ids.binary_search(&id).is_ok()
    }

    pub(super) fn text_bytes(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn bytes(&self) -> usize {
        8 * self.ids.capacity() + 4 * self.ends.capacity() + self.texts.capacity() + self.postings.bytes()
    }

    /// Most memory while it was made, itself included.
    pub(super) fn making(&self) -> usize {
        self.bytes() + self.postings.making()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.ids.iter().enumerate().map(|(number, id)| (*id, text(&self.ends, &self.texts, number)))
    }

    /// Ids above `after` whose texts contain the needle, in order, found one by one as they are asked for.
    pub(super) fn matches<'a>(&'a self, needle: &'a Needle, after: u64) -> impl Iterator<Item = u64> + 'a {
        let first = self.ids.partition_point(|id| *id <= after);
        let found = if first == self.ids.len() { Candidates::none() } else { self.candidates(needle) };
        // Up to three bytes the postings say it all, where they were asked.
        let certain = needle.bytes().len() <= 3 && !matches!(found, Candidates::All(_));
        found
            .from(first)
            .filter(move |number| certain || needle.is_in(text(&self.ends, &self.texts, *number)))
            .map(|number| self.ids[number])
    }

    /// All texts that can contain the needle, and some that do not.
    fn candidates(&self, needle: &Needle) -> Candidates {
        if needle.bytes().len() < 3 {
            // One text in sixteen has it, or more: reading them fills a page sooner than the union of so many lists.
            if self.postings.beginning(needle.bytes()).any(|list| matches!(list, List::Bitmap(_))) {
                return Candidates::All(self.len());
            }
            let mut bitmap = vec![0; self.postings.bitmap_len()];
            self.postings.beginning(needle.bytes()).for_each(|list| list.add_to(&mut bitmap));
            return Candidates::Bitmap(bitmap);
        }
        let lists: Option<Vec<_>> = needle.trigrams().iter().map(|trigram| self.postings.list(*trigram)).collect();
        let Some(mut lists) = lists else { return Candidates::none() };
        lists.sort_unstable_by_key(List::len);
        match lists[0] {
            List::Numbers(rarest) => {
                let mut numbers = rarest.to_vec();
                for list in &lists[1..] {
                    if numbers.len() <= FEW {
                        break;
                    }
                    list.retain_in(&mut numbers);
                }
                Candidates::Numbers(numbers)
            }
            // Numbers are shorter than bitmaps, so all the others are bitmaps, too.
            List::Bitmap(first) => {
                let mut bitmap = first.to_vec();
                for list in &lists[1..] {
                    if let List::Bitmap(other) = list {
                        bitmap.iter_mut().zip(*other).for_each(|(kept, other)| *kept &= other);
                    }
                }
                Candidates::Bitmap(bitmap)
            }
        }
    }
}

fn text<'a>(ends: &[u32], texts: &'a [u8], number: usize) -> &'a [u8] {
    let start = number.checked_sub(1).map_or(0, |before| ends[before] as usize);
    &texts[start..ends[number] as usize]
}

enum Candidates {
    /// So many.
    All(usize),
    Numbers(Vec<u16>),
    Bitmap(Vec<u16>),
}

impl Candidates {
    fn none() -> Self {
        Self::Numbers(Vec::new())
    }

    /// Those not below `first`, in order.
    fn from(self, first: usize) -> impl Iterator<Item = usize> {
        let (all, numbers, bitmap) = match self {
            Self::All(end) => (first..end, Vec::new(), Vec::new()),
            Self::Numbers(numbers) => (0..0, numbers, Vec::new()),
            Self::Bitmap(bitmap) => (0..0, Vec::new(), bitmap),
        };
        let numbers = numbers.into_iter().map(usize::from).filter(move |number| *number >= first);
        let words = bitmap.into_iter().enumerate().skip(first / 16);
        let bits = words.flat_map(|(at, word)| bits(word).map(move |bit| at * 16 + bit));
        all.chain(numbers).chain(bits.filter(move |number| *number >= first))
    }
}

/// The places of the ones, from the lowest.
fn bits(mut word: u16) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
        word &= word - 1;
        Some(bit)
    })
}

/// Appends a folded text as it is.
pub(super) fn copy(text: &[u8]) -> impl FnOnce(&mut Vec<u8>) + '_ {
    |texts| texts.extend_from_slice(text)
}
