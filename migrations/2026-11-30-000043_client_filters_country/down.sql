DROP INDEX CONCURRENTLY clients_country_idx;
