-- The index for contracts in the order of their numbers.
CREATE INDEX CONCURRENTLY contracts_number_key_idx ON contracts (number_key, id);
