-- The stock ledger: for every product, available = SUM(delta). Initial stock is a movement, too.
-- The unique keys make each effect happen once: an order takes and gives back a product once, a request counts once.
CREATE TABLE IF NOT EXISTS stock_movements (
    id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    product_id      BIGINT UNSIGNED NOT NULL,
    delta           BIGINT          NOT NULL,
    reason          VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_number    CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    request_id      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    available_after BIGINT          NULL,
    note            VARCHAR(255)    NULL,
    created_at      DATETIME(6)     NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT stock_movements_pk PRIMARY KEY (id),
    CONSTRAINT stock_movements_once_per_order UNIQUE (order_number, product_id, reason),
    CONSTRAINT stock_movements_once_per_request UNIQUE (request_id, product_id),
    CONSTRAINT stock_movements_reason_known CHECK (reason IN ('INITIAL', 'ORDER', 'CANCEL', 'ADJUSTMENT', 'IMPORT')),
    INDEX stock_movements_by_product (product_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
