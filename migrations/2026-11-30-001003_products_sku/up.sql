-- Two stock keeping units that differ by case only are one.
CREATE UNIQUE INDEX CONCURRENTLY products_sku_lower_key ON products (lower(sku));
