//! An order as far as its mails tell of it.

use crate::mail::Kind;

/// What the database knows of it. A FAILED order may know no more than its number.
#[derive(Clone, PartialEq, Eq)]
pub struct Order {
    pub number: String,
    /// What it is now, by the kind of mail that tells of it; none: a status of a newer program.
    pub status: Option<Kind>,
    /// Why it was rejected, in the words of the database (`OUT_OF_STOCK`).
    pub reason: Option<String>,
    pub customer_name: Option<String>,
    pub email: Option<String>,
    pub total_amount: Option<i64>,
    pub currency: Option<String>,
    pub lines: Vec<Line>,
}

/// One line; name and price are those of the order's time, absent for a product that was not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub product_id: u64,
    pub name: Option<String>,
    pub quantity: u32,
    pub unit_price: Option<i64>,
    pub currency: Option<String>,
}

/// No derived Debug: an order holds a name and an address, and a log line is quickly written.
impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").field("number", &self.number).finish_non_exhaustive()
    }
}
