-- Files that somebody had made of what they see. The files themselves are kept outside the database and removed after a time.
CREATE TABLE exports (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    owner_id uuid NOT NULL,
    team_id uuid NOT NULL,
    resource text NOT NULL,
    format text NOT NULL,
    separator text,
    column_names jsonb NOT NULL,
    filter jsonb NOT NULL,
    row_count bigint,
    byte_count bigint,
    expires_at timestamptz,
    CONSTRAINT exports_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES users (id),
    CONSTRAINT exports_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams (id),
    CONSTRAINT exports_resource_check CHECK (resource IN ('clients', 'contacts', 'products', 'orders')),
    CONSTRAINT exports_format_check CHECK (format IN ('csv', 'xlsx', 'jsonl')),
    CONSTRAINT exports_separator_check CHECK (separator IS NULL OR (separator IN ('comma', 'semicolon') AND format = 'csv')),
    CONSTRAINT exports_file_check CHECK ((row_count IS NULL) = (byte_count IS NULL) AND (row_count IS NULL) = (expires_at IS NULL))
);
CREATE INDEX exports_owner_id_idx ON exports (owner_id, created_at DESC, id DESC);
CREATE INDEX exports_team_id_idx ON exports (team_id, created_at DESC, id DESC);
CREATE INDEX exports_created_at_idx ON exports (created_at DESC, id DESC);
