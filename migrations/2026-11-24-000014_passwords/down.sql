DROP TABLE outgoing_mails;
DROP TABLE password_resets;
-- Who has no password gets one that fits no password.
UPDATE users SET password_hash = 'none' WHERE password_hash IS NULL;
ALTER TABLE users
    DROP COLUMN must_change_password,
    DROP COLUMN password_is_long,
    ALTER COLUMN password_hash SET NOT NULL;
