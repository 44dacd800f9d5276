DROP INDEX CONCURRENTLY clients_source_idx;
