-- The index for the list of those who left their clients, who are few.
CREATE INDEX CONCURRENTLY contacts_retired_updated_at_idx ON contacts (updated_at DESC, id DESC) WHERE retired_at IS NOT NULL;
