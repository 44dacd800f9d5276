-- Two clients that may be one, until somebody decides; requests for access to a client that somebody else has; and how much a
-- role is told about clients out of its reach.
CREATE TABLE client_duplicates (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    client_id uuid NOT NULL,
    other_id uuid NOT NULL,
    score smallint NOT NULL,
    reasons text[] NOT NULL,
    status text NOT NULL,
    allowed_because text,
    settled_by uuid,
    settled_at timestamptz,
    CONSTRAINT client_duplicates_pair_key UNIQUE (client_id, other_id),
    CONSTRAINT client_duplicates_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id),
    CONSTRAINT client_duplicates_other_id_fkey FOREIGN KEY (other_id) REFERENCES clients (id),
    CONSTRAINT client_duplicates_settled_by_fkey FOREIGN KEY (settled_by) REFERENCES users (id),
    CONSTRAINT client_duplicates_order_check CHECK (client_id < other_id),
    CONSTRAINT client_duplicates_score_check CHECK (score BETWEEN 1 AND 100),
    CONSTRAINT client_duplicates_status_check CHECK (status IN ('open', 'distinct')),
    CONSTRAINT client_duplicates_settled_check CHECK ((status = 'open') = (settled_at IS NULL))
);
CREATE INDEX client_duplicates_other_id_idx ON client_duplicates (other_id);
CREATE INDEX client_duplicates_settled_by_idx ON client_duplicates (settled_by);
CREATE INDEX client_duplicates_score_idx ON client_duplicates (score DESC, id DESC);

CREATE TABLE access_requests (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    client_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    team_id uuid NOT NULL,
    is_key boolean NOT NULL,
    requester_id uuid NOT NULL,
    reason text NOT NULL,
    status text NOT NULL,
    decided_by uuid,
    decided_at timestamptz,
    answer text,
    CONSTRAINT access_requests_client_id_fkey FOREIGN KEY (client_id, owner_id, team_id, is_key)
        REFERENCES clients (id, owner_id, team_id, is_key) ON UPDATE CASCADE,
    CONSTRAINT access_requests_requester_id_fkey FOREIGN KEY (requester_id) REFERENCES users (id),
    CONSTRAINT access_requests_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES users (id),
    CONSTRAINT access_requests_status_check CHECK (status IN ('open', 'granted', 'declined')),
    CONSTRAINT access_requests_decided_check CHECK ((status = 'open') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX access_requests_open_key ON access_requests (client_id, requester_id) WHERE status = 'open';
CREATE INDEX access_requests_client_id_idx ON access_requests (client_id, owner_id, team_id, is_key);
CREATE INDEX access_requests_requester_id_idx ON access_requests (requester_id, created_at DESC, id DESC);
CREATE INDEX access_requests_decided_by_idx ON access_requests (decided_by);
CREATE INDEX access_requests_owner_id_idx ON access_requests (owner_id, created_at DESC, id DESC);
CREATE INDEX access_requests_created_at_idx ON access_requests (created_at DESC, id DESC);

CREATE TRIGGER access_requests_version_follows_reach
    BEFORE UPDATE OF owner_id, team_id, is_key ON access_requests
    FOR EACH ROW
    WHEN ((NEW.owner_id, NEW.team_id, NEW.is_key) IS DISTINCT FROM (OLD.owner_id, OLD.team_id, OLD.is_key)
        AND NEW.version = OLD.version)
    EXECUTE FUNCTION grow_version();

ALTER TABLE role_policies
    ADD COLUMN duplicates_tell text NOT NULL DEFAULT 'owner',
    ADD CONSTRAINT role_policies_duplicates_tell_check CHECK (duplicates_tell IN ('existence', 'owner'));

-- The clients that have something in common with a new or changed one, fifty at most, whoever may see them. Branches of one
-- company have its tax number and different codes of the tax registration. Telephones, addresses, names and domains of persons
-- say nothing. The settings spare the planning, which would take longer than the seven look-ups.
CREATE FUNCTION clients_alike(self uuid, number text, code text, numbers text[], number_objects jsonb[], addresses text[],
    address_objects jsonb[], called text, site text, mail text)
RETURNS TABLE (id uuid, name text, owner_name text, matched text[]) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET max_parallel_workers_per_gather = 0 AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH alike AS MATERIALIZED (
        SELECT id FROM clients WHERE tax_id = number
        UNION ALL SELECT id FROM clients WHERE phone = ANY(numbers)
        UNION ALL SELECT id FROM clients WHERE other_phones @> ANY(number_objects)
        UNION ALL SELECT id FROM clients WHERE email = ANY(addresses)
        UNION ALL SELECT id FROM clients WHERE other_emails @> ANY(address_objects)
        UNION ALL SELECT id FROM clients WHERE name_key = search_name_key(called)
        UNION ALL SELECT id FROM clients WHERE domain = client_domain(site, mail)
    ), few AS MATERIALIZED (
        SELECT DISTINCT id FROM alike WHERE id <> self LIMIT 50
    ), found AS (
        SELECT clients.id, clients.name, users.name AS owner_name, array_remove(ARRAY[
            CASE WHEN tax_id = number AND (kpp = code OR kpp IS NULL OR code IS NULL) THEN 'tax_id' END,
            CASE WHEN clients.kind = 'organization' AND (phone = ANY(numbers) OR other_phones @> ANY(number_objects))
                THEN 'phone' END,
            CASE WHEN clients.kind = 'organization' AND (clients.email = ANY(addresses) OR other_emails @> ANY(address_objects))
                THEN 'email' END,
            CASE WHEN clients.kind = 'organization' AND name_key = search_name_key(called) THEN 'name' END,
            CASE WHEN clients.kind = 'organization' AND domain = client_domain(site, mail) THEN 'domain' END
        ], NULL) AS matched
        FROM few JOIN clients ON clients.id = few.id JOIN users ON users.id = clients.owner_id
    )
    SELECT found.* FROM found WHERE matched <> '{}' ORDER BY cardinality(matched) DESC, id;
END
$$;
