DROP TABLE erasures;
ALTER TABLE contacts DROP COLUMN erased_at;
ALTER TABLE clients DROP COLUMN erased_at;
