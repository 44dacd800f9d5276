-- The index for what a client owes: orders that are not settled.
CREATE INDEX CONCURRENTLY orders_owed_idx ON orders (client_id)
    WHERE status IN ('submitted', 'approved', 'handed_over', 'accepted', 'in_progress', 'fulfilled');
