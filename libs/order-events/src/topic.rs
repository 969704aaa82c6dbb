//! Names of topics and headers.

/// The topic's name unless the resource names another.
pub const DEFAULT_TOPIC: &str = "orders";

/// Where a topic's dead letters go: `<topic>-dlt`, Spring Kafka's convention.
pub fn dead_letter_topic(topic: &str) -> String {
    format!("{topic}-dlt")
}

/// Header names of the records on `orders`. Values are UTF-8 text.
pub mod header {
    /// The order's number, also when the value cannot be decoded.
    pub const ORDER_NUMBER: &str = "order-number";
    /// `OrderPlaced` or `OrderCancelled`.
    pub const EVENT_TYPE: &str = "event-type";
    /// `major.minor`, as in the value.
    pub const SCHEMA_VERSION: &str = "schema-version";
    /// Always [`crate::CONTENT_TYPE`].
    pub const CONTENT_TYPE: &str = "content-type";
    /// W3C trace context of the request that wrote the record.
    pub const TRACEPARENT: &str = "traceparent";
    /// Present on a replayed record: the id of its dead letter. A replay is not a new acceptance.
    pub const REPLAY_OF: &str = "replay-of";
}
