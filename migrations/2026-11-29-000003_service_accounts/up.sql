-- Integrations act as users of their own: nobody signs in to them, and their keys have a part of what their role may do.

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
