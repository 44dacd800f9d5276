-- Conditions on clients that somebody keeps under a name, for themself or for their team.
CREATE TABLE saved_views (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    owner_id uuid NOT NULL,
    team_id uuid NOT NULL,
    name text NOT NULL,
    conditions jsonb NOT NULL,
    sort text,
    fields jsonb NOT NULL,
    is_shared boolean NOT NULL,
    CONSTRAINT saved_views_name_key UNIQUE (owner_id, name),
    CONSTRAINT saved_views_owner_id_fkey FOREIGN KEY (owner_id, team_id) REFERENCES users (id, team_id) ON UPDATE CASCADE,
    CONSTRAINT saved_views_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams (id)
);
CREATE INDEX saved_views_owner_id_updated_at_idx ON saved_views (owner_id, updated_at DESC, id DESC);
CREATE INDEX saved_views_owner_id_team_id_idx ON saved_views (owner_id, team_id);
CREATE INDEX saved_views_team_id_updated_at_idx ON saved_views (team_id, updated_at DESC, id DESC);
CREATE INDEX saved_views_updated_at_idx ON saved_views (updated_at DESC, id DESC);

CREATE TRIGGER saved_views_version_follows_team
    BEFORE UPDATE OF team_id ON saved_views
    FOR EACH ROW
    WHEN (OLD.team_id IS DISTINCT FROM NEW.team_id AND OLD.version = NEW.version)
    EXECUTE FUNCTION grow_version();

UPDATE role_policies SET grants = grants || (
    SELECT jsonb_object_agg('saved_views:' || action, CASE role WHEN 'supervisor' THEN 'all' ELSE 'own' END)
    FROM unnest('{create,delete,read,update}'::text[]) AS action
);
