ALTER TABLE role_policies DROP COLUMN duplicates_tell;
DROP TABLE access_requests;
DROP TABLE client_duplicates;
