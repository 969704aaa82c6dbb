-- "Look at this product now": written by triggers, so that any writer counts, and followed by the search index.
CREATE TABLE IF NOT EXISTS product_changes (
    seq        BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    product_id BIGINT UNSIGNED NOT NULL,
    changed_at DATETIME(6)     NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT product_changes_pk PRIMARY KEY (seq),
    INDEX product_changes_by_age (changed_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
