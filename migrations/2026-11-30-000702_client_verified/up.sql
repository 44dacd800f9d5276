-- The clients by when they were verified; those that never were come first.
CREATE INDEX CONCURRENTLY clients_verified_at_idx ON clients ((coalesce(last_verified_at, '-infinity'::timestamptz)), id);
