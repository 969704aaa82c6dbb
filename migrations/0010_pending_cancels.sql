-- Cancels that came before their order; applied when the order comes, or by the consumer's sweep.
CREATE TABLE IF NOT EXISTS pending_cancels (
    order_number CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    received_at  DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT pending_cancels_pk PRIMARY KEY (order_number)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
