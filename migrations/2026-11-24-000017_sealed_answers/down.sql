-- What is sealed cannot be read without the column that says so.
DELETE FROM idempotency_keys WHERE sealed;
ALTER TABLE idempotency_keys DROP COLUMN sealed;
