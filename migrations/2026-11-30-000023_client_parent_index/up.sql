-- The clients that belong to a client.
CREATE INDEX CONCURRENTLY clients_parent_id_idx ON clients (parent_id);
