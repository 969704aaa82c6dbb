//! Stock against the sum of its movements.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use sqlx::{MySqlConnection, Row};

use super::difference::{Differences, Kind};

/// What was counted on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stock {
    /// Products with stock or movements.
    pub products: u64,
    /// Units sold beyond what there was.
    pub oversold: i64,
}

/// Compares them. Memory: 16 bytes per product that ever moved.
pub(super) async fn read(
    connection: &mut MySqlConnection,
    differences: &mut Differences,
) -> Result<Stock, sqlx::Error> {
    let mut sums: BTreeMap<u64, i64> = BTreeMap::new();
    {
        let mut rows =
            sqlx::query("SELECT product_id, CAST(SUM(delta) AS SIGNED) FROM stock_movements GROUP BY product_id")
                .fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            sums.insert(row.try_get(0)?, row.try_get(1)?);
        }
    }
    let mut stock = Stock::default();
    let mut rows = sqlx::query("SELECT product_id, available FROM inventory").fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let (product, available): (u64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let moved = sums.remove(&product).unwrap_or(0);
        stock.product(product, moved, Some(available), differences);
    }
    for (product, moved) in sums {
        stock.product(product, moved, None, differences);
    }
    Ok(stock)
}

impl Stock {
    /// `available`: None without a row of `inventory`.
    fn product(&mut self, product: u64, moved: i64, available: Option<i64>, differences: &mut Differences) {
        self.products += 1;
        match available {
            Some(available) if available == moved => {}
            Some(available) => differences.add(Kind::Stock, || {
                format!("product {product}: {available} available, its movements sum up to {moved}")
            }),
            None => differences
                .add(Kind::Stock, || format!("product {product}: {moved} by its movements, no row in inventory")),
        }
        let beyond = moved.min(available.unwrap_or(0)).min(0).abs();
        if beyond > 0 {
            self.oversold += beyond;
            differences.add(Kind::Oversold, || format!("product {product}: {beyond} units more than there were"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selling_what_is_not_there_is_overselling() {
        for (moved, available, kinds, oversold) in [
            (5, Some(5), vec![], 0),
            (5, Some(6), vec![Kind::Stock], 0),
            (5, None, vec![Kind::Stock], 0),
            (-2, Some(0), vec![Kind::Stock, Kind::Oversold], 2),
            (-2, Some(-2), vec![Kind::Oversold], 2),
        ] {
            let (mut stock, mut differences) = (Stock::default(), Differences::default());
            stock.product(7, moved, available, &mut differences);
            let found: Vec<_> = differences.iter().map(|(kind, _)| kind).collect();
            assert_eq!((found, stock.oversold), (kinds, oversold), "{moved} {available:?}");
        }
    }
}
