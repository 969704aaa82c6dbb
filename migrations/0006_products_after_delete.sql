CREATE TRIGGER IF NOT EXISTS products_after_delete AFTER DELETE ON products FOR EACH ROW
    INSERT INTO product_changes (product_id) VALUES (OLD.id)
