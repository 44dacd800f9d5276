-- The index for what a client ordered within the last days.
CREATE INDEX CONCURRENTLY orders_client_id_ordered_on_idx ON orders (client_id, ordered_on DESC);
