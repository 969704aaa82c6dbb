//! librdkafka's list of topic partitions, owned.

use rdkafka::bindings as rd;
use rdkafka::types::RDKafkaRespErr;

use crate::OffsetsError;
use crate::request::{c_name, text};

pub(crate) struct PartitionList(*mut rd::rd_kafka_topic_partition_list_t);

impl PartitionList {
    pub(crate) fn new(capacity: usize) -> Self {
        let capacity = i32::try_from(capacity).unwrap_or(i32::MAX);
        // SAFETY: allocates an empty list; it grows when more is added.
        Self(unsafe { rd::rd_kafka_topic_partition_list_new(capacity) })
    }

    pub(crate) fn add(&mut self, topic: &str, partition: i32, offset: Option<i64>) -> Result<(), OffsetsError> {
        let topic = c_name(topic)?;
        // SAFETY: the list is live, the name is NUL-terminated and copied by librdkafka; the returned element is live
        // until the next change of the list, and written before one.
        unsafe {
            let element = rd::rd_kafka_topic_partition_list_add(self.0, topic.as_ptr(), partition);
            if let Some(offset) = offset {
                (*element).offset = offset;
            }
        }
        Ok(())
    }

    pub(crate) fn ptr(&self) -> *mut rd::rd_kafka_topic_partition_list_t {
        self.0
    }
}

impl Drop for PartitionList {
    fn drop(&mut self) {
        // SAFETY: made by rd_kafka_topic_partition_list_new and destroyed once; requests copy it.
        unsafe { rd::rd_kafka_topic_partition_list_destroy(self.0) }
    }
}

/// One element, copied: topic, partition, offset or the element's own error.
pub(crate) type Element = (String, i32, Result<i64, OffsetsError>);

/// # Safety
/// `element` is live: its topic is a NUL-terminated text.
pub(crate) unsafe fn copy(element: &rd::rd_kafka_topic_partition_t) -> Element {
    // SAFETY: as the caller promises.
    let topic = unsafe { text(element.topic) };
    let offset = match element.err {
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(element.offset),
        code => Err(OffsetsError::of(code.into())),
    };
    (topic, element.partition, offset)
}
