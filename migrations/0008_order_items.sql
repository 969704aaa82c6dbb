-- Lines keep sku, name and price of the order's time; sku, name and price are NULL for a product that was not known.
-- No foreign key to products: a deleted product leaves its orders whole.
CREATE TABLE IF NOT EXISTS order_items (
    order_number      CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    line              SMALLINT UNSIGNED NOT NULL,
    product_id        BIGINT UNSIGNED   NOT NULL,
    sku               VARCHAR(64)       NULL,
    name              VARCHAR(255)      NULL,
    quantity          INT UNSIGNED      NOT NULL,
    unit_price_amount BIGINT            NULL,
    currency          CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NULL,
    CONSTRAINT order_items_pk PRIMARY KEY (order_number, line),
    CONSTRAINT order_items_order FOREIGN KEY (order_number) REFERENCES orders (order_number),
    CONSTRAINT order_items_quantity_positive CHECK (quantity >= 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
