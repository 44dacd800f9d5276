-- An entry of the audit log names the API key that it came by; and the keys of former master secrets stay, sealed with the
-- one in use, so that what they signed can be verified without those secrets.

ALTER TABLE audit_events ADD COLUMN api_key_id uuid;

CREATE TABLE audit_keys (
    -- The id of the master secret that it was derived from.
    id text PRIMARY KEY,
    -- The key, and the seal up to which it counts.
    sealed_key bytea NOT NULL
);
