//! For each three bytes that occur, in which texts of a segment. Numbers of texts are 16 bits wide.
//!
//! A list is sorted numbers, or a bitmap where that is smaller: roaring's containers. They lie in one piece of memory,
//! since a segment has tens of thousands of lists, most of them a few numbers long.

use std::ops::Range;

use super::delta::END;
use super::needle::trigram;

/// Sorted trigrams with their lists.
#[derive(Debug, Default)]
pub(super) struct Postings {
    trigrams: Vec<u32>,
    /// Where each list begins in `data`; one more for the end.
    starts: Vec<u32>,
    data: Vec<u16>,
    /// Length of a bitmap; a list of this length is one.
    bitmap_len: usize,
}

/// The texts with one trigram.
#[derive(Clone, Copy, Debug)]
pub(super) enum List<'a> {
    Numbers(&'a [u16]),
    Bitmap(&'a [u16]),
}

impl Postings {
    /// `texts` gives each text's bytes; `count` is at most 65,536.
    pub(super) fn of<'a>(count: usize, texts: impl Fn(usize) -> &'a [u8]) -> Self {
        let slots = Slots::of(count, &texts);
        let bitmap_len = count.div_ceil(16);
        let lengths = slots.count(count, &texts);
        let mut postings = Self { bitmap_len, ..Self::default() };
        // First where each list begins, then where its next number goes.
        let mut next = vec![0u32; lengths.len()];
        let mut end = 0;
        for (slot, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            postings.trigrams.push(slots.trigram(slot));
            postings.starts.push(end);
            next[slot] = end;
            end += (*length).min(bitmap_len as u32);
        }
        postings.starts.push(end);
        postings.data = vec![0; end as usize];
        let mut last = vec![u32::MAX; lengths.len()];
        for number in 0..count {
            for slot in slots.of_text(texts(number)) {
                if std::mem::replace(&mut last[slot], number as u32) == number as u32 {
                    continue;
                }
                if lengths[slot] as usize >= bitmap_len {
                    postings.data[next[slot] as usize + number / 16] |= 1 << (number % 16);
                } else {
                    postings.data[next[slot] as usize] = number as u16;
                    next[slot] += 1;
                }
            }
        }
        postings
    }

    pub(super) fn list(&self, trigram: u32) -> Option<List<'_>> {
        let at = self.trigrams.binary_search(&trigram).ok()?;
        Some(self.at(at))
    }

    /// The lists of all trigrams that begin with these one or two bytes.
    pub(super) fn beginning(&self, bytes: &[u8]) -> impl Iterator<Item = List<'_>> {
        let range = match bytes {
            [one] => prefix(u32::from(*one) << 16, 1 << 16),
            [one, two, ..] => prefix(u32::from(*one) << 16 | u32::from(*two) << 8, 1 << 8),
            [] => 0..u32::MAX,
        };
        let place = |bound| self.trigrams.partition_point(|trigram| *trigram < bound);
        (place(range.start)..place(range.end)).map(|at| self.at(at))
    }

    pub(super) fn bitmap_len(&self) -> usize {
        self.bitmap_len
    }

    pub(super) fn bytes(&self) -> usize {
        4 * (self.trigrams.capacity() + self.starts.capacity()) + 2 * self.data.capacity()
    }

    fn at(&self, at: usize) -> List<'_> {
        let data = &self.data[self.starts[at] as usize..self.starts[at + 1] as usize];
        if data.len() == self.bitmap_len { List::Bitmap(data) } else { List::Numbers(data) }
    }
}

impl List<'_> {
    /// About how much work it is to read.
    pub(super) fn len(&self) -> usize {
        match self {
            List::Numbers(list) | List::Bitmap(list) => list.len(),
        }
    }

    pub(super) fn add_to(&self, bitmap: &mut [u16]) {
        match self {
            List::Numbers(numbers) => {
                for number in *numbers {
                    bitmap[usize::from(number / 16)] |= 1 << (number % 16);
                }
            }
            List::Bitmap(list) => bitmap.iter_mut().zip(*list).for_each(|(to, from)| *to |= from),
        }
    }

    /// Keeps of sorted `numbers` those that are here, too.
    pub(super) fn retain_in(&self, numbers: &mut Vec<u16>) {
        match self {
            List::Bitmap(bitmap) => {
                numbers.retain(|number| bitmap[usize::from(number / 16)] & 1 << (number % 16) != 0);
            }
            &List::Numbers(mut list) => numbers.retain(|number| {
                // The list is the longer one: jump, then halve.
                let mut step = 1;
                while step < list.len() && list[step] < *number {
                    step *= 2;
                }
                let found = list[..list.len().min(step + 1)].partition_point(|other| other < number);
                list = &list[found..];
                list.first() == Some(number)
            }),
        }
    }
}

fn prefix(start: u32, width: u32) -> Range<u32> {
    start..start + width
}

/// Trigrams as small dense numbers: only bytes that occur count, so that tables of them fit a processor's cache.
struct Slots {
    /// 0 for a byte that does not occur.
    symbols: [u8; 256],
    bytes: Vec<u8>,
}

impl Slots {
    fn of<'a>(count: usize, texts: impl Fn(usize) -> &'a [u8]) -> Self {
        let mut occurs = [false; 256];
        for number in 0..count {
            texts(number).iter().for_each(|byte| occurs[usize::from(*byte)] = true);
        }
        let bytes: Vec<u8> = (0..=255).filter(|byte| occurs[usize::from(*byte)]).collect();
        let mut symbols = [0; 256];
        for (symbol, byte) in bytes.iter().enumerate() {
            symbols[usize::from(*byte)] = symbol as u8;
        }
        Self { symbols, bytes }
    }

    /// The slot of each trigram that a needle can begin with; a needle has no end byte.
    fn of_text<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let base = self.bytes.len();
        let symbol = |byte: u8| usize::from(self.symbols[usize::from(byte)]);
        text.windows(3)
            .filter(|window| window[0] != END)
            .map(move |window| (symbol(window[0]) * base + symbol(window[1])) * base + symbol(window[2]))
    }

    fn trigram(&self, slot: usize) -> u32 {
        let base = self.bytes.len();
        trigram(&[self.bytes[slot / base / base], self.bytes[slot / base % base], self.bytes[slot % base]])
    }

    /// In how many texts each occurs.
    fn count<'a>(&self, count: usize, texts: impl Fn(usize) -> &'a [u8]) -> Vec<u32> {
        let mut lengths = vec![0; self.bytes.len().pow(3)];
        let mut last = vec![u32::MAX; lengths.len()];
        for number in 0..count {
            for slot in self.of_text(texts(number)) {
                if std::mem::replace(&mut last[slot], number as u32) != number as u32 {
                    lengths[slot] += 1;
                }
            }
        }
        lengths
    }
}
