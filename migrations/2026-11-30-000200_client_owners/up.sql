-- Who owned a client from when to when, and why it was given to them. For a client that exists, its present owner is
-- taken to have owned it from the beginning.
CREATE TABLE client_owners (
    id uuid PRIMARY KEY,
    client_id uuid NOT NULL,
    user_id uuid NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    given_by uuid,
    reason text,
    note text,
    CONSTRAINT client_owners_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id),
    CONSTRAINT client_owners_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT client_owners_given_by_fkey FOREIGN KEY (given_by) REFERENCES users (id)
);
CREATE INDEX client_owners_client_id_began_at_idx ON client_owners (client_id, began_at DESC, id DESC);
CREATE INDEX client_owners_user_id_idx ON client_owners (user_id);
CREATE INDEX client_owners_given_by_idx ON client_owners (given_by);

INSERT INTO client_owners (id, client_id, user_id, began_at)
    SELECT gen_random_uuid(), id, owner_id, created_at FROM clients;

-- A client has one owner at a time.
CREATE UNIQUE INDEX client_owners_present_key ON client_owners (client_id) WHERE ended_at IS NULL;
