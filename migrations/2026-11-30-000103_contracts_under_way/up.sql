-- The index for the clients with contracts under way, which are neither archived nor marked lost.
CREATE INDEX CONCURRENTLY contracts_under_way_idx ON contracts (client_id)
    WHERE status IN ('in_review', 'approved', 'signed', 'active');
