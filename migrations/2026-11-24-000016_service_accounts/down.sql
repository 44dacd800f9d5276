DROP TABLE api_keys;
DROP TABLE service_accounts;
ALTER TABLE users DROP CONSTRAINT users_sign_in_check, DROP CONSTRAINT users_kind_check;
-- What a service account did keeps its author: a blocked user without a way to sign in.
UPDATE users SET status = 'blocked', email = id || '@service.invalid' WHERE kind = 'service';
UPDATE users SET password_hash = '!' WHERE password_hash IS NULL;
ALTER TABLE users
    ALTER COLUMN password_hash SET NOT NULL,
    ALTER COLUMN email SET NOT NULL,
    DROP COLUMN kind;
