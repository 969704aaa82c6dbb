-- Records that could not become orders: raw bytes, why, and what a person did about them since.
-- headers: JSON list of [name, base64 value], in the record's order.
CREATE TABLE IF NOT EXISTS dead_letters (
    id            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    topic         VARCHAR(249) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    topic_id      VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    partition_id  INT             NOT NULL,
    record_offset BIGINT          NOT NULL,
    value_hash    BINARY(32)      NOT NULL,
    record_key    LONGBLOB        NULL,
    record_value  LONGBLOB        NULL,
    headers       JSON            NOT NULL,
    recorded_at   DATETIME(6)     NULL,
    order_number  CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    event_type    VARCHAR(64)     NULL,
    reason        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    detail        VARCHAR(1000)   NOT NULL DEFAULT '',
    attempts      INT UNSIGNED    NOT NULL DEFAULT 1,
    status        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'OPEN',
    replay_count  INT UNSIGNED    NOT NULL DEFAULT 0,
    note          VARCHAR(500)    NULL,
    created_at    DATETIME(6)     NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at    DATETIME(6)     NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    CONSTRAINT dead_letters_pk PRIMARY KEY (id),
    CONSTRAINT dead_letters_once_per_record UNIQUE (topic_id, partition_id, record_offset, value_hash),
    CONSTRAINT dead_letters_status_known CHECK (status IN ('OPEN', 'REPLAYED', 'DISCARDED')),
    INDEX dead_letters_by_order (order_number),
    INDEX dead_letters_by_status (status, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
