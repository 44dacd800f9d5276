-- Deputies: from one day to another, somebody does with the clients of a colleague who is absent what the colleague may do.
CREATE TABLE deputies (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    user_id uuid NOT NULL,
    team_id uuid NOT NULL,
    deputy_id uuid NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    ended_at timestamptz,
    CONSTRAINT deputies_user_id_fkey FOREIGN KEY (user_id, team_id) REFERENCES users (id, team_id) ON UPDATE CASCADE,
    CONSTRAINT deputies_deputy_id_fkey FOREIGN KEY (deputy_id) REFERENCES users (id),
    CONSTRAINT deputies_self_check CHECK (deputy_id <> user_id),
    CONSTRAINT deputies_days_check CHECK (starts_on <= ends_on)
);
CREATE INDEX deputies_user_id_idx ON deputies (user_id, team_id);
CREATE INDEX deputies_deputy_id_idx ON deputies (deputy_id);
CREATE INDEX deputies_created_at_idx ON deputies (created_at DESC, id DESC);
