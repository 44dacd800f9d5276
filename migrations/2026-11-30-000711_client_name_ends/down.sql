DROP INDEX CONCURRENTLY clients_name_ends_idx;
