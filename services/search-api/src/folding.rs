//! Which characters LIKE takes for the same, as a table: each code point has a representative, the smallest one that
//! LIKE under `utf8mb4_0900_ai_ci` equates with it. Two texts are equal to LIKE when their folded forms are.
//!
//! No lower-casing or normalisation gives this: ß does not contain ss, yet ド equals ト and ① equals 1. The table is
//! made from a real MySQL by `cargo xtask generate folding`, and compared with the server at every start.

pub mod compare;
pub mod derive;
mod packed;

pub use packed::{Broken, pack, unpack};

/// Made by `cargo xtask generate folding`.
const TABLE: &[u8] = include_bytes!("folding/table.bin");
const PAGE: usize = 256;
const PAGES: usize = 0x11_0000 / PAGE;
/// A page on which every code point stands for itself.
const PLAIN: u16 = u16::MAX;

/// The table, unpacked for quick look-ups: some 100 KiB.
#[derive(Clone, Debug)]
pub struct Folding {
    /// By the upper bits of a code point, which of `others`.
    pages: Vec<u16>,
    others: Vec<[char; PAGE]>,
}

impl Folding {
    /// The table that this program was built with.
    pub fn built_in() -> Self {
        Self::of(&unpack(TABLE).expect("generated, and read by a test"))
    }

    /// From pairs of a character and its representative, for characters that do not stand for themselves.
    pub fn of(pairs: &[(char, char)]) -> Self {
        let mut folding = Self { pages: vec![PLAIN; PAGES], others: Vec::new() };
        for (c, representative) in pairs {
            let (page, place) = (*c as usize / PAGE, *c as usize % PAGE);
            if folding.pages[page] == PLAIN {
                folding.pages[page] = folding.others.len() as u16;
                let same = |place| char::from_u32((page * PAGE + place) as u32).unwrap_or_default();
                folding.others.push(std::array::from_fn(same));
            }
            folding.others[usize::from(folding.pages[page])][place] = *representative;
        }
        folding
    }

    /// The smallest character that LIKE equates with `c`.
    pub fn representative(&self, c: char) -> char {
        match self.pages[c as usize / PAGE] {
            PLAIN => c,
            page => self.others[usize::from(page)][c as usize % PAGE],
        }
    }

    /// Appends the folded text, in UTF-8.
    pub fn fold(&self, text: &str, folded: &mut Vec<u8>) {
        let mut utf8 = [0; 4];
        for c in text.chars() {
            match self.representative(c) {
                ascii if ascii.is_ascii() => folded.push(ascii as u8),
                other => folded.extend_from_slice(other.encode_utf8(&mut utf8).as_bytes()),
            }
        }
    }

    /// Pairs of a character and another one that represents it, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (char, char)> {
        ('\0'..=char::MAX).map(|c| (c, self.representative(c))).filter(|(c, representative)| c != representative)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut bytes = Vec::new();
        Folding::built_in().fold(text, &mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_like_equates_is_one() {
        for (one, other) in [("Crème Brûlée", "creme brulee"), ("ド", "ト"), ("①", "1"), ("\u{7}", "\0"), ("％", "%")]
        {
            assert_eq!(folded(one), folded(other));
        }
        for (one, other) in [("ß", "ss"), ("Æ", "ae"), ("🚲", "🚗"), (" ", "\0")] {
            assert_ne!(folded(one), folded(other));
        }
    }

    #[test]
    fn a_representative_is_smaller_and_represents_itself() {
        let folding = Folding::built_in();
        assert!(folding.pairs().count() > 7000);
        for (c, representative) in folding.pairs() {
            assert!(representative < c);
            assert_eq!(folding.representative(representative), representative);
        }
    }
}
