-- Replays that made an order which no create had made: a letter without a number that was given one, or a conflict that
-- became an order of its own. With it the ledger needs no remainder: rows of orders = `new` + failed creates with a number + these.
ALTER TABLE consumer_offsets ADD COLUMN replayed_new BIGINT UNSIGNED NOT NULL DEFAULT 0
