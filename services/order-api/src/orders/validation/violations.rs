//! What is wrong, and where, as JSON pointers (RFC 6901).

use std::borrow::Cow;

use crate::card_number;

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where; empty for the whole body.
    pub pointer: String,
    /// What must hold there.
    pub detail: Cow<'static, str>,
}

/// More than this many violations help nobody; it bounds the answer to a hostile body.
const MAX_VIOLATIONS: usize = 1_000;

/// Everything found so far.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<Violation>);

impl Violations {
    pub(crate) fn add(&mut self, at: At<'_>, detail: impl Into<Cow<'static, str>>) {
        if self.0.len() < MAX_VIOLATIONS {
            self.0.push(Violation { pointer: at.pointer(), detail: detail.into() });
        }
    }

    pub(crate) fn into_list(self) -> Vec<Violation> {
        self.0
    }
}

/// A place in the document. A chain of references, so that nothing is allocated for what is right.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At<'a> {
    Root,
    /// A field of the object at that place.
    Field(&'a At<'a>, &'a str),
    /// An item of the list at that place.
    Index(&'a At<'a>, usize),
}

impl At<'_> {
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        self.write(&mut pointer);
        pointer
    }

    fn write(&self, pointer: &mut String) {
        match self {
            Self::Root => {}
            Self::Field(parent, name) => {
                parent.write(pointer);
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
            Self::Index(parent, index) => {
                parent.write(pointer);
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
        }
    }
}

/// Whether a field's name that we do not know may be repeated to the caller: short, and no card number.
pub(crate) fn is_printable_name(name: &str) -> bool {
    name.len() <= 64 && !name.chars().any(char::is_control) && !card_number::is_in_text(name)
}
