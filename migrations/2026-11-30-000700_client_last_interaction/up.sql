-- The clients by when something last passed; those with whom nothing ever did come first.
CREATE INDEX CONCURRENTLY clients_last_interaction_at_idx ON clients ((coalesce(last_interaction_at, '-infinity'::timestamptz)), id);
