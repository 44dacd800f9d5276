ALTER TABLE organization DROP COLUMN expected_of_persons, DROP COLUMN expected_of_organizations;
