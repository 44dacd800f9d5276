-- The amendments of a contract in their order; no two have one number.
CREATE UNIQUE INDEX CONCURRENTLY contracts_amendment_key ON contracts (amends_id, client_id, amendment);
