//! ListOffsets: where logs start and end, for many partitions in one call.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::bindings as rd;
use rdkafka::client::{Client, ClientContext};

use crate::OffsetsError;
use crate::partitions::{PartitionList, copy};
use crate::request::{GRACE, Options, Queue, item_error, slice};

/// Which offset of a partition is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spec {
    /// The log start offset.
    Earliest,
    /// The end: the high watermark, or the last stable offset when asked with [`Isolation::Committed`].
    Latest,
    /// The first record at or after this time (milliseconds since the epoch); -1 as an answer: there is none.
    Timestamp(i64),
}

impl Spec {
    fn native(self) -> i64 {
        match self {
            Self::Earliest => rd::rd_kafka_OffsetSpec_t::RD_KAFKA_OFFSET_SPEC_EARLIEST as i32 as i64,
            Self::Latest => rd::rd_kafka_OffsetSpec_t::RD_KAFKA_OFFSET_SPEC_LATEST as i32 as i64,
            Self::Timestamp(millis) => millis,
        }
    }
}

/// What [`Spec::Latest`] means (KIP-98).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// The high watermark.
    Uncommitted,
    /// The last stable offset: no record of an open transaction lies below it.
    Committed,
}

/// How often the leaders are asked for again within one call.
const REFRESHES: usize = 2;

/// One partition of one topic.
pub type LogPosition = (String, i32);

/// Asks for one offset per partition; needs Describe on the topics. The outer error is the whole call's, an
/// inner one that partition's.
pub fn list_offsets<C: ClientContext>(
    client: &Client<C>,
    partitions: &[(&str, i32, Spec)],
    isolation: Isolation,
    timeout: Duration,
) -> Result<BTreeMap<LogPosition, Result<i64, OffsetsError>>, OffsetsError> {
    let deadline = Instant::now() + timeout;
    let mut answers = ask_in_parts(client, partitions, isolation, deadline)?;
    for _ in 0..REFRESHES {
        let outdated = |at: &LogPosition| answers.get(at).is_some_and(is_outdated);
        let again: Vec<_> = partitions
            .iter()
            .filter(|(topic, partition, _)| outdated(&((*topic).to_owned(), *partition)))
            .copied()
            .collect();
        if again.is_empty() || Instant::now() >= deadline {
            break;
        }
        let topics: BTreeSet<&str> = again.iter().map(|(topic, ..)| *topic).collect();
        for topic in topics {
            // librdkafka keeps what it knows of leaders for minutes and does not ask again because of these errors; this does.
            // When that fails, so does the question, whose answer then stays the error that it is.
            let left = deadline.saturating_duration_since(Instant::now());
            let _ = client.fetch_metadata(Some(topic), left);
        }
        answers.extend(ask_in_parts(client, &again, isolation, deadline)?);
    }
    Ok(answers)
}

fn is_outdated(answer: &Result<i64, OffsetsError>) -> bool {
    answer.as_ref().is_err_and(OffsetsError::is_outdated_leader)
}

/// librdkafka fails the whole call when it cannot find one partition's leader: then halves are asked, until the missing one
/// is alone with its error.
fn ask_in_parts<C: ClientContext>(
    client: &Client<C>,
    partitions: &[(&str, i32, Spec)],
    isolation: Isolation,
    deadline: Instant,
) -> Result<BTreeMap<LogPosition, Result<i64, OffsetsError>>, OffsetsError> {
    let timeout = deadline.saturating_duration_since(Instant::now());
    let missing = match ask(client, partitions, isolation, timeout) {
        Err(error) if error.is_unknown_topic() => error,
        outcome => return outcome,
    };
    if let [(topic, partition, _)] = partitions {
        return Ok(BTreeMap::from([(((*topic).to_owned(), *partition), Err(missing))]));
    }
    let (left, right) = partitions.split_at(partitions.len() / 2);
    let mut answers = ask_in_parts(client, left, isolation, deadline)?;
    answers.extend(ask_in_parts(client, right, isolation, deadline)?);
    Ok(answers)
}

fn ask<C: ClientContext>(
    client: &Client<C>,
    partitions: &[(&str, i32, Spec)],
    isolation: Isolation,
    timeout: Duration,
) -> Result<BTreeMap<LogPosition, Result<i64, OffsetsError>>, OffsetsError> {
    if partitions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let deadline = Instant::now() + timeout + GRACE;
    let queue = Queue::new(client);
    let options = Options::new(client, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTOFFSETS, timeout)?;
    let level = match isolation {
        Isolation::Uncommitted => rd::rd_kafka_IsolationLevel_t::RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED,
        Isolation::Committed => rd::rd_kafka_IsolationLevel_t::RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED,
    };
    // SAFETY: the options are live; a returned error object is ours to destroy, once (null is accepted).
    unsafe {
        let error = rd::rd_kafka_AdminOptions_set_isolation_level(options.ptr(), level);
        let outcome = item_error(error);
        rd::rd_kafka_error_destroy(error);
        outcome?;
    }
    let mut list = PartitionList::new(partitions.len());
    for (topic, partition, spec) in partitions {
        list.add(topic, *partition, Some(spec.native()))?;
    }
    // SAFETY: client, list, options and queue are live; the request copies list and options.
    unsafe { rd::rd_kafka_ListOffsets(client.native_ptr(), list.ptr(), options.ptr(), queue.ptr()) };
    let event = queue.next(deadline)?;
    let mut count = 0;
    // SAFETY: the event answers the ListOffsets request above, the only one on this queue; infos and their partitions live
    // as long as the event.
    unsafe {
        let result = rd::rd_kafka_event_ListOffsets_result(event.ptr());
        let infos = rd::rd_kafka_ListOffsets_result_infos(result, &raw mut count);
        Ok(slice(infos, count)
            .iter()
            .map(|info| copy(&*rd::rd_kafka_ListOffsetsResultInfo_topic_partition(*info)))
            .map(|(topic, partition, offset)| ((topic, partition), offset))
            .collect())
    }
}
