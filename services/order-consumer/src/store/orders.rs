//! Orders and their items.

use std::collections::BTreeMap;

use super::sql::Sql;
use super::write::Plan;
use crate::fold::{Change, NewOrder, Outcome, Placement, Status};

pub(super) fn insert(plan: &mut Plan, orders: &[NewOrder]) {
    if orders.is_empty() {
        return;
    }
    plan.sql
        .statement(
            "INSERT INTO orders (order_number, status, reason, fingerprint, customer_email, customer_name, customer_address, \
             payment_method, payment_token, total_amount, currency, placed_at) VALUES ",
        )
        .list(orders, |sql, new| {
            sql.raw("(").number(new.number).raw(",").name(new.status.as_str()).raw(",");
            sql.optional(new.reason, Sql::name).raw(",");
            sql.optional(new.fingerprint, |sql, fingerprint| sql.bytes(&fingerprint.0)).raw(",");
            match &new.placement {
                Some(placement) => body(sql, placement),
                // A FAILED order knows its number, and at best whom to tell.
                None => {
                    sql.optional(new.email.as_deref(), Sql::text).raw(",NULL,NULL,NULL,NULL,NULL,NULL,NULL");
                }
            }
            sql.raw(")");
        });
    plan.finds(orders.len(), "orders");
}

/// customer_email … placed_at.
fn body(sql: &mut Sql, placement: &Placement) {
    let order = &placement.order;
    for text in [
        &order.customer.email,
        &order.customer.name,
        &order.customer.address,
        &order.payment.method,
        &order.payment.token,
    ] {
        sql.text(text).raw(",");
    }
    sql.optional(placement.total, |sql, total| sql.int(total.amount)).raw(",");
    sql.optional(placement.total, |sql, total| sql.text(total.currency.as_str())).raw(",");
    sql.time(order.placed_at);
}

pub(super) fn items(plan: &mut Plan, outcome: &Outcome) {
    let new = outcome.inserts.iter().filter_map(|new| new.placement.as_ref());
    let replayed = outcome.changes.iter().filter_map(|change| change.placement.as_ref());
    let lines: Vec<_> = new
        .chain(replayed)
        .flat_map(|placement| {
            placement.lines.iter().zip(1_i64..).map(|(line, n)| (placement.order.order_number, n, line))
        })
        .collect();
    if lines.is_empty() {
        return;
    }
    plan.sql
        .statement(
            "INSERT INTO order_items (order_number, line, product_id, quantity, sku, name, unit_price_amount, currency) VALUES ",
        )
        .list(&lines, |sql, (number, n, line)| {
            sql.raw("(").number(*number).raw(",").int(*n).raw(",").int(line.product_id).raw(",").int(line.quantity);
            match &line.product {
                Some(product) => {
                    sql.raw(",").text(&product.sku).raw(",").text(&product.name).raw(",").int(product.price.amount);
                    sql.raw(",").text(product.price.currency.as_str());
                }
                None => {
                    sql.raw(",NULL,NULL,NULL,NULL");
                }
            }
            sql.raw(")");
        });
    plan.finds(lines.len(), "order_items");
}

/// Each only while it still has the status that was loaded. Cancels share a statement; a replay brings a body of its own.
pub(super) fn change(plan: &mut Plan, changes: &[Change]) {
    let mut plain = BTreeMap::<(Status, Status), Vec<&Change>>::new();
    for change in changes {
        match &change.placement {
            Some(placement) => replay(plan, change, placement),
            None => plain.entry((change.from, change.to)).or_default().push(change),
        }
    }
    for ((from, to), changes) in plain {
        plan.sql
            // By number, also on a small table: a scan would wait for what others have just inserted.
            .statement("UPDATE orders FORCE INDEX (PRIMARY) SET reason = NULL, status = ")
            .name(to.as_str())
            .raw(" WHERE status = ")
            .name(from.as_str())
            .raw(" AND order_number IN (")
            .list(&changes, |sql, change| {
                sql.number(change.number);
            })
            .raw(")");
        plan.finds(changes.len(), "orders");
    }
}

fn replay(plan: &mut Plan, change: &Change, placement: &Placement) {
    let order = &placement.order;
    let sql = &mut plan.sql;
    sql.statement("UPDATE orders SET status = ").name(change.to.as_str()).raw(", reason = ");
    sql.optional(change.reason, Sql::name);
    sql.raw(", customer_email = ").text(&order.customer.email);
    sql.raw(", customer_name = ").text(&order.customer.name);
    sql.raw(", customer_address = ").text(&order.customer.address);
    sql.raw(", payment_method = ").text(&order.payment.method);
    sql.raw(", payment_token = ").text(&order.payment.token);
    sql.raw(", total_amount = ").optional(placement.total, |sql, total| sql.int(total.amount));
    sql.raw(", currency = ").optional(placement.total, |sql, total| sql.text(total.currency.as_str()));
    sql.raw(", placed_at = ").time(order.placed_at);
    sql.raw(" WHERE order_number = ").number(change.number).raw(" AND status = ").name(change.from.as_str());
    plan.finds(1, "orders");
}
