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
    /// Memory that making them took beside them.
    making: usize,
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
        let mut tallies = vec![Tally::default(); slots.len()];
        slots.each(count, &texts, &mut tallies, 1, |tally, _| tally.next += 1);
        let bitmap_len = count.div_ceil(16);
        let making = slots.memory() + tallies.capacity() * size_of::<Tally>();
        let mut postings = Self { bitmap_len, making, ..Self::default() };
        // Its length becomes where its next number goes.
        let mut end = 0;
        for (slot, tally) in tallies.iter_mut().enumerate().filter(|(_, tally)| tally.next > 0) {
            let length = std::mem::replace(&mut tally.next, end);
            postings.trigrams.push(slots.trigram(slot));
            postings.starts.push(end);
            tally.is_bitmap = length >= bitmap_len as u32;
            end += length.min(bitmap_len as u32);
        }
        postings.starts.push(end);
        postings.trigrams.shrink_to_fit();
        postings.starts.shrink_to_fit();
        postings.data = vec![0; end as usize];
        let data = &mut postings.data;
        slots.each(count, &texts, &mut tallies, 2, |tally, number| {
            if tally.is_bitmap {
                data[tally.next as usize + number / 16] |= 1 << (number % 16);
            } else {
                data[tally.next as usize] = number as u16;
                tally.next += 1;
            }
        });
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

    pub(super) fn making(&self) -> usize {
        self.making
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

/// What is known of one trigram while lists are made.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// The text that had it last, as [`Slots::each`] numbers them.
    last: u32,
    next: u32,
    is_bitmap: bool,
}

/// Trigrams as small dense numbers, in their order: only bytes that occur count, behind pairs of bytes that occur, so
/// that the tables of them are small.
struct Slots {
    /// Of each pair of bytes the slot of its first trigram, if it occurs.
    starts: Vec<u32>,
    /// 0 for a byte that does not occur.
    symbols: [u8; 256],
    pairs: Vec<u16>,
    bytes: Vec<u8>,
}

/// Of two bytes.
const PAIRS: usize = 1 << 16;

impl Slots {
    fn of<'a>(count: usize, texts: impl Fn(usize) -> &'a [u8]) -> Self {
        let mut occurs = [0u64; PAIRS / 64];
        for number in 0..count {
            texts(number).windows(2).map(place).for_each(|pair| occurs[pair / 64] |= 1 << (pair % 64));
        }
        // A needle has no end byte, so no trigram begins with one.
        let pairs: Vec<u16> = ones(&occurs).take_while(|pair| *pair < u16::from(END) << 8).collect();
        let mut bytes: Vec<u8> = pairs.iter().map(|pair| pair.to_be_bytes()[0]).collect();
        bytes.dedup();
        // Every text ends with two.
        bytes.push(END);
        let mut symbols = [0; 256];
        for (symbol, byte) in bytes.iter().enumerate() {
            symbols[usize::from(*byte)] = symbol as u8;
        }
        let mut starts = vec![0; PAIRS];
        for (row, pair) in pairs.iter().enumerate() {
            starts[usize::from(*pair)] = (row * bytes.len()) as u32;
        }
        Self { starts, symbols, pairs, bytes }
    }

    fn len(&self) -> usize {
        self.pairs.len() * self.bytes.len()
    }

    fn memory(&self) -> usize {
        4 * self.starts.capacity() + 2 * self.pairs.capacity()
    }

    fn trigram(&self, slot: usize) -> u32 {
        let [first, second] = self.pairs[slot / self.bytes.len()].to_be_bytes();
        trigram(&[first, second, self.bytes[slot % self.bytes.len()]])
    }

    /// Calls `with` once for each text and trigram that a needle can begin with. `pass` is 1, then 2: what the first
    /// one left need not be wiped.
    fn each<'a>(
        &self,
        count: usize,
        texts: impl Fn(usize) -> &'a [u8],
        tallies: &mut [Tally],
        pass: u32,
        mut with: impl FnMut(&mut Tally, usize),
    ) {
        for number in 0..count {
            let mark = pass << 17 | number as u32;
            for window in texts(number).windows(3).filter(|window| window[0] != END) {
                let slot = self.starts[place(window)] as usize + usize::from(self.symbols[usize::from(window[2])]);
                let tally = &mut tallies[slot];
                if tally.last != mark {
                    tally.last = mark;
                    with(tally, number);
                }
            }
        }
    }
}

/// The places of the ones, from the lowest.
fn ones(words: &[u64]) -> impl Iterator<Item = u16> {
    words.iter().enumerate().flat_map(|(at, word)| {
        let mut left = *word;
        std::iter::from_fn(move || {
            let bit = (left != 0).then(|| left.trailing_zeros() as u16)?;
            left &= left - 1;
            Some((at * 64) as u16 + bit)
        })
    })
}

/// The first two bytes as a number.
fn place(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}
