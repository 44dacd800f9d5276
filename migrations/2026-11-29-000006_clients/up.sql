-- Clients, and the columns (owner_id, team_id, is_key) by which every business table is reached.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- What changes hands is a new version of itself, also when the change comes through a foreign key: from the client to what
-- belongs to it, or from the owner's team to the client.
CREATE FUNCTION grow_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END
$$;

CREATE TABLE clients (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    legal_name text,
    tax_id text,
    registration_number text,
    industry text,
    status text NOT NULL,
    source text,
    email text,
    phone text,
    messengers jsonb NOT NULL,
    address jsonb,
    website text,
    employees integer,
    language text,
    timezone text,
    owner_id uuid NOT NULL,
    team_id uuid NOT NULL,
    is_key boolean NOT NULL,
    tags text[] NOT NULL,
    external_source text,
    external_id text,
    last_verified_at timestamptz,
    last_interaction_at timestamptz,
    next_interaction_at timestamptz,
    credit_limit numeric(15, 2),
    margin_percent numeric(5, 2),
    confidential_note text,
    archived_from text,
    search text NOT NULL GENERATED ALWAYS AS (
        lower(name || ' ' || coalesce(legal_name, '') || ' ' || coalesce(tax_id, '') || ' '
            || coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || coalesce(external_id, ''))
    ) STORED,
    -- The tables of a client carry these columns and refer to them together: Postgres itself keeps
    -- their reach in step when the client changes hands.
    CONSTRAINT clients_reach_key UNIQUE (id, owner_id, team_id, is_key),
    CONSTRAINT clients_external_key UNIQUE (external_source, external_id),
    CONSTRAINT clients_owner_id_fkey FOREIGN KEY (owner_id, team_id) REFERENCES users (id, team_id) ON UPDATE CASCADE,
    CONSTRAINT clients_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams (id),
    CONSTRAINT clients_external_check CHECK ((external_source IS NULL) = (external_id IS NULL)),
    CONSTRAINT clients_kind_check CHECK (kind IN ('organization', 'person')),
    CONSTRAINT clients_status_check CHECK (status IN ('lead', 'prospect', 'active', 'dormant', 'lost', 'archived')),
    CONSTRAINT clients_archived_from_check CHECK ((status = 'archived') = (archived_from IS NOT NULL))
);
CREATE INDEX clients_updated_at_idx ON clients (updated_at DESC, id DESC);
CREATE INDEX clients_created_at_idx ON clients (created_at DESC, id DESC);
CREATE INDEX clients_name_idx ON clients (name, id);
CREATE INDEX clients_owner_id_updated_at_idx ON clients (owner_id, updated_at DESC, id DESC);
CREATE INDEX clients_owner_id_name_idx ON clients (owner_id, name, id);
CREATE INDEX clients_owner_id_team_id_idx ON clients (owner_id, team_id);
CREATE INDEX clients_team_id_updated_at_idx ON clients (team_id, updated_at DESC, id DESC);
-- A key-account manager sees the team's key clients: few among all of the team's.
CREATE INDEX clients_key_team_id_updated_at_idx ON clients (team_id, updated_at DESC, id DESC) WHERE is_key;
-- New entries wait in a list beside a GIN index until the list is full, 4 MB by default. Every search reads that list, and
-- whoever fills it empties it, for some hundred milliseconds. Shorter lists are emptied oftener and faster.
CREATE INDEX clients_search_idx ON clients USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
CREATE INDEX clients_tags_idx ON clients USING gin (tags) WITH (gin_pending_list_limit = 256);
CREATE INDEX clients_tax_id_idx ON clients (tax_id);

CREATE TRIGGER clients_version_follows_reach
    BEFORE UPDATE OF owner_id, team_id, is_key ON clients
    FOR EACH ROW
    WHEN ((NEW.owner_id, NEW.team_id, NEW.is_key) IS DISTINCT FROM (OLD.owner_id, OLD.team_id, OLD.is_key)
        AND NEW.version = OLD.version)
    EXECUTE FUNCTION grow_version();

-- Account teams: the users to whom a client counts as their own besides its owner.
CREATE TABLE account_team_members (
    client_id uuid NOT NULL,
    user_id uuid NOT NULL,
    added_at timestamptz NOT NULL,
    CONSTRAINT account_team_members_pkey PRIMARY KEY (client_id, user_id),
    CONSTRAINT account_team_members_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id),
    CONSTRAINT account_team_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX account_team_members_user_id_idx ON account_team_members (user_id);
