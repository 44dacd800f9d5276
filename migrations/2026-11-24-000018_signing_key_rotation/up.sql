-- A key is published before it signs, so that those who keep the published keys for a while have it in time. All other
-- steps of its life follow from these moments and from its successor's; `retired_at` is set when it is revoked.

ALTER TABLE signing_keys ADD COLUMN signs_from timestamptz NOT NULL DEFAULT now();
UPDATE signing_keys SET signs_from = created_at;
