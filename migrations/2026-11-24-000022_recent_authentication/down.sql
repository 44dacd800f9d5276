ALTER TABLE idempotency_keys DROP COLUMN rights_digest;
ALTER TABLE sessions DROP COLUMN authenticated_at;
