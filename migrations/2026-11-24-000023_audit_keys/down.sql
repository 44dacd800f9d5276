DROP TABLE audit_keys;
ALTER TABLE audit_events DROP COLUMN api_key_id;
