-- The index before this one serves the same filters, and the order too.
DROP INDEX CONCURRENTLY clients_last_verified_at_idx;
