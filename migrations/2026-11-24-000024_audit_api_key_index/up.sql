-- What was done with an API key is found without a walk through the whole log; few entries have one.
CREATE INDEX CONCURRENTLY audit_events_api_key_id_at_idx ON audit_events (api_key_id, at DESC, id DESC)
    WHERE api_key_id IS NOT NULL;
