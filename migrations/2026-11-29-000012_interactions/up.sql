-- What passes between the company and a client, done and planned.

CREATE TABLE interactions (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    client_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    team_id uuid NOT NULL,
    is_key boolean NOT NULL,
    contact_id uuid,
    user_id uuid NOT NULL,
    channel text NOT NULL,
    direction text NOT NULL,
    purpose text NOT NULL,
    status text NOT NULL,
    scheduled_at timestamptz,
    occurred_at timestamptz,
    -- When it takes or took place: what lists are ordered by.
    at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(occurred_at, scheduled_at)) STORED,
    duration_seconds integer,
    subject text NOT NULL,
    summary text,
    outcome text,
    contract_id uuid,
    order_id uuid,
    follows_id uuid,
    search text NOT NULL GENERATED ALWAYS AS (lower(subject || ' ' || coalesce(summary, ''))) STORED,
    CONSTRAINT interactions_client_id_fkey FOREIGN KEY (client_id, owner_id, team_id, is_key)
        REFERENCES clients (id, owner_id, team_id, is_key) ON UPDATE CASCADE,
    CONSTRAINT interactions_contact_id_fkey FOREIGN KEY (contact_id, client_id) REFERENCES contacts (id, client_id),
    CONSTRAINT interactions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT interactions_contract_id_fkey FOREIGN KEY (contract_id, client_id) REFERENCES contracts (id, client_id),
    CONSTRAINT interactions_order_id_fkey FOREIGN KEY (order_id, client_id) REFERENCES orders (id, client_id),
    CONSTRAINT interactions_follows_id_fkey FOREIGN KEY (follows_id) REFERENCES interactions (id),
    CONSTRAINT interactions_channel_check CHECK (channel IN
        ('phone', 'email', 'messenger', 'meeting', 'video_call', 'visit', 'letter', 'other')),
    CONSTRAINT interactions_direction_check CHECK (direction IN ('inbound', 'outbound')),
    CONSTRAINT interactions_purpose_check CHECK (purpose IN ('presentation', 'consultation', 'negotiation', 'complaint',
        'feedback', 'survey', 'support', 'follow_up', 'other')),
    CONSTRAINT interactions_status_check CHECK (status IN ('planned', 'done', 'cancelled', 'missed')),
    CONSTRAINT interactions_outcome_check CHECK (outcome IN ('positive', 'neutral', 'negative')),
    CONSTRAINT interactions_done_check CHECK ((status = 'done') = (occurred_at IS NOT NULL)),
    CONSTRAINT interactions_planned_check CHECK (status = 'done' OR scheduled_at IS NOT NULL)
);
CREATE INDEX interactions_client_id_idx ON interactions (client_id, owner_id, team_id, is_key);
CREATE INDEX interactions_client_id_at_idx ON interactions (client_id, at DESC, id DESC);
CREATE INDEX interactions_at_idx ON interactions (at DESC, id DESC);
CREATE INDEX interactions_updated_at_idx ON interactions (updated_at DESC, id DESC);
CREATE INDEX interactions_owner_id_at_idx ON interactions (owner_id, at DESC, id DESC);
CREATE INDEX interactions_team_id_at_idx ON interactions (team_id, at DESC, id DESC);
CREATE INDEX interactions_key_team_id_at_idx ON interactions (team_id, at DESC, id DESC) WHERE is_key;
CREATE INDEX interactions_user_id_at_idx ON interactions (user_id, at DESC, id DESC);
-- The tasks of a user, and the next one of a client.
CREATE INDEX interactions_planned_user_id_at_idx ON interactions (user_id, at, id) WHERE status = 'planned';
CREATE INDEX interactions_planned_client_id_at_idx ON interactions (client_id, at, id) WHERE status = 'planned';
CREATE INDEX interactions_contact_id_idx ON interactions (contact_id, client_id);
CREATE INDEX interactions_contract_id_idx ON interactions (contract_id, client_id);
CREATE INDEX interactions_order_id_idx ON interactions (order_id, client_id);
CREATE INDEX interactions_follows_id_idx ON interactions (follows_id);
CREATE INDEX interactions_search_idx ON interactions USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);

CREATE TRIGGER interactions_version_follows_reach
    BEFORE UPDATE OF owner_id, team_id, is_key ON interactions
    FOR EACH ROW
    WHEN ((NEW.owner_id, NEW.team_id, NEW.is_key) IS DISTINCT FROM (OLD.owner_id, OLD.team_id, OLD.is_key)
        AND NEW.version = OLD.version)
    EXECUTE FUNCTION grow_version();
