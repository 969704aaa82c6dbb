-- The catalogue. Price is integer minor units with an ISO 4217 code; stock lives in inventory.
-- No cascade may ever touch this table: cascades and TRUNCATE fire no triggers.
CREATE TABLE IF NOT EXISTS products (
    id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    sku          VARCHAR(64)     NOT NULL,
    name         VARCHAR(255)    NOT NULL,
    description  VARCHAR(4000)   NOT NULL DEFAULT '',
    price_amount BIGINT          NOT NULL,
    currency     CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at   DATETIME(6)     NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at   DATETIME(6)     NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    CONSTRAINT products_pk PRIMARY KEY (id),
    CONSTRAINT products_sku_unique UNIQUE (sku),
    CONSTRAINT products_price_not_negative CHECK (price_amount >= 0),
    CONSTRAINT products_currency_iso CHECK (REGEXP_LIKE(currency, '^[A-Z]{3}$'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
