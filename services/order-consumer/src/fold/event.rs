//! What happened, as the fold sees it.

use order_events::{Fingerprint, OrderNumber, OrderPlaced};

use crate::position::Position;

/// One record's event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Where the record lies.
    pub at: Position,
    /// What it says.
    pub kind: Kind,
}

/// What a record says.
#[derive(Clone, Debug)]
pub enum Kind {
    /// An order was placed. `replay`: it was a dead letter before.
    Place {
        /// The order.
        order: Box<OrderPlaced>,
        /// Header `replay-of` was there.
        replay: bool,
    },
    /// An order is to be cancelled.
    Cancel(OrderNumber),
    /// A dead letter.
    Unusable(Unusable),
}

/// A record that cannot become what it says.
#[derive(Clone, Debug)]
pub struct Unusable {
    /// A stable name for headers, rows and metrics.
    pub reason: &'static str,
    /// For a person; holds nothing of the record's content.
    pub detail: String,
    /// The order, from the body or the headers.
    pub number: Option<OrderNumber>,
    /// True when it was to create that order.
    pub create: bool,
    /// Header `replay-of` was there.
    pub replay: bool,
    /// Known when the body could be read.
    pub fingerprint: Option<Fingerprint>,
    /// Where the shopper can be told; known when the body could be read and MySQL takes it.
    pub email: Option<String>,
}
