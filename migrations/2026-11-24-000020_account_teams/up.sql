-- Account teams: the users to whom a client counts as their own besides its owner.

CREATE TABLE account_team_members (
    client_id uuid NOT NULL,
    user_id uuid NOT NULL,
    added_at timestamptz NOT NULL,
    CONSTRAINT account_team_members_pkey PRIMARY KEY (client_id, user_id),
    CONSTRAINT account_team_members_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id),
    CONSTRAINT account_team_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX account_team_members_user_id_idx ON account_team_members (user_id);
