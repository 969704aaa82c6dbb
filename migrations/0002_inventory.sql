-- Stock on hand, one row per product that ever was. It outlives a deleted product: a cancel gives back
-- to it, and a product made again under the same id finds it. Hence no foreign key.
CREATE TABLE IF NOT EXISTS inventory (
    product_id BIGINT UNSIGNED NOT NULL,
    available  BIGINT          NOT NULL DEFAULT 0,
    updated_at DATETIME(6)     NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    CONSTRAINT inventory_pk PRIMARY KEY (product_id),
    CONSTRAINT inventory_available_not_negative CHECK (available >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
