-- Only what a search can find matters to followers; the comparison is by bytes, because the collation calls 'a' and 'Á' equal.
CREATE TRIGGER IF NOT EXISTS products_after_update AFTER UPDATE ON products FOR EACH ROW
BEGIN
    IF OLD.id <> NEW.id THEN
        INSERT INTO inventory (product_id, available) VALUES (NEW.id, 0)
            ON DUPLICATE KEY UPDATE available = available;
        INSERT INTO product_changes (product_id) VALUES (OLD.id), (NEW.id);
    ELSEIF CAST(OLD.name AS BINARY) <> CAST(NEW.name AS BINARY)
        OR CAST(OLD.description AS BINARY) <> CAST(NEW.description AS BINARY) THEN
        INSERT INTO product_changes (product_id) VALUES (NEW.id);
    END IF;
END
