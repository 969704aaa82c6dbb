//! Bytes to event and back.

use serde::{Deserialize, Serialize};

use crate::{OrderCancelled, OrderEvent, OrderPlaced, header};

/// What this code writes. The major number changes only when an old reader would misread the record.
pub const SCHEMA_VERSION: &str = "1.0";

/// The value's media type.
pub const CONTENT_TYPE: &str = "application/json";

const PLACED: &str = "OrderPlaced";
const CANCELLED: &str = "OrderCancelled";

/// A record ready to be produced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedEvent {
    /// The order number.
    pub key: String,
    /// JSON.
    pub value: Vec<u8>,
    /// Name and value, without trace context.
    pub headers: [(&'static str, String); 4],
}

/// Why bytes are no order event. Every kind is a dead letter: waiting cannot mend it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not JSON, or not an object with `type` and `schemaVersion`.
    #[error("not an order event: {0}")]
    NotAnEvent(String),
    /// Written by a newer program whose records this one must not guess at.
    #[error("schema version {0} is not known here; this program reads major version 1")]
    UnknownVersion(String),
    /// A type of event that this program does not know.
    #[error("event type {0:?} is not known here")]
    UnknownType(String),
    /// The right type, but a field is missing or wrong. The message names it and holds none of its content.
    #[error("invalid {event_type}: {message}")]
    Invalid {
        /// The event's type.
        event_type: &'static str,
        /// What is wrong.
        message: String,
    },
}

impl DecodeError {
    /// A stable name for headers, rows and metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotAnEvent(_) => "UNDECODABLE",
            Self::UnknownVersion(_) => "UNKNOWN_SCHEMA_VERSION",
            Self::UnknownType(_) => "UNKNOWN_EVENT_TYPE",
            Self::Invalid { .. } => "INVALID_EVENT",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    r#type: String,
    schema_version: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outgoing<'a, T> {
    r#type: &'a str,
    schema_version: &'a str,
    #[serde(flatten)]
    event: &'a T,
}

/// The record of an event.
pub fn encode(event: &OrderEvent) -> EncodedEvent {
    let (event_type, value) = match event {
        OrderEvent::Placed(event) => (PLACED, to_json(PLACED, event)),
        OrderEvent::Cancelled(event) => (CANCELLED, to_json(CANCELLED, event)),
    };
    let key = event.order_number().to_string();
    EncodedEvent {
        headers: [
            (header::ORDER_NUMBER, key.clone()),
            (header::EVENT_TYPE, event_type.to_owned()),
            (header::SCHEMA_VERSION, SCHEMA_VERSION.to_owned()),
            (header::CONTENT_TYPE, CONTENT_TYPE.to_owned()),
        ],
        key,
        value,
    }
}

fn to_json<T: Serialize>(event_type: &str, event: &T) -> Vec<u8> {
    serde_json::to_vec(&Outgoing { r#type: event_type, schema_version: SCHEMA_VERSION, event })
        .expect("an event has only text keys and finite numbers")
}

/// The event in a record's value. Takes any minor version of major 1, ignores unknown fields.
pub fn decode(value: &[u8]) -> Result<OrderEvent, DecodeError> {
    let envelope: Envelope =
        serde_json::from_slice(value).map_err(|error| DecodeError::NotAnEvent(describe(&error)))?;
    if envelope.schema_version.split('.').next() != Some("1") {
        return Err(DecodeError::UnknownVersion(envelope.schema_version.chars().take(32).collect()));
    }
    match envelope.r#type.as_str() {
        PLACED => {
            let placed: OrderPlaced = from_json(PLACED, value)?;
            check_placed(&placed).map_err(|message| DecodeError::Invalid { event_type: PLACED, message })?;
            Ok(OrderEvent::Placed(placed))
        }
        CANCELLED => from_json::<OrderCancelled>(CANCELLED, value).map(OrderEvent::Cancelled),
        other => Err(DecodeError::UnknownType(other.chars().take(64).collect())),
    }
}

fn from_json<'de, T: Deserialize<'de>>(event_type: &'static str, value: &'de [u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(value).map_err(|error| DecodeError::Invalid { event_type, message: describe(&error) })
}

/// serde's messages quote the wrong value ("invalid type: string \"…\""), which may be personal: only the
/// kind and the place are kept, and of the text only what names a field.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let known = ["missing field", "duplicate field", "EOF", "expected", "trailing characters", "recursion limit"];
    let what = match text.split(" at line ").next() {
        Some(text) if known.iter().any(|start| text.starts_with(start)) => text.to_owned(),
        _ if error.is_data() => "a value of the wrong type".to_owned(),
        _ => "malformed JSON".to_owned(),
    };
    format!("{what} at line {} column {}", error.line(), error.column())
}

fn check_placed(placed: &OrderPlaced) -> Result<(), String> {
    if placed.items.is_empty() {
        return Err("items is empty".to_owned());
    }
    match placed.items.iter().position(|item| item.quantity == 0) {
        Some(index) => Err(format!("items[{index}].quantity is 0")),
        None => Ok(()),
    }
}
