-- What changes hands is a new version of itself. A change that came through the tables' foreign keys, from the client to
-- what belongs to it or from the owner's team to the client, did not say so.

CREATE FUNCTION grow_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END
$$;

CREATE TRIGGER clients_version_follows_reach
    BEFORE UPDATE OF owner_id, team_id, is_key ON clients
    FOR EACH ROW
    WHEN ((NEW.owner_id, NEW.team_id, NEW.is_key) IS DISTINCT FROM (OLD.owner_id, OLD.team_id, OLD.is_key)
        AND NEW.version = OLD.version)
    EXECUTE FUNCTION grow_version();

CREATE TRIGGER contacts_version_follows_reach
    BEFORE UPDATE OF owner_id, team_id, is_key ON contacts
    FOR EACH ROW
    WHEN ((NEW.owner_id, NEW.team_id, NEW.is_key) IS DISTINCT FROM (OLD.owner_id, OLD.team_id, OLD.is_key)
        AND NEW.version = OLD.version)
    EXECUTE FUNCTION grow_version();

CREATE TRIGGER contracts_version_follows_reach
    BEFORE UPDATE OF owner_id, team_id, is_key ON contracts
    FOR EACH ROW
    WHEN ((NEW.owner_id, NEW.team_id, NEW.is_key) IS DISTINCT FROM (OLD.owner_id, OLD.team_id, OLD.is_key)
        AND NEW.version = OLD.version)
    EXECUTE FUNCTION grow_version();

CREATE TRIGGER orders_version_follows_reach
    BEFORE UPDATE OF owner_id, team_id, is_key ON orders
    FOR EACH ROW
    WHEN ((NEW.owner_id, NEW.team_id, NEW.is_key) IS DISTINCT FROM (OLD.owner_id, OLD.team_id, OLD.is_key)
        AND NEW.version = OLD.version)
    EXECUTE FUNCTION grow_version();

CREATE TRIGGER interactions_version_follows_reach
    BEFORE UPDATE OF owner_id, team_id, is_key ON interactions
    FOR EACH ROW
    WHEN ((NEW.owner_id, NEW.team_id, NEW.is_key) IS DISTINCT FROM (OLD.owner_id, OLD.team_id, OLD.is_key)
        AND NEW.version = OLD.version)
    EXECUTE FUNCTION grow_version();
