-- The clients by when they were verified, and those that never were.
CREATE INDEX CONCURRENTLY clients_last_verified_at_idx ON clients (last_verified_at);
