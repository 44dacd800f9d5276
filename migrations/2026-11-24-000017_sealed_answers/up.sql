-- An answer kept for a repeated request may show a key: it is kept sealed. Those kept before go within a day.

ALTER TABLE idempotency_keys ADD COLUMN sealed boolean NOT NULL DEFAULT false;
ALTER TABLE users VALIDATE CONSTRAINT users_kind_check;
ALTER TABLE users VALIDATE CONSTRAINT users_sign_in_check;
