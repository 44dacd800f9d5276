-- The index for the clients with orders under way, which are neither archived nor marked lost.
CREATE INDEX CONCURRENTLY orders_under_way_idx ON orders (client_id)
    WHERE status IN ('submitted', 'approved', 'handed_over', 'accepted', 'in_progress');
