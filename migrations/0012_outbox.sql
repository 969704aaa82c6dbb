-- Mail to send, one row per order and kind. A notifier claims a row until claimed_until; sent_at ends it.
CREATE TABLE IF NOT EXISTS outbox (
    id            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    order_number  CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind          VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at    DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    due_at        DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    attempts      INT UNSIGNED NOT NULL DEFAULT 0,
    claimed_by    VARCHAR(128) NULL,
    claimed_until DATETIME(6)  NULL,
    sent_at       DATETIME(6)  NULL,
    given_up_at   DATETIME(6)  NULL,
    last_error    VARCHAR(500) NULL,
    CONSTRAINT outbox_pk PRIMARY KEY (id),
    CONSTRAINT outbox_once_per_kind UNIQUE (order_number, kind),
    CONSTRAINT outbox_kind_known CHECK (kind IN ('CONFIRMED', 'REJECTED', 'FAILED', 'CANCELLED')),
    INDEX outbox_unsent (sent_at, given_up_at, due_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
