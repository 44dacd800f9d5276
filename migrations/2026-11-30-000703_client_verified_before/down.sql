CREATE INDEX CONCURRENTLY clients_last_verified_at_idx ON clients (last_verified_at);
