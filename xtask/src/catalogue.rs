//! The sample catalogue: always the same 1,200 products, each with stock that is booked as a movement.

use std::fmt::Write;

const MATERIALS: [&str; 10] =
    ["Oak", "Walnut", "Steel", "Copper", "Linen", "Wool", "Leather", "Ceramic", "Glass", "Bamboo"];
const STYLES: [&str; 12] = [
    "Classic", "Modern", "Folding", "Compact", "Rustic", "Nordic", "Vintage", "Slim", "Large", "Small", "Café",
    "Garden",
];
const THINGS: [&str; 10] = ["Table", "Chair", "Lamp", "Shelf", "Bowl", "Cushion", "Bag", "Kettle", "Mirror", "Basket"];

/// Products in the sample.
pub const SIZE: usize = MATERIALS.len() * STYLES.len() * THINGS.len();

/// Statements that put the sample into an empty catalogue; a second run changes nothing.
///
/// Products have the ids 1 to [`SIZE`]. Stock is 100 to 1,099 pieces, but every hundredth product has 3:
/// enough to see an order rejected.
pub fn sql() -> String {
    let mut products = String::new();
    let mut stock = String::new();
    for index in 0..SIZE {
        let (material, style, thing) = (
            MATERIALS[index % MATERIALS.len()],
            STYLES[index / MATERIALS.len() % STYLES.len()],
            THINGS[index / (MATERIALS.len() * STYLES.len())],
        );
        let id = index + 1;
        let comma = if index == 0 { "" } else { ",\n" };
        let price = 500 + (index * 7919) % 50_000;
        let available = if id % 100 == 0 { 3 } else { 100 + (index * 31) % 1000 };
        let description =
            format!("A {} {} made of {}.", style.to_lowercase(), thing.to_lowercase(), material.to_lowercase());
        write!(
            products,
            "{comma}({id}, 'SAMPLE-{id:05}', '{style} {material} {thing}', '{description}', {price}, 'EUR')"
        )
        .expect("writing to a string does not fail");
        write!(stock, "{comma}({id}, {available})").expect("writing to a string does not fail");
    }
    // The movements' unique key makes a second run book nothing; what is available is set from the ledger
    // only where this run booked it (it was 0 before: the trigger on products made the row).
    format!(
        "START TRANSACTION;\n\
         INSERT IGNORE INTO products (id, sku, name, description, price_amount, currency) VALUES\n{products};\n\
         CREATE TEMPORARY TABLE sample (product_id BIGINT UNSIGNED PRIMARY KEY, available BIGINT NOT NULL);\n\
         INSERT INTO sample VALUES\n{stock};\n\
         DELETE FROM sample WHERE product_id IN\n\
         (SELECT product_id FROM stock_movements WHERE request_id = 'sample-catalogue');\n\
         INSERT INTO stock_movements (product_id, delta, reason, request_id, available_after)\n\
         SELECT product_id, available, 'INITIAL', 'sample-catalogue', available FROM sample;\n\
         UPDATE inventory JOIN sample USING (product_id) SET inventory.available = inventory.available + sample.available;\n\
         COMMIT;\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_the_same_every_time_and_large_enough() {
        const { assert!(SIZE >= 1000) };
        assert_eq!(sql(), sql());
        assert_eq!(sql().matches("'SAMPLE-").count(), SIZE);
        assert!(sql().contains("(100, 3)"));
    }
}
