//! The Kafka contract of the order path: what an order event is, how its bytes look, what its topic and headers
//! are called. order-api writes these records, order-consumer reads them; `golden/` holds records of every
//! version that was ever written, and a test that they still decode.
//!
//! A record's key is the order number, for every event of that order, so that create and cancel share a
//! partition. The value is JSON with a `schemaVersion` of `major.minor`: a reader takes any minor version of
//! the majors it knows and ignores fields it does not know.

mod event;
mod fingerprint;
mod money;
mod number;
mod topic;
mod wire;

pub use event::{Customer, OrderCancelled, OrderEvent, OrderLine, OrderPlaced, Payment};
pub use fingerprint::{Fingerprint, fingerprint};
pub use money::{Currency, CurrencyError, Money};
pub use number::{NamespaceError, OrderNamespace, OrderNumber, OrderNumberError};
pub use topic::{DEFAULT_TOPIC, dead_letter_topic, header};
pub use wire::{CONTENT_TYPE, DecodeError, EncodedEvent, SCHEMA_VERSION, decode, encode};
