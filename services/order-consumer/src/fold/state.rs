//! What is stored, as far as a batch's events need it.

use std::collections::{BTreeMap, HashMap, HashSet};

use order_events::{Fingerprint, Money, OrderNumber};

/// What the database holds of the orders, products and stock that the events name.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Orders by number.
    pub orders: HashMap<OrderNumber, Stored>,
    /// Cancels that wait for their order.
    pub pending_cancels: HashSet<OrderNumber>,
    /// The catalogue.
    pub products: HashMap<u64, Product>,
    /// Units available. Missing is 0.
    pub stock: BTreeMap<u64, i64>,
}

/// An order's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its status.
    pub status: Status,
    /// Of what the shopper first sent; none when those bytes could not be read.
    pub fingerprint: Option<Fingerprint>,
    /// Units that it took from stock and would give back: one entry per product. Only looked at for CONFIRMED orders.
    pub taken: Vec<(u64, i64)>,
}

/// A row's status. PENDING has no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Stock is taken.
    Confirmed,
    /// Refused, with a reason.
    Rejected,
    /// A dead letter.
    Failed,
    /// Cancelled; took nothing or gave it back.
    Cancelled,
}

impl Status {
    /// As the table has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "CONFIRMED",
            Self::Rejected => "REJECTED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// From the table; none for a status that only a newer program writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Confirmed, Self::Rejected, Self::Failed, Self::Cancelled].into_iter().find(|s| s.as_str() == text)
    }
}

/// A product's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Stock keeping unit.
    pub sku: String,
    /// Name.
    pub name: String,
    /// Price now.
    pub price: Money,
}
