-- Who did what, from where, and what was refused. A change of it by whoever writes to the database is found: each event
-- carries a code that only the server can make, and seals chain the events together.

CREATE TABLE audit_events (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    resource text NOT NULL,
    resource_id uuid,
    client_id uuid,
    request_id text,
    changes jsonb NOT NULL,
    outcome text NOT NULL,
    session_id uuid,
    address text,
    -- The personal values, under a digest that says nothing without the salt: both can be erased, and the digest stays.
    personal jsonb,
    personal_salt bytea,
    personal_digest bytea,
    mac bytea NOT NULL,
    api_key_id uuid,
    CONSTRAINT audit_events_outcome_check CHECK (outcome IN ('done', 'refused'))
);
CREATE INDEX audit_events_at_idx ON audit_events (at DESC, id DESC);
CREATE INDEX audit_events_resource_id_at_idx ON audit_events (resource_id, at DESC, id DESC);
CREATE INDEX audit_events_client_id_at_idx ON audit_events (client_id, at DESC, id DESC);
CREATE INDEX audit_events_actor_id_at_idx ON audit_events (actor_id, at DESC, id DESC);
CREATE INDEX audit_events_resource_at_idx ON audit_events (resource, at DESC, id DESC);
CREATE INDEX audit_events_action_at_idx ON audit_events (action, at DESC, id DESC);
-- Refusals are few among the changes, and are what a review looks for first.
CREATE INDEX audit_events_refused_at_idx ON audit_events (at DESC, id DESC) WHERE outcome = 'refused';
-- Few events come by an API key.
CREATE INDEX audit_events_api_key_id_at_idx ON audit_events (api_key_id, at DESC, id DESC) WHERE api_key_id IS NOT NULL;

-- What waits for the next seal.
CREATE TABLE audit_unsealed (
    event_id uuid PRIMARY KEY
);

CREATE TABLE audit_seals (
    number bigint PRIMARY KEY,
    sealed_at timestamptz NOT NULL,
    events integer NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    mac bytea NOT NULL
);

-- Which seal an event is in. No foreign keys: what is gone on one side must stay to be seen on the other.
CREATE TABLE audit_leaves (
    event_id uuid PRIMARY KEY,
    seal bigint NOT NULL
);
CREATE INDEX audit_leaves_seal_event_id_idx ON audit_leaves (seal, event_id);

CREATE FUNCTION await_audit_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed (event_id) SELECT id FROM inserted;
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_events_await_seal
    AFTER INSERT ON audit_events
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION await_audit_seal();

-- The keys of former master secrets, sealed with the one in use: what they signed can be verified without those secrets.
CREATE TABLE audit_keys (
    -- The id of the master secret that it was derived from.
    id text PRIMARY KEY,
    -- The key, and the seal up to which it counts.
    sealed_key bytea NOT NULL
);
