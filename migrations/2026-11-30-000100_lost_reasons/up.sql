-- Why clients are lost: a list that supervisors keep, so that losses can be counted by their reason. Clients that were lost
-- before have neither a reason nor a time.
CREATE TABLE lost_reasons (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    name text NOT NULL,
    position integer NOT NULL,
    is_active boolean NOT NULL,
    CONSTRAINT lost_reasons_name_key UNIQUE (name)
);
CREATE INDEX lost_reasons_updated_at_idx ON lost_reasons (updated_at DESC, id DESC);

-- The ids are those of the document's examples.
INSERT INTO lost_reasons (id, version, created_at, updated_at, name, position, is_active)
    SELECT id::uuid, 1, now(), now(), name, position, true
    FROM (VALUES
        ('01936f0e-8d5b-7c3a-9e2f-000b00000001', 'Price', 10),
        ('01936f0e-8d5b-7c3a-9e2f-000b00000002', 'Competitor', 20),
        ('01936f0e-8d5b-7c3a-9e2f-000b00000003', 'No need any more', 30),
        ('01936f0e-8d5b-7c3a-9e2f-000b00000004', 'No answer', 40),
        ('01936f0e-8d5b-7c3a-9e2f-000b00000005', 'Out of business', 50),
        ('01936f0e-8d5b-7c3a-9e2f-000b00000006', 'Other', 60)
    ) AS reason (id, name, position);

-- Every client has NULL in the new columns, so there is nothing to check.
ALTER TABLE clients
    ADD COLUMN lost_reason_id uuid,
    ADD COLUMN lost_at timestamptz,
    ADD CONSTRAINT clients_lost_reason_id_fkey FOREIGN KEY (lost_reason_id) REFERENCES lost_reasons (id) NOT VALID;

UPDATE role_policies SET grants = grants || jsonb_build_object('lost_reasons:read', 'all',
    'lost_reasons:create', CASE role WHEN 'supervisor' THEN 'all' ELSE 'none' END,
    'lost_reasons:update', CASE role WHEN 'supervisor' THEN 'all' ELSE 'none' END);
