-- A key-account manager sees those of the team's key clients: few among all of the team's.
CREATE INDEX CONCURRENTLY clients_key_team_id_updated_at_idx ON clients (team_id, updated_at DESC, id DESC) WHERE is_key;
