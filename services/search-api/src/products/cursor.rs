//! Where the next page begins. Opaque to callers, bound to its search, refused when it is not one of ours.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// First byte, so that a later form can be told apart.
const FORM: u8 = 1;
const LENGTH: usize = 1 + 8 + 4;

/// The last id a caller has seen, of one search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub after: u64,
}

/// The text is not a cursor, or one of another search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCursor;

impl Cursor {
    /// Base64url of form, id (big endian) and a checksum that holds the search.
    pub fn encode(self, search: Option<&str>) -> String {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.push(FORM);
        bytes.extend(self.after.to_be_bytes());
        bytes.extend(checksum(self.after, search).to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// # Errors
    /// Anything that [`Cursor::encode`] did not make for this search.
    pub fn decode(text: &str, search: Option<&str>) -> Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| InvalidCursor)?;
        let mut id = [0; 8];
        id.copy_from_slice(&bytes[1..9]);
        let after = u64::from_be_bytes(id);
        let whole = bytes[0] == FORM && bytes[9..] == checksum(after, search).to_be_bytes();
        if whole { Ok(Self { after }) } else { Err(InvalidCursor) }
    }
}

/// FNV-1a. Against mistakes, not against malice: a forged cursor finds nothing that `search` would not.
fn checksum(after: u64, search: Option<&str>) -> u32 {
    let id = after.to_be_bytes();
    let bytes = id.iter().chain(search.unwrap_or_default().as_bytes());
    bytes.fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn comes_back(after: u64, search: Option<String>) {
            let text = Cursor { after }.encode(search.as_deref());
            prop_assert_eq!(Cursor::decode(&text, search.as_deref()), Ok(Cursor { after }));
        }

        #[test]
        fn anything_else_is_refused(text in ".{0,40}") {
            prop_assert_eq!(Cursor::decode(&text, None), Err(InvalidCursor));
        }
    }

    #[test]
    fn belongs_to_its_search() {
        let text = Cursor { after: 7 }.encode(Some("lamp"));
        assert_eq!(Cursor::decode(&text, Some("desk")), Err(InvalidCursor));
        assert_eq!(Cursor::decode(&text, None), Err(InvalidCursor));
    }
}
