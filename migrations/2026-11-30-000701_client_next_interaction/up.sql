-- The clients by what is due next; those without a planned interaction come last.
CREATE INDEX CONCURRENTLY clients_next_interaction_at_idx ON clients ((coalesce(next_interaction_at, 'infinity'::timestamptz)), id);
