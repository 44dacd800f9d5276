-- The audit log says from where, and what was refused; a change of it by whoever writes to the database is found: each
-- event carries a code that only the server can make, and seals chain the events together.

ALTER TABLE audit_events
    ALTER COLUMN resource_id DROP NOT NULL,
    ADD COLUMN outcome text NOT NULL DEFAULT 'done',
    ADD COLUMN session_id uuid,
    ADD COLUMN address text,
    -- The personal values, under a digest that says nothing without the salt: both can be erased, and the digest stays.
    ADD COLUMN personal jsonb,
    ADD COLUMN personal_salt bytea,
    ADD COLUMN personal_digest bytea,
    ADD COLUMN mac bytea;
-- Events of before are signed at the next start, which validates both.
ALTER TABLE audit_events
    ADD CONSTRAINT audit_events_outcome_check CHECK (outcome IN ('done', 'refused')) NOT VALID,
    ADD CONSTRAINT audit_events_mac_check CHECK (mac IS NOT NULL) NOT VALID;

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

CREATE OR REPLACE VIEW client_timeline AS
    SELECT id, client_id, at, 'interactions'::text AS resource, id AS resource_id, status AS action,
           user_id AS actor_id, subject AS title, NULL::text AS reason, '{}'::text[] AS fields
    FROM interactions
    WHERE status <> 'planned'
UNION ALL
    SELECT event.id, event.client_id, event.at, 'contracts', event.contract_id, event.action,
           event.actor_id, contract.number || ' ' || contract.title, event.reason, '{}'
    FROM contract_events event JOIN contracts contract ON contract.id = event.contract_id
UNION ALL
    SELECT event.id, event.client_id, event.at, 'orders', event.order_id, event.action,
           event.actor_id, orders.number, event.reason, '{}'
    FROM order_events event JOIN orders ON orders.id = event.order_id
UNION ALL
    SELECT id, client_id, at, resource, resource_id, action, actor_id, NULL,
           coalesce(personal #>> '{reason,to}', changes #>> '{reason,to}'),
           ARRAY(SELECT jsonb_object_keys(changes))
    FROM audit_events
    WHERE resource IN ('clients', 'contacts') AND action <> 'touched';
