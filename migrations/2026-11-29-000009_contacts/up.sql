-- Persons at a client.

CREATE TABLE contacts (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    client_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    team_id uuid NOT NULL,
    is_key boolean NOT NULL,
    name text NOT NULL,
    job_title text,
    decision_role text,
    email text,
    phone text,
    messengers jsonb NOT NULL,
    is_primary boolean NOT NULL,
    consents jsonb NOT NULL,
    search text NOT NULL GENERATED ALWAYS AS (
        lower(name || ' ' || coalesce(job_title, '') || ' ' || coalesce(email, '') || ' ' || coalesce(phone, ''))
    ) STORED,
    -- Interactions name a contact together with the client, so that they cannot name another client's.
    CONSTRAINT contacts_id_client_id_key UNIQUE (id, client_id),
    CONSTRAINT contacts_client_id_fkey FOREIGN KEY (client_id, owner_id, team_id, is_key)
        REFERENCES clients (id, owner_id, team_id, is_key) ON UPDATE CASCADE,
    CONSTRAINT contacts_decision_role_check
        CHECK (decision_role IN ('decision_maker', 'influencer', 'user', 'gatekeeper'))
);
CREATE UNIQUE INDEX contacts_primary_key ON contacts (client_id) WHERE is_primary;
CREATE INDEX contacts_client_id_idx ON contacts (client_id, owner_id, team_id, is_key);
CREATE INDEX contacts_client_id_name_idx ON contacts (client_id, name, id);
CREATE INDEX contacts_name_idx ON contacts (name, id);
CREATE INDEX contacts_updated_at_idx ON contacts (updated_at DESC, id DESC);
CREATE INDEX contacts_owner_id_updated_at_idx ON contacts (owner_id, updated_at DESC, id DESC);
CREATE INDEX contacts_team_id_updated_at_idx ON contacts (team_id, updated_at DESC, id DESC);
CREATE INDEX contacts_key_team_id_updated_at_idx ON contacts (team_id, updated_at DESC, id DESC) WHERE is_key;
CREATE INDEX contacts_search_idx ON contacts USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);

CREATE TRIGGER contacts_version_follows_reach
    BEFORE UPDATE OF owner_id, team_id, is_key ON contacts
    FOR EACH ROW
    WHEN ((NEW.owner_id, NEW.team_id, NEW.is_key) IS DISTINCT FROM (OLD.owner_id, OLD.team_id, OLD.is_key)
        AND NEW.version = OLD.version)
    EXECUTE FUNCTION grow_version();
