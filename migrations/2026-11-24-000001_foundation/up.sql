-- Who may sign in, what each role may do, and the records that accompany every change.

CREATE TABLE teams (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    name text NOT NULL,
    CONSTRAINT teams_name_key UNIQUE (name)
);
CREATE INDEX teams_updated_at_idx ON teams (updated_at DESC, id DESC);

CREATE TABLE users (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    job_title text,
    role text NOT NULL,
    team_id uuid NOT NULL,
    status text NOT NULL,
    password_hash text NOT NULL,
    CONSTRAINT users_email_key UNIQUE (email),
    -- Tables that belong to a user carry (owner, team) and refer to this pair, so that a move to
    -- another team carries everything along.
    CONSTRAINT users_id_team_id_key UNIQUE (id, team_id),
    CONSTRAINT users_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams (id),
    CONSTRAINT users_role_check CHECK (role IN ('manager', 'key_account_manager', 'supervisor')),
    CONSTRAINT users_status_check CHECK (status IN ('active', 'blocked'))
);
CREATE INDEX users_team_id_updated_at_idx ON users (team_id, updated_at DESC, id DESC);
CREATE INDEX users_updated_at_idx ON users (updated_at DESC, id DESC);
CREATE INDEX users_name_idx ON users (name, id);

CREATE TABLE role_policies (
    role text PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    max_discount_percent numeric(5, 2),
    max_contract_amount numeric(15, 2),
    max_order_amount numeric(15, 2),
    may_own_key_clients boolean NOT NULL,
    grants jsonb NOT NULL,
    CONSTRAINT role_policies_role_check CHECK (role IN ('manager', 'key_account_manager', 'supervisor'))
);

CREATE TABLE signing_keys (
    id text PRIMARY KEY,
    created_at timestamptz NOT NULL,
    public_key bytea NOT NULL,
    sealed_private_key bytea NOT NULL,
    retired_at timestamptz
);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
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

CREATE TABLE audit_events (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    resource text NOT NULL,
    resource_id uuid NOT NULL,
    client_id uuid,
    request_id text,
    changes jsonb NOT NULL
);
CREATE INDEX audit_events_at_idx ON audit_events (at DESC, id DESC);
CREATE INDEX audit_events_resource_id_at_idx ON audit_events (resource_id, at DESC, id DESC);
CREATE INDEX audit_events_client_id_at_idx ON audit_events (client_id, at DESC, id DESC);
CREATE INDEX audit_events_actor_id_at_idx ON audit_events (actor_id, at DESC, id DESC);
CREATE INDEX audit_events_resource_at_idx ON audit_events (resource, at DESC, id DESC);
CREATE INDEX audit_events_action_at_idx ON audit_events (action, at DESC, id DESC);

CREATE TABLE outbox_events (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    type text NOT NULL,
    resource text NOT NULL,
    resource_id uuid NOT NULL,
    client_id uuid,
    version bigint NOT NULL
);

CREATE TABLE idempotency_keys (
    actor_id uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    location text,
    etag text,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (actor_id, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
