ALTER TABLE idempotency_keys DROP COLUMN replayed_at;
