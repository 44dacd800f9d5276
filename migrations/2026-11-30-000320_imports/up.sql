-- Files that somebody sends in, and each of their rows with its fate. The rows hold personal data as it came, and are removed
-- after a time, as the files are; `imports.sample` has a few of them.
CREATE TABLE imports (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    owner_id uuid NOT NULL,
    team_id uuid NOT NULL,
    resource text NOT NULL,
    file_name text NOT NULL,
    byte_count bigint NOT NULL,
    format text NOT NULL,
    encoding text,
    separator text,
    head_line bigint NOT NULL,
    heads jsonb NOT NULL,
    sample jsonb NOT NULL,
    state text NOT NULL,
    row_count bigint,
    counts jsonb NOT NULL,
    revision bigint NOT NULL,
    mapping jsonb NOT NULL,
    default_owner_id uuid,
    duplicates text NOT NULL,
    wrong_values text NOT NULL,
    external_source text,
    phone_region text,
    CONSTRAINT imports_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES users (id),
    CONSTRAINT imports_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams (id),
    CONSTRAINT imports_default_owner_id_fkey FOREIGN KEY (default_owner_id) REFERENCES users (id),
    CONSTRAINT imports_resource_check CHECK (resource IN ('clients')),
    CONSTRAINT imports_format_check CHECK (format IN ('csv', 'xlsx')),
    CONSTRAINT imports_state_check CHECK (state IN ('uploaded', 'checked', 'applying', 'applied', 'undoing', 'undone')),
    CONSTRAINT imports_duplicates_check CHECK (duplicates IN ('skip', 'fill')),
    CONSTRAINT imports_wrong_values_check CHECK (wrong_values IN ('refuse', 'leave_out'))
);
CREATE INDEX imports_owner_id_idx ON imports (owner_id, created_at DESC, id DESC);
CREATE INDEX imports_team_id_idx ON imports (team_id, created_at DESC, id DESC);
CREATE INDEX imports_created_at_idx ON imports (created_at DESC, id DESC);
CREATE INDEX imports_default_owner_id_idx ON imports (default_owner_id);

CREATE TABLE import_rows (
    id uuid PRIMARY KEY,
    import_id uuid NOT NULL,
    line bigint NOT NULL,
    cells jsonb NOT NULL,
    broken text,
    revision bigint NOT NULL,
    fate text,
    target_id uuid,
    duplicate_of_line bigint,
    notes jsonb NOT NULL,
    keys jsonb NOT NULL,
    applied_at timestamptz,
    target_version bigint,
    filled jsonb NOT NULL,
    undo text,
    CONSTRAINT import_rows_line_key UNIQUE (import_id, line),
    CONSTRAINT import_rows_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports (id) ON DELETE CASCADE,
    CONSTRAINT import_rows_fate_check CHECK (fate IN ('create', 'update', 'unchanged', 'duplicate', 'error')),
    CONSTRAINT import_rows_undo_check CHECK (undo IN ('undone', 'changed_since', 'in_use', 'forbidden'))
);
CREATE INDEX import_rows_target_id_idx ON import_rows (target_id) WHERE target_id IS NOT NULL;
CREATE INDEX import_rows_fate_idx ON import_rows (import_id, fate, line, id);
