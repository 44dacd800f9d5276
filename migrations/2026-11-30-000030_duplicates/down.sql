DROP FUNCTION clients_alike(uuid, text, text, text[], jsonb[], text[], jsonb[], text, text, text);
ALTER TABLE role_policies DROP COLUMN duplicates_tell;
DROP TABLE access_requests;
DROP TABLE client_duplicates;
