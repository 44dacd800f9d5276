-- The clients from a source.
CREATE INDEX CONCURRENTLY clients_source_idx ON clients (source);
