-- Work that any server does in the background on behalf of somebody, and what became of it. Who does it holds a lease, which
-- its progress renews; a lease that has run out lets another server take the job up.
CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    owner_id uuid NOT NULL,
    team_id uuid NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    state text NOT NULL,
    done bigint NOT NULL,
    total bigint,
    attempts bigint NOT NULL,
    error_code text,
    error_detail text,
    heartbeat_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    due_at timestamptz NOT NULL,
    lease uuid,
    leased_until timestamptz,
    session_id uuid,
    api_key_id uuid,
    scopes jsonb,
    CONSTRAINT jobs_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES users (id),
    CONSTRAINT jobs_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams (id),
    CONSTRAINT jobs_kind_check CHECK (kind IN ('export', 'import_check', 'import_apply', 'import_undo')),
    CONSTRAINT jobs_state_check CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT jobs_done_check CHECK (done >= 0 AND total >= 0 AND attempts >= 0),
    CONSTRAINT jobs_finished_check CHECK ((finished_at IS NULL) = (state IN ('queued', 'running'))),
    CONSTRAINT jobs_lease_check CHECK ((state = 'running') = (lease IS NOT NULL) AND (lease IS NULL) = (leased_until IS NULL)),
    CONSTRAINT jobs_error_check CHECK ((state = 'failed') = (error_code IS NOT NULL)),
    CONSTRAINT jobs_credential_check CHECK ((session_id IS NULL) <> (api_key_id IS NULL))
);
CREATE INDEX jobs_owner_id_idx ON jobs (owner_id, created_at DESC, id DESC);
CREATE INDEX jobs_team_id_idx ON jobs (team_id, created_at DESC, id DESC);
CREATE INDEX jobs_created_at_idx ON jobs (created_at DESC, id DESC);
CREATE INDEX jobs_due_at_idx ON jobs (due_at, id) WHERE state IN ('queued', 'running');
-- One thing is worked on by one job at a time.
CREATE UNIQUE INDEX jobs_live_key ON jobs (subject_id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_subject_id_idx ON jobs (subject_id, created_at DESC, id DESC);
