-- Integrations act as users of their own: nobody signs in to them, and their keys have a part of what their role may do.

ALTER TABLE users
    ADD COLUMN kind text NOT NULL DEFAULT 'person',
    ALTER COLUMN email DROP NOT NULL,
    ALTER COLUMN password_hash DROP NOT NULL,
    -- Validated by the next migration: that reads the table, which nobody should wait for.
    ADD CONSTRAINT users_kind_check CHECK (kind IN ('person', 'service')) NOT VALID,
    ADD CONSTRAINT users_sign_in_check CHECK (
        CASE kind WHEN 'service' THEN email IS NULL AND password_hash IS NULL ELSE email IS NOT NULL END
    ) NOT VALID;

CREATE TABLE service_accounts (
    -- The account is the user of this id; name, role, team and status stand there.
    id uuid PRIMARY KEY,
    description text,
    scopes jsonb NOT NULL,
    allowed_networks jsonb NOT NULL,
    CONSTRAINT service_accounts_id_fkey FOREIGN KEY (id) REFERENCES users (id)
);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    account_id uuid NOT NULL,
    name text NOT NULL,
    scopes jsonb,
    allowed_networks jsonb NOT NULL,
    expires_at timestamptz NOT NULL,
    last_used_on date,
    last_used_network text,
    secret_digest bytea NOT NULL,
    CONSTRAINT api_keys_account_id_fkey FOREIGN KEY (account_id) REFERENCES service_accounts (id)
);
CREATE INDEX api_keys_account_id_created_at_idx ON api_keys (account_id, created_at DESC, id DESC);
