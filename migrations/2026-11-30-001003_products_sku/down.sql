DROP INDEX CONCURRENTLY products_sku_lower_key;
