//! Every order with what it holds of the stock, read page by page; what stays in memory is at most 32 bytes of each.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use sqlx::{MySqlConnection, Row};

use super::difference::{Differences, Kind};
use super::letters::Letters;
use super::record::{Mark, Number, mark, parse, text};

/// Orders of one page.
const PAGE: i64 = 5_000;

/// `orders.status`, by the column's own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Its items are taken from the stock.
    Confirmed,
    /// It could not be had.
    Rejected,
    /// Its stock, if it had any, is back.
    Cancelled,
    /// A dead letter.
    Failed,
}

/// What is kept of an order.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Its number.
    pub number: Number,
    /// Of the shopper's first body; none: it could not be read.
    pub mark: Option<Mark>,
    /// Its status.
    pub status: Status,
    /// A dead letter made the row.
    pub born_failed: bool,
    /// Some create or replay in the log names it.
    pub named: bool,
    /// Some cancel in the log names it.
    pub cancelled: bool,
}

/// All orders, sorted by number.
#[derive(Clone, Debug, Default)]
pub struct Orders(Vec<Order>);

impl Orders {
    /// Adds one whose number is above all others.
    pub fn push(&mut self, order: Order) {
        debug_assert!(self.0.last().is_none_or(|last| last.number < order.number));
        self.0.push(order);
    }

    /// The order of that number.
    pub fn get_mut(&mut self, number: Number) -> Option<&mut Order> {
        let found = self.0.binary_search_by_key(&number, |order| order.number).ok()?;
        Some(&mut self.0[found])
    }

    /// True when there is one of that number.
    pub fn contains(&self, number: Number) -> bool {
        self.0.binary_search_by_key(&number, |order| order.number).is_ok()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Order> {
        self.0.iter()
    }

    /// How many there are with this status.
    pub fn count(&self, status: Status) -> i64 {
        self.0.iter().filter(|order| order.status == status).count() as i64
    }
}

/// Units by product.
pub type Units = BTreeMap<u64, i64>;

/// What an order's items ask for and what its movements did.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// By `order_items`.
    pub items: Units,
    /// By movements with reason ORDER; negative.
    pub taken: Units,
    /// By movements with reason CANCEL.
    pub given_back: Units,
    /// Movements of other reasons, which no order makes.
    pub other: u64,
}

impl Held {
    /// What is wrong, if anything is.
    pub fn complaint(&self, status: Status) -> Option<String> {
        let due: Units = self.items.iter().map(|(product, units)| (*product, -units)).collect();
        let untouched = self.taken.is_empty() && self.given_back.is_empty();
        let right = match status {
            Status::Confirmed => !due.is_empty() && self.taken == due && self.given_back.is_empty(),
            Status::Cancelled => untouched || (self.taken == due && self.given_back == self.items),
            Status::Rejected | Status::Failed => untouched,
        };
        (!right || self.other > 0).then(|| {
            let Self { items, taken, given_back, .. } = self;
            format!("{status} with items {items:?} took {taken:?} and gave back {given_back:?} (units by product)")
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Confirmed => "CONFIRMED",
            Self::Rejected => "REJECTED",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        })
    }
}

impl Status {
    fn parse(text: &str) -> Option<Self> {
        [Self::Confirmed, Self::Rejected, Self::Cancelled, Self::Failed]
            .into_iter()
            .find(|status| status.to_string() == text)
    }
}

/// Reads all orders and judges each page.
pub(super) async fn read(
    connection: &mut MySqlConnection,
    letters: &Letters,
    differences: &mut Differences,
) -> Result<Orders, sqlx::Error> {
    let (mut orders, mut after) = (Orders::default(), String::new());
    loop {
        let rows = sqlx::query(
            "SELECT order_number, status, fingerprint FROM orders WHERE order_number > ? ORDER BY order_number LIMIT ?",
        )
        .bind(&after)
        .bind(PAGE)
        .fetch_all(&mut *connection)
        .await?;
        // Behind the last page lie only rows of orders that are not there.
        let full = rows.len() as i64 == PAGE;
        let up_to = match rows.last() {
            Some(row) if full => row.try_get::<String, _>(0)?,
            _ => "~".to_owned(),
        };
        let mut held = holdings(connection, &after, &up_to).await?;
        for row in &rows {
            let (number, status): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
            let held = held.remove(number).unwrap_or_default();
            let (Some(key), Some(status)) = (parse(number), Status::parse(status)) else {
                differences.add(Kind::Unreadable, || format!("order {number} with status {status}"));
                continue;
            };
            if let Some(complaint) = held.complaint(status) {
                differences.add(Kind::WrongMovements, || format!("order {number} is {complaint}"));
            }
            if status == Status::Failed && !letters.numbers.contains(&key) {
                differences.add(Kind::FailedWithoutDeadLetter, || format!("order {number}"));
            }
            let mark = row.try_get::<Option<&[u8]>, _>(2)?.map(mark);
            let refused = letters.creates.get(&key).map(|(_, refused)| *refused);
            let born_failed = refused.is_some_and(|refused| refused || mark.is_none());
            orders.push(Order { number: key, mark, status, born_failed, named: false, cancelled: false });
        }
        for number in held.keys() {
            differences.add(Kind::MovementWithoutOrder, || format!("items or movements of {number}, which has no row"));
        }
        if !full {
            return Ok(orders);
        }
        after = up_to;
    }
}

/// Items and movements of the orders above `after` up to `up_to`.
async fn holdings(
    connection: &mut MySqlConnection,
    after: &str,
    up_to: &str,
) -> Result<BTreeMap<String, Held>, sqlx::Error> {
    let mut held: BTreeMap<String, Held> = BTreeMap::new();
    let items = sqlx::query(
        "SELECT order_number, product_id, CAST(SUM(quantity) AS SIGNED) FROM order_items \
         WHERE order_number > ? AND order_number <= ? GROUP BY order_number, product_id",
    );
    for row in items.bind(after).bind(up_to).fetch_all(&mut *connection).await? {
        held.entry(row.try_get(0)?).or_default().items.insert(row.try_get(1)?, row.try_get(2)?);
    }
    let movements = sqlx::query(
        "SELECT order_number, product_id, reason, CAST(SUM(delta) AS SIGNED) FROM stock_movements \
         WHERE order_number > ? AND order_number <= ? GROUP BY order_number, product_id, reason",
    );
    for row in movements.bind(after).bind(up_to).fetch_all(&mut *connection).await? {
        let of_order = held.entry(row.try_get(0)?).or_default();
        match row.try_get::<&str, _>(2)? {
            "ORDER" => drop(of_order.taken.insert(row.try_get(1)?, row.try_get(3)?)),
            "CANCEL" => drop(of_order.given_back.insert(row.try_get(1)?, row.try_get(3)?)),
            _ => of_order.other += 1,
        }
    }
    Ok(held)
}

/// Letters that made, or should have made, a row.
pub(super) fn check_letters(orders: &Orders, letters: &Letters, differences: &mut Differences) {
    let missing: HashSet<&Number> = letters.creates.keys().filter(|number| !orders.contains(**number)).collect();
    for number in missing {
        differences.add(Kind::DeadLetterWithoutOrder, || format!("order {}", text(*number)));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn units(units: &[(u64, i64)]) -> Units {
        units.iter().copied().collect()
    }

    #[rstest]
    #[case::confirmed(Status::Confirmed, &[(7, -2)], &[], true)]
    #[case::confirmed_took_nothing(Status::Confirmed, &[], &[], false)]
    #[case::confirmed_took_twice(Status::Confirmed, &[(7, -4)], &[], false)]
    #[case::confirmed_took_another(Status::Confirmed, &[(8, -2)], &[], false)]
    #[case::confirmed_gave_back(Status::Confirmed, &[(7, -2)], &[(7, 2)], false)]
    #[case::cancelled_before(Status::Cancelled, &[], &[], true)]
    #[case::cancelled_after(Status::Cancelled, &[(7, -2)], &[(7, 2)], true)]
    #[case::cancelled_and_kept(Status::Cancelled, &[(7, -2)], &[], false)]
    #[case::cancelled_twice(Status::Cancelled, &[(7, -2)], &[(7, 4)], false)]
    #[case::cancelled_gave_what_it_never_took(Status::Cancelled, &[], &[(7, 2)], false)]
    #[case::rejected(Status::Rejected, &[], &[], true)]
    #[case::rejected_took(Status::Rejected, &[(7, -2)], &[], false)]
    #[case::failed(Status::Failed, &[], &[], true)]
    fn stock_is_held_by_confirmed_orders_alone(
        #[case] status: Status,
        #[case] taken: &[(u64, i64)],
        #[case] given_back: &[(u64, i64)],
        #[case] right: bool,
    ) {
        let held = Held { items: units(&[(7, 2)]), taken: units(taken), given_back: units(given_back), other: 0 };
        assert_eq!(held.complaint(status).is_none(), right, "{:?}", held.complaint(status));
    }

    #[test]
    fn a_million_orders_take_32_megabytes() {
        assert!(size_of::<Order>() <= 32, "{}", size_of::<Order>());
    }

    #[test]
    fn a_confirmed_order_without_items_is_wrong() {
        assert!(Held::default().complaint(Status::Confirmed).is_some());
    }
}
