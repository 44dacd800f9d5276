DROP INDEX CONCURRENTLY clients_parent_id_idx;
