CREATE INDEX CONCURRENTLY clients_other_emails_idx ON clients USING gin (other_emails jsonb_path_ops) WITH (gin_pending_list_limit = 256);
