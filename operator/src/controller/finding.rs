//! One condition before it is written: what is so, and why.

/// State of one part of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub status: State,
    /// CamelCase, stable: people and alerts match on it.
    pub reason: &'static str,
    /// One sentence that names the object and what to do. Never a secret's content.
    pub message: String,
}

/// `status` of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    True,
    False,
    Unknown,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl Finding {
    pub fn yes(reason: &'static str, message: impl Into<String>) -> Self {
        Self { status: State::True, reason, message: message.into() }
    }

    pub fn no(reason: &'static str, message: impl Into<String>) -> Self {
        Self { status: State::False, reason, message: message.into() }
    }

    pub fn unknown(reason: &'static str, message: impl Into<String>) -> Self {
        Self { status: State::Unknown, reason, message: message.into() }
    }

    pub fn is_true(&self) -> bool {
        self.status == State::True
    }
}

/// At most so many bytes of a text, between characters: the API server refuses a longer one.
pub fn shorten(mut text: String, most: usize) -> String {
    const CUT: &str = "…";
    if text.len() > most {
        let mut end = most.saturating_sub(CUT.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(CUT);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        for text in ["a".repeat(2000), "ü".repeat(2000), "価".repeat(2000)] {
            let cut = shorten(text.clone(), 1024);
            assert!((1020..=1024).contains(&cut.len()), "{}", cut.len());
            assert!(text.starts_with(cut.trim_end_matches('…')));
        }
        assert_eq!(shorten("short".to_owned(), 1024), "short");
    }
}
