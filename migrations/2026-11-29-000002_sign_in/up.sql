-- How people sign in: sessions, the keys that sign their tokens, links that set a password, and second factors (TOTP,
-- RFC 6238); and the failures by which guessing is slowed down.

CREATE TABLE signing_keys (
    id text PRIMARY KEY,
    created_at timestamptz NOT NULL,
    public_key bytea NOT NULL,
    sealed_private_key bytea NOT NULL,
    -- Set when the key is revoked; all other steps of its life follow from the other moments and from its successor's.
    retired_at timestamptz,
    -- Later than it is published, so that those who keep the published keys for a while have it in time.
    signs_from timestamptz NOT NULL
);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    last_used_at timestamptz NOT NULL,
    client text,
    device text,
    user_agent text,
    address text,
    -- When the user last proved who they are: sensitive changes ask for it.
    authenticated_at timestamptz NOT NULL,
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    hash bytea PRIMARY KEY,
    session_id uuid NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    spent_at timestamptz,
    CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id);

CREATE TABLE sign_in_failures (
    subject text PRIMARY KEY,
    failures integer NOT NULL,
    window_ends_at timestamptz NOT NULL
);
CREATE INDEX sign_in_failures_window_ends_at_idx ON sign_in_failures (window_ends_at);

-- Failed sign-ins in a row: the throttling of five minutes forgets, the bound on all guesses at one account does not.
CREATE TABLE sign_in_streaks (
    subject text PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL
);
CREATE INDEX sign_in_streaks_last_at_idx ON sign_in_streaks (last_at);

CREATE TABLE password_resets (
    user_id uuid PRIMARY KEY,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT password_resets_token_hash_key UNIQUE (token_hash),
    CONSTRAINT password_resets_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX password_resets_expires_at_idx ON password_resets (expires_at);

CREATE TABLE second_factors (
    user_id uuid PRIMARY KEY,
    sealed_secret bytea NOT NULL,
    created_at timestamptz NOT NULL,
    -- Without it the enrolment has only begun.
    confirmed_at timestamptz,
    -- The time step of the last code that was taken: no code is taken twice.
    last_step bigint NOT NULL,
    CONSTRAINT second_factors_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE TABLE recovery_codes (
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash),
    CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES second_factors (user_id) ON DELETE CASCADE
);
