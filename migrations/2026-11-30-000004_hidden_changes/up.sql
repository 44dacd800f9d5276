-- How many versions of a row changed nothing but confidential fields: who may not see those does not see that they change.
ALTER TABLE clients ADD COLUMN hidden_changes bigint NOT NULL DEFAULT 0;
ALTER TABLE products ADD COLUMN hidden_changes bigint NOT NULL DEFAULT 0;
