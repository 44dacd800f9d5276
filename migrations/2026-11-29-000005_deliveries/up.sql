-- What is kept in the transaction of a change: its event, the mail that it causes, and its answer for a repeated request.

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

CREATE TABLE outgoing_mails (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL,
    -- To whom, and what: it may hold a token.
    sealed_letter bytea NOT NULL,
    attempts integer NOT NULL,
    due_at timestamptz NOT NULL
);
CREATE INDEX outgoing_mails_due_at_idx ON outgoing_mails (due_at);
CREATE INDEX outgoing_mails_created_at_idx ON outgoing_mails (created_at);

CREATE TABLE idempotency_keys (
    actor_id uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    location text,
    etag text,
    -- Sealed: the answer may show a key that is shown only once.
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    -- The rights that decide what the answer shows: it is repeated only to a caller who still has them.
    rights_digest bytea NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (actor_id, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
