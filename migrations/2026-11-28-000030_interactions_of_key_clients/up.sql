-- A key-account manager sees those of the team's key clients: few among all of the team's.
CREATE INDEX CONCURRENTLY interactions_key_team_id_at_idx ON interactions (team_id, at DESC, id DESC) WHERE is_key;
