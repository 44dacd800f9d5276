CREATE INDEX CONCURRENTLY clients_other_phones_idx ON clients USING gin (other_phones jsonb_path_ops) WITH (gin_pending_list_limit = 256);
