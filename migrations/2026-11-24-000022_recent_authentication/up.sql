-- Sensitive changes ask when the user last proved who they are; a kept answer is repeated to who may still see it only.

-- NULL of a session that another version began: at its sign-in.
ALTER TABLE sessions ADD COLUMN authenticated_at timestamptz;
-- NULL of an answer that another version kept: not known.
ALTER TABLE idempotency_keys ADD COLUMN rights_digest bytea;
