DROP TABLE account_team_members;
DROP TABLE clients;
DROP FUNCTION grow_version();
DROP EXTENSION pg_trgm;
