-- The index by which clients are searched, over the text that has all their external ids.
CREATE INDEX CONCURRENTLY clients_search_idx ON clients USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
