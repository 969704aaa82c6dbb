//! ListConsumerGroupOffsets: what groups have committed, all groups asked at once.
//!
//! librdkafka takes one group per request (KIP-709's batch is not in it yet), so the requests go out together
//! and share one queue: the call takes as long as the slowest of them, not their sum.

use std::collections::BTreeMap;
use std::ptr;
use std::time::{Duration, Instant};

use rdkafka::bindings as rd;
use rdkafka::client::{Client, ClientContext};

use crate::partitions::{Element, elements};
use crate::request::{Event, GRACE, Options, Queue, c_name, item_error, slice};
use crate::{LogPosition, OffsetsError};

/// What one group has committed. `None`: the group never committed there, which is not 0.
pub type GroupOffsets = BTreeMap<LogPosition, Result<Option<i64>, OffsetsError>>;

/// Asks for every partition that each group of `groups` has committed; needs Describe on the groups and topics. A group
/// without an answer in time has an error of its own.
pub fn list_group_offsets<C: ClientContext>(
    client: &Client<C>,
    groups: &[&str],
    timeout: Duration,
) -> Result<BTreeMap<String, Result<GroupOffsets, OffsetsError>>, OffsetsError> {
    let deadline = Instant::now() + timeout + GRACE;
    let queue = Queue::new(client);
    let operation = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS;
    let mut answers = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        let options = Options::new(client, operation, timeout)?;
        let name = c_name(group)?;
        // SAFETY: name, client, options and queue are live; the request copies the group's list and the options. The opaque
        // is an index in disguise and never dereferenced.
        unsafe {
            rd::rd_kafka_AdminOptions_set_opaque(options.ptr(), ptr::without_provenance_mut(index));
            let mut asked = rd::rd_kafka_ListConsumerGroupOffsets_new(name.as_ptr(), ptr::null());
            rd::rd_kafka_ListConsumerGroupOffsets(client.native_ptr(), &raw mut asked, 1, options.ptr(), queue.ptr());
            rd::rd_kafka_ListConsumerGroupOffsets_destroy(asked);
        }
        answers.insert((*group).to_owned(), Err(OffsetsError::Timeout));
    }
    for _ in groups {
        match queue.any(deadline) {
            None => break,
            Some((index, outcome)) => {
                if let Some(group) = groups.get(index) {
                    answers.insert((*group).to_owned(), outcome.and_then(|event| committed(&event)));
                }
            }
        }
    }
    Ok(answers)
}

fn committed(event: &Event) -> Result<GroupOffsets, OffsetsError> {
    let mut count = 0;
    // SAFETY: only ListConsumerGroupOffsets answers reach this function; groups and lists live as long as the event.
    unsafe {
        let result = rd::rd_kafka_event_ListConsumerGroupOffsets_result(event.ptr());
        let groups = rd::rd_kafka_ListConsumerGroupOffsets_result_groups(result, &raw mut count);
        let mut offsets = GroupOffsets::new();
        for group in slice(groups, count) {
            item_error(rd::rd_kafka_group_result_error(*group))?;
            offsets.extend(elements(rd::rd_kafka_group_result_partitions(*group)).into_iter().map(entry));
        }
        Ok(offsets)
    }
}

/// A negative offset (-1001, "invalid") is how the protocol says "no commit".
fn entry((topic, partition, offset): Element) -> (LogPosition, Result<Option<i64>, OffsetsError>) {
    ((topic, partition), offset.map(|offset| (offset >= 0).then_some(offset)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_commit_is_none_and_never_zero() {
        let of = |offset| entry(("t".into(), 0, Ok(offset))).1;
        assert_eq!(of(-1001), Ok(None));
        assert_eq!(of(-1), Ok(None));
        assert_eq!(of(0), Ok(Some(0)));
    }
}
