-- A product without an inventory row has stock 0: the row is made here, and kept when it is there already.
CREATE TRIGGER IF NOT EXISTS products_after_insert AFTER INSERT ON products FOR EACH ROW
BEGIN
    INSERT INTO inventory (product_id, available) VALUES (NEW.id, 0)
        ON DUPLICATE KEY UPDATE available = available;
    INSERT INTO product_changes (product_id) VALUES (NEW.id);
END
