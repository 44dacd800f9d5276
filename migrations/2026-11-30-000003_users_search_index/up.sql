-- The index for the search of users.
CREATE INDEX CONCURRENTLY users_search_idx ON users USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
