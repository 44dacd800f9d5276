-- The index for the clients that were lost for one reason.
CREATE INDEX CONCURRENTLY clients_lost_reason_id_idx ON clients (lost_reason_id);
