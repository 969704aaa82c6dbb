//! The HTML: what mail programs all understand, nothing loaded from elsewhere.

use std::fmt::Write;

use super::{Kind, money, text, words};
use crate::order::{Line, Order};

pub(super) fn body(order: &Order, kind: Kind) -> String {
    let headline = escape(words::headline(kind));
    let greeting = escape(&words::greeting(order));
    let message = escape(&words::message(order, kind));
    let number = escape(&order.number);
    let lines = lines(order);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{headline}</title></head>\n\
         <body style=\"font-family: sans-serif\">\n<h1 style=\"font-size: 1.3em\">{headline}</h1>\n\
         <p>{greeting}</p>\n<p>{message}</p>\n<p>Order <code>{number}</code></p>\n{lines}</body></html>\n"
    )
}

fn lines(order: &Order) -> String {
    if order.lines.is_empty() {
        return String::new();
    }
    let mut table = String::from("<table cellpadding=\"4\">\n");
    for line in &order.lines {
        // Writing to a String cannot fail.
        let name = escape(&text::name(line));
        let _ = writeln!(table, "<tr><td>{} &times;</td><td>{name}</td><td>{}</td></tr>", line.quantity, price(line));
    }
    if let (Some(total), Some(currency)) = (order.total_amount, &order.currency) {
        let total = escape(&money::format(total, currency));
        let _ = writeln!(table, "<tr><td></td><td><b>Total</b></td><td><b>{total}</b></td></tr>");
    }
    table.push_str("</table>\n");
    table
}

fn price(line: &Line) -> String {
    match (line.unit_price, &line.currency) {
        (Some(amount), Some(currency)) => escape(&money::format(amount, currency)),
        _ => String::new(),
    }
}

/// For element content and attribute values.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
