//! W3C trace context (<https://www.w3.org/TR/trace-context/>): taken from a request, passed on in responses and
//! Kafka headers, so that one trace id follows an order from the page to its mail.

use std::fmt;

/// Trace id, this hop's span id, flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

impl TraceContext {
    /// A new hop: of the caller's trace when `traceparent` is valid, else of a new trace.
    pub fn next_hop(traceparent: Option<&str>) -> Self {
        let span_id = non_zero(rand::random::<u64>);
        match traceparent.and_then(Self::parse) {
            Some(caller) => Self { span_id, ..caller },
            None => Self { trace_id: non_zero(rand::random::<u128>), span_id, flags: 0 },
        }
    }

    /// Parses version 00, and later versions by their first four fields, as the standard asks.
    pub fn parse(text: &str) -> Option<Self> {
        let mut fields = text.trim().split('-');
        let (version, trace_id, span_id, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let version = hex(version, 2)?;
        if version == 0xff || (version == 0 && fields.next().is_some()) {
            return None;
        }
        let context =
            Self { trace_id: hex(trace_id, 32)?, span_id: hex(span_id, 16)? as u64, flags: hex(flags, 2)? as u8 };
        (context.trace_id != 0 && context.span_id != 0).then_some(context)
    }

    /// True when whoever began the trace asked to have it recorded: then each process logs its part of it, not only when
    /// somebody debugs.
    pub fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// The trace id as logs show it, in the field `trace_id`.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

fn hex(text: &str, digits: usize) -> Option<u128> {
    let lower = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (text.len() == digits && lower).then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

fn non_zero<T: Default + PartialEq>(mut random: impl FnMut() -> T) -> T {
    loop {
        let value = random();
        if value != T::default() {
            return value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_valid_caller_keeps_its_trace() {
        let hop = TraceContext::next_hop(Some(CALLER));
        assert_eq!(hop.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(hop.to_string(), CALLER);
        assert_eq!(TraceContext::parse(&hop.to_string()), Some(hop));
        assert!(hop.is_sampled() && !TraceContext::next_hop(None).is_sampled());
    }

    #[test]
    fn an_invalid_caller_gets_a_new_trace() {
        for text in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(text), None, "{text}");
        }
        assert!(TraceContext::parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more").is_some());
        assert_ne!(TraceContext::next_hop(Some("junk")).trace_id(), TraceContext::next_hop(None).trace_id());
    }
}
