//! The plain text.

use std::fmt::Write;

use super::{Kind, money, words};
use crate::order::{Line, Order};

pub(super) fn body(order: &Order, kind: Kind) -> String {
    let mut text = format!("{}\n\n{}\n\nOrder {}\n", words::greeting(order), words::message(order, kind), order.number);
    for line in &order.lines {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {} x {}{}", line.quantity, name(line), price(line));
    }
    if let (Some(total), Some(currency)) = (order.total_amount, &order.currency) {
        let _ = writeln!(text, "Total: {}", money::format(total, currency));
    }
    text
}

pub(super) fn name(line: &Line) -> String {
    line.name.clone().unwrap_or_else(|| format!("product {}", line.product_id))
}

fn price(line: &Line) -> String {
    match (line.unit_price, &line.currency) {
        (Some(amount), Some(currency)) => format!(", {} each", money::format(amount, currency)),
        _ => String::new(),
    }
}
