-- W3C trace context of the request that the mail answers, as its Kafka record carried it: so that the mail's log line shows the
-- trace id that the shopper's request had.
ALTER TABLE outbox
    ADD COLUMN traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL
