DROP INDEX CONCURRENTLY clients_search_idx;
