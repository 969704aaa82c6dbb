-- Up to which number product_changes was pruned: set in the transaction of the DELETE. A follower that has not
-- read that far has missed changes. One row at most; none is 0.
CREATE TABLE IF NOT EXISTS product_changes_pruned (
    one       TINYINT UNSIGNED NOT NULL DEFAULT 1,
    pruned_to BIGINT UNSIGNED  NOT NULL,
    CONSTRAINT product_changes_pruned_pk PRIMARY KEY (one),
    CONSTRAINT product_changes_pruned_one_row CHECK (one = 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
