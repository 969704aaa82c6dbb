//! The table's form on disk: runs of neighbours that fold alike, as differences, in variable-length numbers. Some 8 KiB.
//!
//! A run is three numbers: the distance from the last run's end times two, plus one when the representatives count
//! up as well; its length; the signed distance (zigzag) from the last run's first representative.

/// The bytes are no table.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the folding table is broken")]
pub struct Broken;

struct Run {
    first: u32,
    length: u32,
    representative: u32,
    counts_up: bool,
}

/// `pairs`: a character and its representative, in order.
pub fn pack(pairs: &[(char, char)]) -> Vec<u8> {
    let mut packed = Vec::new();
    let (mut end, mut representative) = (0, 0);
    for run in runs(pairs) {
        number(&mut packed, (run.first - end) << 1 | u32::from(run.counts_up));
        number(&mut packed, run.length);
        let step = i64::from(run.representative) - i64::from(representative);
        number(&mut packed, ((step << 1) ^ (step >> 63)) as u32);
        end = run.first + run.length;
        representative = run.representative;
    }
    packed
}

/// # Errors
/// Bytes that [`pack`] did not make.
pub fn unpack(mut packed: &[u8]) -> Result<Vec<(char, char)>, Broken> {
    let mut pairs = Vec::new();
    let (mut end, mut representative) = (0u32, 0u32);
    while !packed.is_empty() {
        let head = take(&mut packed)?;
        let length = take(&mut packed)?;
        let step = take(&mut packed)?;
        let first = end.checked_add(head >> 1).ok_or(Broken)?;
        let signed = i64::from(step >> 1) ^ -i64::from(step & 1);
        representative = u32::try_from(i64::from(representative) + signed).map_err(|_| Broken)?;
        end = first.checked_add(length).filter(|end| *end <= 0x11_0000).ok_or(Broken)?;
        for at in 0..length {
            let stands_for = representative + if head & 1 == 1 { at } else { 0 };
            pairs.push((char::from_u32(first + at).ok_or(Broken)?, char::from_u32(stands_for).ok_or(Broken)?));
        }
    }
    Ok(pairs)
}

fn runs(mut pairs: &[(char, char)]) -> Vec<Run> {
    let mut runs = Vec::new();
    while let Some((first, representative)) = pairs.first().map(|(c, r)| (*c as u32, *r as u32)) {
        let reach = |step: u32| {
            let expected = (0u32..).map(|at| (first + at, representative + at * step));
            pairs.iter().zip(expected).take_while(|((c, r), expected)| (*c as u32, *r as u32) == *expected).count()
        };
        let (same, up) = (reach(0), reach(1));
        let length = same.max(up);
        runs.push(Run { first, length: length as u32, representative, counts_up: up > same });
        pairs = &pairs[length..];
    }
    runs
}

/// Seven bits a byte, the lowest first; the top bit says that more follow.
fn number(packed: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        packed.push(value as u8 | 0x80);
        value >>= 7;
    }
    packed.push(value as u8);
}

fn take(packed: &mut &[u8]) -> Result<u32, Broken> {
    let mut value = 0u32;
    for shift in (0..32).step_by(7) {
        let (byte, rest) = packed.split_first().ok_or(Broken)?;
        *packed = rest;
        value |= u32::from(byte & 0x7f).checked_shl(shift).ok_or(Broken)?;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn what_is_packed_comes_back(pairs: BTreeMap<char, char>) {
            let pairs: Vec<_> = pairs.into_iter().collect();
            prop_assert_eq!(unpack(&pack(&pairs)), Ok(pairs));
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = unpack(&bytes);
        }
    }

    #[test]
    fn neighbours_are_one_run() {
        let pairs: Vec<_> = ('a'..='z').zip('A'..='Z').collect();
        assert_eq!(pack(&pairs).len(), 5);
        assert_eq!(unpack(&pack(&pairs)), Ok(pairs));
    }
}
