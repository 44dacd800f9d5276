ALTER TABLE products DROP COLUMN hidden_changes;
ALTER TABLE clients DROP COLUMN hidden_changes;
