//! Headers of a dead letter: those of Spring Kafka's DeadLetterPublishingRecoverer, so that its tools and habits work, plus ours.
//!
//! Numbers are big-endian bytes as Spring writes them: partition 4, offset and timestamp 8. The record's own headers come first,
//! unchanged, but for those that an earlier life as a dead letter left.

use std::collections::BTreeSet;

use crate::record::Record;

/// Why, as a stable name.
pub const HEADER_REASON: &str = "dlt-reason";
/// How often it was tried, as decimal text.
pub const HEADER_ATTEMPTS: &str = "dlt-attempts";

/// Set when the value had to be cut to fit into the topic: its whole length in bytes, as decimal text. The table has it whole.
pub const HEADER_TRUNCATED: &str = "dlt-truncated";

const SPRING: &str = "kafka_dlt-";

/// What the headers say besides the record.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The topic that it was read from.
    pub topic: &'a str,
    /// Who read it.
    pub group: &'a str,
    /// Stable name of the reason.
    pub reason: &'a str,
    /// For a person.
    pub detail: &'a str,
    /// Attempts so far, 1 or more.
    pub attempts: u32,
    /// How much of the record the letter holds.
    pub extent: Extent,
}

/// How much of a record its letter holds: the dead-letter topic may take less than the topic did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// Of the value only the first so many bytes.
    First(usize),
    /// Nothing of the record's own: no key, no value, no headers.
    Reference,
}

impl Extent {
    /// From all to nothing: what to try for a value of so many bytes.
    pub fn steps(value: usize) -> impl Iterator<Item = Self> {
        let cuts = [512 << 10, 64 << 10, 0].into_iter().filter(move |cut| *cut < value).map(Self::First);
        std::iter::once(Self::Whole).chain(cuts).chain(std::iter::once(Self::Reference))
    }
}

/// Name and value, in order.
pub fn headers(record: &Record, context: &Context<'_>) -> Vec<(String, Option<Vec<u8>>)> {
    let ours = ours(record, context);
    let names: BTreeSet<&str> = ours.iter().map(|(name, _)| name.as_str()).collect();
    let own: &[_] = if context.extent == Extent::Reference { &[] } else { &record.headers };
    let kept = own.iter().filter(|(name, _)| !name.starts_with(SPRING) && !names.contains(name.as_str()));
    let mut all: Vec<_> = kept.cloned().collect();
    all.extend(ours.into_iter().map(|(name, value)| (name, Some(value))));
    all
}

fn ours(record: &Record, context: &Context<'_>) -> Vec<(String, Vec<u8>)> {
    let time_type = if record.log_append_time { "LogAppendTime" } else { "CreateTime" };
    let spring = |name: &str, value: Vec<u8>| (format!("{SPRING}{name}"), value);
    let mut headers = vec![
        spring("original-topic", context.topic.into()),
        spring("original-partition", record.at.partition.to_be_bytes().into()),
        spring("original-offset", record.at.offset.to_be_bytes().into()),
        // -1 is Kafka's own "no timestamp".
        spring("original-timestamp", record.timestamp.unwrap_or(-1).to_be_bytes().into()),
        spring("original-timestamp-type", time_type.into()),
        spring("original-consumer-group", context.group.into()),
        spring("exception-fqcn", context.reason.into()),
        spring("exception-message", context.detail.into()),
        (HEADER_REASON.to_owned(), context.reason.into()),
        (HEADER_ATTEMPTS.to_owned(), context.attempts.to_string().into()),
    ];
    if context.extent != Extent::Whole {
        let length = record.value.as_ref().map_or(0, Vec::len);
        headers.push((HEADER_TRUNCATED.to_owned(), length.to_string().into()));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::Position;

    fn record(headers: &[(&str, Option<&[u8]>)]) -> Record {
        Record {
            at: Position { partition: 258, offset: 0x0102_0304_0506 },
            timestamp: Some(1),
            log_append_time: true,
            key: None,
            value: Some(vec![0xff]),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.map(<[u8]>::to_vec))).collect(),
        }
    }

    const CONTEXT: Context<'_> = Context {
        topic: "orders",
        group: "order-consumer",
        reason: "UNDECODABLE",
        detail: "not JSON",
        attempts: 3,
        extent: Extent::Whole,
    };

    #[test]
    fn a_letter_that_does_not_fit_is_cut_and_says_so() {
        use Extent::{First, Reference, Whole};
        assert_eq!(Extent::steps(0).collect::<Vec<_>>(), [Whole, Reference]);
        assert_eq!(Extent::steps(100_000).collect::<Vec<_>>(), [Whole, First(65_536), First(0), Reference]);
        assert_eq!(Extent::steps(1_000_000).count(), 5);
        let record = record(&[("own", Some(b"x"))]);
        let names = |extent| -> Vec<String> {
            let context = Context { extent, ..CONTEXT };
            headers(&record, &context).into_iter().map(|(name, _)| name).collect()
        };
        let has = |extent, name: &str| names(extent).iter().any(|found| found == name);
        assert!(has(Whole, "own") && !has(Whole, HEADER_TRUNCATED));
        assert!(has(First(0), "own") && has(First(0), HEADER_TRUNCATED));
        assert!(!has(Reference, "own") && has(Reference, HEADER_TRUNCATED) && has(Reference, HEADER_REASON));
    }

    #[test]
    fn spring_finds_what_it_looks_for() {
        let all = headers(&record(&[]), &CONTEXT);
        let value = |name: &str| all.iter().find(|(found, _)| found == name).unwrap().1.clone().unwrap();
        assert_eq!(value("kafka_dlt-original-topic"), b"orders");
        assert_eq!(value("kafka_dlt-original-partition"), [0, 0, 1, 2]);
        assert_eq!(value("kafka_dlt-original-offset"), [0, 0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(value("kafka_dlt-original-timestamp"), [0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(value("kafka_dlt-original-timestamp-type"), b"LogAppendTime");
        assert_eq!(value("kafka_dlt-original-consumer-group"), b"order-consumer");
        assert_eq!(value("kafka_dlt-exception-message"), b"not JSON");
        assert_eq!(value(HEADER_REASON), b"UNDECODABLE");
        assert_eq!(value(HEADER_ATTEMPTS), b"3");
    }

    #[test]
    fn the_records_own_headers_stay_as_they_were() {
        let own: &[(&str, Option<&[u8]>)] = &[
            ("a", Some(&[0xff, 0])),
            ("a", None),
            ("kafka_dlt-original-offset", Some(b"x")),
            (HEADER_ATTEMPTS, Some(b"9")),
        ];
        let all = headers(&record(own), &CONTEXT);
        assert_eq!(all[0], ("a".to_owned(), Some(vec![0xff, 0])));
        assert_eq!(all[1], ("a".to_owned(), None));
        assert_eq!(all.iter().filter(|(name, _)| name == "kafka_dlt-original-offset").count(), 1);
        assert_eq!(all.iter().filter(|(name, _)| name == HEADER_ATTEMPTS).count(), 1);
    }
}
