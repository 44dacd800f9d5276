-- Contracts with clients, their numbers without gaps, and their history.

CREATE TABLE contract_numbers (
    year integer PRIMARY KEY,
    last integer NOT NULL
);

CREATE TABLE contracts (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    client_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    team_id uuid NOT NULL,
    is_key boolean NOT NULL,
    number text NOT NULL,
    title text NOT NULL,
    status text NOT NULL,
    author_id uuid NOT NULL,
    amount numeric(15, 2) NOT NULL,
    currency text NOT NULL,
    payment_terms text,
    starts_on date NOT NULL,
    ends_on date,
    -- The last day of the first term: what each renewal is measured by.
    initial_ends_on date,
    auto_renew boolean NOT NULL,
    notice_days integer NOT NULL,
    notice_on date GENERATED ALWAYS AS (ends_on - notice_days) STORED,
    signatories jsonb NOT NULL,
    approved_by uuid,
    approved_at timestamptz,
    signed_on date,
    search text NOT NULL GENERATED ALWAYS AS (lower(number || ' ' || title)) STORED,
    CONSTRAINT contracts_number_key UNIQUE (number),
    CONSTRAINT contracts_id_client_id_key UNIQUE (id, client_id),
    CONSTRAINT contracts_client_id_fkey FOREIGN KEY (client_id, owner_id, team_id, is_key)
        REFERENCES clients (id, owner_id, team_id, is_key) ON UPDATE CASCADE,
    CONSTRAINT contracts_author_id_fkey FOREIGN KEY (author_id) REFERENCES users (id),
    CONSTRAINT contracts_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES users (id),
    CONSTRAINT contracts_status_check CHECK (status IN
        ('draft', 'in_review', 'approved', 'signed', 'active', 'completed', 'expired', 'terminated')),
    CONSTRAINT contracts_days_check CHECK (ends_on >= initial_ends_on AND initial_ends_on >= starts_on),
    CONSTRAINT contracts_term_check CHECK ((ends_on IS NULL) = (initial_ends_on IS NULL)),
    CONSTRAINT contracts_auto_renew_check CHECK (NOT auto_renew OR ends_on IS NOT NULL)
);
CREATE INDEX contracts_client_id_idx ON contracts (client_id, owner_id, team_id, is_key);
CREATE INDEX contracts_client_id_updated_at_idx ON contracts (client_id, updated_at DESC, id DESC);
CREATE INDEX contracts_author_id_idx ON contracts (author_id);
CREATE INDEX contracts_approved_by_idx ON contracts (approved_by);
CREATE INDEX contracts_updated_at_idx ON contracts (updated_at DESC, id DESC);
CREATE INDEX contracts_owner_id_updated_at_idx ON contracts (owner_id, updated_at DESC, id DESC);
CREATE INDEX contracts_team_id_updated_at_idx ON contracts (team_id, updated_at DESC, id DESC);
CREATE INDEX contracts_key_team_id_updated_at_idx ON contracts (team_id, updated_at DESC, id DESC) WHERE is_key;
CREATE INDEX contracts_search_idx ON contracts USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
-- What the clock moves on: signed contracts by their first day, active ones by their last.
CREATE INDEX contracts_signed_starts_on_idx ON contracts (starts_on) WHERE status = 'signed';
CREATE INDEX contracts_active_ends_on_idx ON contracts (ends_on) WHERE status = 'active';
-- The list of contracts near their notice date.
CREATE INDEX contracts_active_notice_on_idx ON contracts (notice_on) WHERE status = 'active';

CREATE TRIGGER contracts_version_follows_reach
    BEFORE UPDATE OF owner_id, team_id, is_key ON contracts
    FOR EACH ROW
    WHEN ((NEW.owner_id, NEW.team_id, NEW.is_key) IS DISTINCT FROM (OLD.owner_id, OLD.team_id, OLD.is_key)
        AND NEW.version = OLD.version)
    EXECUTE FUNCTION grow_version();

CREATE TABLE contract_events (
    id uuid PRIMARY KEY,
    contract_id uuid NOT NULL,
    client_id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    from_status text,
    to_status text NOT NULL,
    reason text,
    CONSTRAINT contract_events_contract_id_fkey FOREIGN KEY (contract_id, client_id) REFERENCES contracts (id, client_id),
    CONSTRAINT contract_events_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES users (id)
);
CREATE INDEX contract_events_contract_id_idx ON contract_events (contract_id, client_id);
CREATE INDEX contract_events_contract_id_at_idx ON contract_events (contract_id, at DESC, id DESC);
CREATE INDEX contract_events_client_id_at_idx ON contract_events (client_id, at DESC, id DESC);
CREATE INDEX contract_events_actor_id_idx ON contract_events (actor_id);
