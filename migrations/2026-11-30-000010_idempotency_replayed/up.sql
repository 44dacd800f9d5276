-- An answer that is given again writes when that was, so that its transaction commits a row of its own: that commit waits
-- for synchronous standbys, as the commit of the first answer may have been cut off before it had.
ALTER TABLE idempotency_keys ADD COLUMN replayed_at timestamptz;
