//! DescribeTopics: a topic's id and its partitions.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use rdkafka::bindings as rd;
use rdkafka::client::{Client, ClientContext};

use crate::OffsetsError;
use crate::request::{GRACE, Options, Queue, c_name, item_error, slice, text};

/// Kafka's id of a topic (KIP-516): a topic deleted and made anew under the same name has another one.
/// Shown as Kafka's own tools show it: 22 characters of URL-safe base64.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicId(String);

impl TopicId {
    /// The text as Kafka's tools and our tables hold it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For rows read back from a table.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One topic as the cluster knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicDescription {
    /// Its id.
    pub id: TopicId,
    /// Number of partitions.
    pub partitions: usize,
}

/// Asks for every topic of `names`; needs Describe on each. A topic that is not there is an error of its own
/// ([`OffsetsError::is_unknown_topic`]), the others are answered all the same.
pub fn describe_topics<C: ClientContext>(
    client: &Client<C>,
    names: &[&str],
    timeout: Duration,
) -> Result<BTreeMap<String, Result<TopicDescription, OffsetsError>>, OffsetsError> {
    let deadline = Instant::now() + timeout + GRACE;
    let queue = Queue::new(client);
    let options = Options::new(client, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, timeout)?;
    let names = names.iter().map(|name| c_name(name)).collect::<Result<Vec<_>, _>>()?;
    let mut pointers: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
    // SAFETY: the names are live for the call and copied by it; client, options and queue are live; the collection is
    // destroyed once, after the request copied it.
    unsafe {
        let topics = rd::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
        rd::rd_kafka_DescribeTopics(client.native_ptr(), topics, options.ptr(), queue.ptr());
        rd::rd_kafka_TopicCollection_destroy(topics);
    }
    let event = queue.next(deadline)?;
    let mut count = 0;
    // SAFETY: the event is the answer to the DescribeTopics request above, the only one on this queue; the array and all
    // that it points to live as long as the event.
    unsafe {
        let result = rd::rd_kafka_event_DescribeTopics_result(event.ptr());
        let topics = rd::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
        Ok(slice(topics, count).iter().map(|topic| described(*topic)).collect())
    }
}

/// # Safety
/// `topic` is a live description.
unsafe fn described(topic: *const rd::rd_kafka_TopicDescription_t) -> (String, Result<TopicDescription, OffsetsError>) {
    // SAFETY: as the caller promises; name, error, id and partitions belong to the description.
    unsafe {
        let name = text(rd::rd_kafka_TopicDescription_name(topic));
        let outcome = item_error(rd::rd_kafka_TopicDescription_error(topic)).map(|()| {
            let id = text(rd::rd_kafka_Uuid_base64str(rd::rd_kafka_TopicDescription_topic_id(topic)));
            let mut partitions = 0;
            rd::rd_kafka_TopicDescription_partitions(topic, &raw mut partitions);
            TopicDescription { id: TopicId(id), partitions }
        });
        (name, outcome)
    }
}
