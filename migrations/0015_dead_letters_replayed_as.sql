-- The order number under which a dead letter was last published again: its own, or a new one for a conflict or a record without
-- a number. `verify` finds by it which orders a replay made.
ALTER TABLE dead_letters
    ADD COLUMN replayed_as CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL
