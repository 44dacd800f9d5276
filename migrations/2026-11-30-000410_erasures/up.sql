-- The personal data of clients and contacts can be erased. What was erased, when, why and by whom is kept as a deed.
ALTER TABLE clients ADD COLUMN erased_at timestamptz;
ALTER TABLE contacts ADD COLUMN erased_at timestamptz;

CREATE TABLE erasures (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    resource text NOT NULL,
    subject_id uuid NOT NULL,
    client_id uuid NOT NULL,
    erased_by uuid,
    reason text NOT NULL,
    places jsonb NOT NULL,
    audit_entries bigint NOT NULL,
    kept_answers bigint NOT NULL,
    letters bigint NOT NULL,
    CONSTRAINT erasures_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id),
    CONSTRAINT erasures_erased_by_fkey FOREIGN KEY (erased_by) REFERENCES users (id),
    CONSTRAINT erasures_resource_check CHECK (resource IN ('clients', 'contacts'))
);
CREATE INDEX erasures_client_id_idx ON erasures (client_id);
CREATE INDEX erasures_erased_by_idx ON erasures (erased_by);
CREATE INDEX erasures_subject_id_idx ON erasures (subject_id);
CREATE INDEX erasures_created_at_idx ON erasures (created_at DESC, id DESC);
