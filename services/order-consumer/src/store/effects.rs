//! Stock, its ledger, and cancels that wait.

use std::collections::{BTreeMap, BTreeSet};

use order_events::OrderNumber;

use super::write::Plan;
use crate::fold::Movement;

/// One UPDATE for all products; their rows are locked already, in id order. Join order and index are said, since on a small table
/// MySQL would rather look at all rows, and wait for those that others have locked.
pub(super) fn stock(plan: &mut Plan, stock: &BTreeMap<u64, i64>) {
    if stock.is_empty() {
        return;
    }
    plan.sql
        .statement("UPDATE (VALUES ")
        .list(stock, |sql, (product, delta)| {
            sql.raw("ROW(").int(*product).raw(",").int(*delta).raw(")");
        })
        .raw(") AS d(id, delta) STRAIGHT_JOIN inventory i FORCE INDEX (PRIMARY) ON i.product_id = d.id")
        .raw(" SET i.available = i.available + d.delta");
    plan.finds(stock.len(), "inventory");
}

pub(super) fn movements(plan: &mut Plan, movements: &[Movement]) {
    if movements.is_empty() {
        return;
    }
    plan.sql
        .statement("INSERT INTO stock_movements (product_id, delta, reason, order_number, available_after) VALUES ")
        .list(movements, |sql, movement| {
            sql.raw("(").int(movement.product).raw(",").int(movement.delta).raw(",").name(movement.reason.as_str());
            sql.raw(",").number(movement.number).raw(",").int(movement.available_after).raw(")");
        });
    plan.finds(movements.len(), "stock_movements");
}

pub(super) fn pending_cancels(plan: &mut Plan, added: &BTreeSet<OrderNumber>, removed: &BTreeSet<OrderNumber>) {
    if !added.is_empty() {
        plan.sql.statement("INSERT INTO pending_cancels (order_number) VALUES ").list(added, |sql, number| {
            sql.raw("(").number(*number).raw(")");
        });
        plan.finds(added.len(), "pending_cancels");
    }
    if !removed.is_empty() {
        plan.sql
            .statement("DELETE FROM pending_cancels WHERE order_number IN (")
            .list(removed, |sql, number| {
                sql.number(*number);
            })
            .raw(")");
        plan.finds(removed.len(), "pending_cancels");
    }
}
