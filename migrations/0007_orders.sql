-- One row per order number. A FAILED row (dead letter) may know no more than its number.
-- fingerprint: SHA-256 of what the shopper first sent, without the payment token.
CREATE TABLE IF NOT EXISTS orders (
    order_number     CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status           VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    fingerprint      BINARY(32)    NULL,
    customer_name    VARCHAR(200)  NULL,
    customer_email   VARCHAR(320)  NULL,
    customer_address VARCHAR(1000) NULL,
    payment_method   VARCHAR(64)   NULL,
    payment_token    VARCHAR(255)  NULL,
    total_amount     BIGINT        NULL,
    currency         CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NULL,
    placed_at        DATETIME(6)   NULL,
    created_at       DATETIME(6)   NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at       DATETIME(6)   NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    CONSTRAINT orders_pk PRIMARY KEY (order_number),
    CONSTRAINT orders_status_known CHECK (status IN ('CONFIRMED', 'REJECTED', 'FAILED', 'CANCELLED')),
    INDEX orders_by_customer (customer_email, placed_at, order_number)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
