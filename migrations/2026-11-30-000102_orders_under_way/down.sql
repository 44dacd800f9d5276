DROP INDEX CONCURRENTLY orders_under_way_idx;
