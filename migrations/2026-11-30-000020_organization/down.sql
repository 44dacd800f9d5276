UPDATE role_policies SET grants = grants - 'organization:read' - 'organization:update';
ALTER TABLE users DROP COLUMN language, DROP COLUMN timezone;
DROP TABLE organization;
