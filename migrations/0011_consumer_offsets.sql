-- Where each partition goes on, and what became of its records so far. The consumer resumes from here alone;
-- the compare-and-set of `next` fences a consumer that lost its partition. topic_id: Kafka's own id of the topic,
-- so that a topic made anew starts over. The totals count records of the log below `next`.
CREATE TABLE IF NOT EXISTS consumer_offsets (
    topic_id     VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    partition_id INT             NOT NULL,
    topic        VARCHAR(249) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `next`       BIGINT          NOT NULL,
    creates      BIGINT UNSIGNED NOT NULL DEFAULT 0,
    `new`        BIGINT UNSIGNED NOT NULL DEFAULT 0,
    duplicates   BIGINT UNSIGNED NOT NULL DEFAULT 0,
    conflicts    BIGINT UNSIGNED NOT NULL DEFAULT 0,
    failed       BIGINT UNSIGNED NOT NULL DEFAULT 0,
    replays      BIGINT UNSIGNED NOT NULL DEFAULT 0,
    cancels      BIGINT UNSIGNED NOT NULL DEFAULT 0,
    other        BIGINT UNSIGNED NOT NULL DEFAULT 0,
    updated_at   DATETIME(6)     NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    CONSTRAINT consumer_offsets_pk PRIMARY KEY (topic_id, partition_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
