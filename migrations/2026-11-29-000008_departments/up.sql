-- The departments that orders are handed to, management among them.

CREATE TABLE departments (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    is_active boolean NOT NULL,
    CONSTRAINT departments_name_key UNIQUE (name),
    CONSTRAINT departments_kind_check CHECK (kind IN ('department', 'management'))
);
CREATE INDEX departments_updated_at_idx ON departments (updated_at DESC, id DESC);
