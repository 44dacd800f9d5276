DROP INDEX CONCURRENTLY clients_city_idx;
